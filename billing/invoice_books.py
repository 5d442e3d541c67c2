"""How an invoice stands in the books: what it posts when issued, and as it is paid."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from billing.ledger import NewEntry, NewPosting
from billing.models import Category, Invoice
from billing.models.ledger import Basis, Ledger
from bizsuite.money import cumulative_share, round_money, split_by_weight


@dataclass(frozen=True, slots=True)
class Paid:
    """What is paid of an invoice, and the tax in it."""

    amount: Decimal
    tax: Decimal

    @property
    def net(self) -> Decimal:
        return self.amount - self.tax


@dataclass(frozen=True, slots=True)
class Content:
    """What an invoice charges, as weights: net by category of income, tax by rate."""

    net: Mapping[Category | None, Decimal]
    tax: Mapping[Decimal, Decimal]


def issue_entry(invoice: Invoice, default_category: Category | None) -> NewEntry:
    """The customer owes the total; on the accrual basis it is income and tax from now on."""
    lines = [
        NewPosting(
            ledger=Ledger.RECEIVABLE,
            amount=invoice.amount,
            basis=Basis.ACCRUAL,
            customer=invoice.customer,
        )
    ]
    all_of_it = Paid(invoice.amount, invoice.tax)
    lines += _earned(invoice, all_of_it, Basis.ACCRUAL, content_of(invoice, default_category))
    return NewEntry(
        date=invoice.date,
        document=invoice,
        description=f"Invoice {invoice.number}",
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate,
        postings=lines,
    )


def content_of(invoice: Invoice, default_category: Category | None) -> Content:
    net: dict[Category | None, Decimal] = defaultdict(Decimal)
    for item in invoice.items.all():
        net[item.category or default_category] += item.total
    tax = {line.rate: line.tax for line in invoice.taxes.all() if line.tax}
    return Content(net, tax)


def tax_when_paid(invoice: Invoice, paid: Decimal) -> Decimal:
    """The tax in the first `paid` of an invoice's total, rounded cumulatively.

    119.00 with 19.00 tax: 6.33 in the first 39.67, 12.67 in 79.34, 19.00 in all of it. What a
    step carries is the difference, so the steps of any payment plan add up to the tax.
    """
    if not invoice.amount:
        return round_money(0, invoice.currency)
    return cumulative_share(invoice.tax, Decimal(0), paid, invoice.amount, invoice.currency)


def payment_postings(
    invoice: Invoice,
    *,
    before: Paid,
    after: Paid,
    content_before: Content,
    content: Content,
) -> list[NewPosting]:
    """A step of payment: the customer owes less; on the cash basis it is income and tax now.

    Money that goes back is a step too, with the signs turned.
    """
    receivable = NewPosting(
        ledger=Ledger.RECEIVABLE,
        amount=before.amount - after.amount,
        basis=Basis.ACCRUAL,
        customer=invoice.customer,
    )
    later = _earned(invoice, after, Basis.CASH, content)
    earlier = _earned(invoice, before, Basis.CASH, content_before)
    return [receivable, *_difference(later, earlier)]


def _earned(invoice: Invoice, paid: Paid, basis: Basis, content: Content) -> list[NewPosting]:
    """Net by the items' categories and tax by rate, in proportion, to the cent."""
    net = split_by_weight(paid.net, list(content.net.values()), invoice.currency)
    tax = split_by_weight(paid.tax, list(content.tax.values()), invoice.currency)
    return [
        NewPosting(
            ledger=Ledger.INCOME,
            amount=-share,
            basis=basis,
            category=category,
            customer=invoice.customer,
        )
        for category, share in zip(content.net, net, strict=True)
    ] + [
        NewPosting(
            ledger=Ledger.TAX_PAYABLE,
            amount=-share,
            basis=basis,
            customer=invoice.customer,
            tax_rate=rate,
        )
        for rate, share in zip(content.tax, tax, strict=True)
    ]


def _difference(after: Iterable[NewPosting], before: Iterable[NewPosting]) -> list[NewPosting]:
    """Both lists are the same categories and rates in the same order."""
    return [
        NewPosting(
            ledger=later.ledger,
            amount=later.amount - earlier.amount,
            basis=later.basis,
            category=later.category,
            customer=later.customer,
            tax_rate=later.tax_rate,
        )
        for later, earlier in zip(after, before, strict=True)
    ]
