"""How an invoice stands in the books: what it posts when issued, and as it is paid."""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from billing.ledger import NewEntry, NewPosting
from billing.models import Category, Invoice
from billing.models.ledger import Basis, Ledger
from bizsuite.money import cumulative_share, round_money, split_by_weight


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
    lines += _earned(invoice, invoice.subtotal, invoice.tax, Basis.ACCRUAL, default_category)
    return NewEntry(
        date=invoice.date,
        document=invoice,
        description=f"Invoice {invoice.number}",
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate,
        postings=lines,
    )


def tax_when_settled(invoice: Invoice, settled: Decimal) -> Decimal:
    """The tax in the first `settled` of an invoice's total, rounded cumulatively.

    119.00 with 19.00 tax: 6.33 in the first 39.67, 12.67 in 79.34, 19.00 in all of it. What a
    step carries is the difference, so the steps of any payment plan add up to the tax.
    """
    if not invoice.amount:
        return round_money(0, invoice.currency)
    return cumulative_share(invoice.tax, Decimal(0), settled, invoice.amount, invoice.currency)


def settlement_postings(
    invoice: Invoice,
    *,
    settled_before: Decimal,
    settled_after: Decimal,
    default_category: Category | None,
) -> list[NewPosting]:
    """A step of payment: the customer owes less; on the cash basis it is income and tax now."""
    step = settled_after - settled_before
    lines = [
        NewPosting(
            ledger=Ledger.RECEIVABLE,
            amount=-step,
            basis=Basis.ACCRUAL,
            customer=invoice.customer,
        )
    ]
    after = _earned_when_settled(invoice, settled_after, default_category)
    before = _earned_when_settled(invoice, settled_before, default_category)
    return lines + _difference(after, before)


def _earned_when_settled(
    invoice: Invoice, settled: Decimal, default_category: Category | None
) -> list[NewPosting]:
    tax = tax_when_settled(invoice, settled)
    return _earned(invoice, settled - tax, tax, Basis.CASH, default_category)


def _earned(
    invoice: Invoice, net: Decimal, tax: Decimal, basis: Basis, default_category: Category | None
) -> list[NewPosting]:
    """`net` by the items' categories and `tax` by rate, in proportion, to the cent."""
    by_category: dict[Category | None, Decimal] = defaultdict(Decimal)
    for item in invoice.items.all():
        by_category[item.category or default_category] += item.total
    rates = [line for line in invoice.taxes.all() if line.tax]
    net_shares = split_by_weight(net, list(by_category.values()), invoice.currency)
    tax_shares = split_by_weight(tax, [line.tax for line in rates], invoice.currency)
    return [
        NewPosting(
            ledger=Ledger.INCOME,
            amount=-share,
            basis=basis,
            category=category,
            customer=invoice.customer,
        )
        for category, share in zip(by_category, net_shares, strict=True)
    ] + [
        NewPosting(
            ledger=Ledger.TAX_PAYABLE,
            amount=-share,
            basis=basis,
            customer=invoice.customer,
            tax_rate=line.rate,
        )
        for line, share in zip(rates, tax_shares, strict=True)
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
