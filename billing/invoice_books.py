"""How an invoice stands in the books: what it posts when issued, as it is paid and credited."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from billing.ledger import NewEntry, NewPosting
from billing.models import Category, CreditNote, Invoice
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


def credit_entry(note: CreditNote, default_category: Category | None) -> NewEntry:
    """The customer owes less; on the accrual basis it is less income and tax from now on."""
    net: dict[Category | None, Decimal] = defaultdict(Decimal)
    for item in note.items.select_related("invoice_item__category"):
        net[item.invoice_item.category or default_category] += item.total
    content = Content(net, {line.rate: line.tax for line in note.taxes.all() if line.tax})
    earned = _earned(note.invoice, Paid(-note.amount, -note.tax), Basis.ACCRUAL, content)
    receivable = NewPosting(
        ledger=Ledger.RECEIVABLE,
        amount=-note.amount,
        basis=Basis.ACCRUAL,
        customer=note.customer,
    )
    return NewEntry(
        date=note.date,
        document=note,
        description=f"Credit note {note.number} on invoice {note.invoice.number}",
        currency=note.currency,
        exchange_rate=note.exchange_rate,
        postings=[receivable, *earned],
    )


def content_of(invoice: Invoice, default_category: Category | None) -> Content:
    """What the invoice charges still: less what is credited, or all of it if all is credited."""
    net: dict[Category | None, Decimal] = defaultdict(Decimal)
    net_left: dict[Category | None, Decimal] = defaultdict(Decimal)
    for item in invoice.items.all():
        category = item.category or default_category
        net[category] += item.net
        net_left[category] += item.left
    lines = [line for line in invoice.taxes.all() if line.tax]
    tax = {line.rate: line.tax for line in lines}
    tax_left = {line.rate: line.tax - line.credited_tax for line in lines}
    return Content(
        net=net_left if any(net_left.values()) else net,
        tax=tax_left if any(tax_left.values()) else tax,
    )


def tax_when_paid(invoice: Invoice, paid: Decimal) -> Decimal:
    """The tax in the first `paid` of what an invoice charges still, rounded cumulatively.

    119.00 with 19.00 tax: 6.33 in the first 39.67, 12.67 in 79.34, 19.00 in all of it. What a
    step carries is the difference, so the steps of any payment plan add up to the tax.
    """
    charged = invoice.amount - invoice.credited
    if not charged:
        return round_money(0, invoice.currency)
    tax = invoice.tax - sum((line.credited_tax for line in invoice.taxes.all()), Decimal(0))
    return cumulative_share(tax, Decimal(0), paid, charged, invoice.currency)


def payment_postings(
    invoice: Invoice, *, before: Paid, after: Paid, content: Content
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
    earlier = _earned(invoice, before, Basis.CASH, content)
    return [receivable, *_difference(later, earlier)]


def rebooked_postings(
    invoice: Invoice, *, before: Paid, after: Paid, booked: Content, content: Content
) -> list[NewPosting]:
    """What makes a step of payment that was `booked` as income of one content that of another."""
    now = payment_postings(invoice, before=before, after=after, content=content)
    then = payment_postings(invoice, before=before, after=after, content=booked)
    return [posting for posting in _difference(now, then) if posting.amount]


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
