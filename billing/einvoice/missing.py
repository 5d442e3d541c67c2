"""What a document lacks to be an e-invoice, each thing with where to enter it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from billing.einvoice.figures import DECIMALS_OF_AMOUNTS, is_listed
from billing.einvoice.markup import writable
from billing.einvoice.terms import Category, EInvoice, TaxTotal
from bizsuite.errors import Conflict
from bizsuite.money import format_decimal, has_at_most

HALF = Decimal("0.5")
# Of the codes that EN 16931 takes (BR-O-11 to 14), the one that stands alone.
_ALONE = Category.OUTSIDE_SCOPE
_ISSUED_ANEW = (
    "What is issued keeps its copy of the customer: complete the customer, then credit this"
    " document and issue it anew"
)
_SETTINGS = "enter it in the organisation's settings"


class EInvoiceIncomplete(Conflict):
    """`errors` names each thing that is missing, by the field that would hold it."""

    code = "einvoice_incomplete"

    def __init__(self, document: str, missing: Mapping[str, str]) -> None:
        super().__init__(f"{document} cannot be an e-invoice yet. {'. '.join(missing.values())}.")
        self.errors = dict(missing)


def require_complete(invoice: EInvoice, *, written_country: str) -> None:
    """Raises EInvoiceIncomplete. written_country: the customer's, as it stands on the document."""
    missing = dict(_missing(invoice, written_country))
    if missing:
        raise EInvoiceIncomplete(invoice.number, missing)


def _missing(invoice: EInvoice, written_country: str) -> Iterator[tuple[str, str]]:
    yield from _of_seller(invoice)
    yield from _of_customer(invoice, written_country)
    yield from _of_content(invoice)


def _of_seller(invoice: EInvoice) -> Iterator[tuple[str, str]]:
    seller = invoice.seller
    if not writable(seller.name):
        yield "seller.name", f"Your company's name is missing: {_SETTINGS}"
    if not seller.country:
        yield "seller.country", f"Your company's country is missing: {_SETTINGS}"
    taxed = _ALONE not in _categories(invoice)
    # BR-S-02, BR-Z-02, BR-E-02, BR-AE-02; BR-CO-26 where no tax is spoken of.
    if taxed and not (seller.vat_id or seller.tax_number):
        yield "seller.tax_id", f"Your company's tax id is missing: {_SETTINGS}"
    elif not (seller.vat_id or seller.registration or seller.identifier):
        yield (
            "seller.registration_number",
            f"Your company's registration number or tax id is missing: {_SETTINGS}",
        )


def _of_customer(invoice: EInvoice, written_country: str) -> Iterator[tuple[str, str]]:
    if not writable(invoice.buyer.name):
        yield "customer.account", f"The customer's name has no letters in it. {_ISSUED_ANEW}"
    if not invoice.buyer.country:
        what = f"is none that we know, “{written_country}”" if written_country else "is missing"
        yield "customer.country", f"The customer's country {what}. {_ISSUED_ANEW}"
    # BR-AE-02: who owes the tax must be known to the tax office.
    if Category.REVERSE_CHARGE in _categories(invoice) and not invoice.buyer.vat_id:
        yield (
            "customer.tax_id",
            "The customer's VAT number, with its country's letters in front, is missing: with"
            f" reverse charge it is they who owe the tax. {_ISSUED_ANEW}",
        )


def _of_content(invoice: EInvoice) -> Iterator[tuple[str, str]]:
    categories = _categories(invoice)
    if _ALONE in categories and len(categories) > 1:
        yield (
            "items.tax_category",
            "What is outside the scope of tax cannot stand beside what is not: issue two documents",
        )
    # BR-E-10; the others that charge nothing have a code that says why.
    if any(each.kind.category == Category.EXEMPT and not each.reason for each in invoice.taxes):
        yield "items.tax_exemption_reason", "Why items are exempt from tax is missing"
    if not is_listed(invoice.currency):
        yield (
            "currency",
            f"E-invoices are in money of today (EN 16931), and {invoice.currency} is not",
        )
    if any(_is_too_low(each) for each in invoice.taxes):
        yield "items.tax_rate", "Rates of less than half a percent cannot be written (BR-CO-17)"
    fine = next((each for each in _amounts(invoice) if not _is_sayable(each)), None)
    if fine is not None:
        yield (
            "currency",
            f"Amounts on e-invoices have {DECIMALS_OF_AMOUNTS} decimals (EN 16931), and here is"
            f" {format_decimal(fine)} {invoice.currency}",
        )


def _is_too_low(total: TaxTotal) -> bool:
    """The rule takes them for 0 and any tax on it for a mistake, once that is half a unit."""
    rate = total.kind.rate or Decimal(0)
    return 0 < rate < HALF and total.tax >= HALF


def _categories(invoice: EInvoice) -> set[Category]:
    return {each.kind.category for each in invoice.taxes}


def _amounts(invoice: EInvoice) -> Iterator[Decimal]:
    for line in invoice.lines:
        yield from (line.net, line.discount)
    yield from (each.amount for each in invoice.discounts)
    for total in invoice.taxes:
        yield from (total.net, total.tax)
    yield from (invoice.net, invoice.tax, invoice.total)


def _is_sayable(amount: Decimal) -> bool:
    return has_at_most(amount, DECIMALS_OF_AMOUNTS)
