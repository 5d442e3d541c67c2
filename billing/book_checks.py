"""Proof that the books are right: everything stored is computed again and compared.

Each check yields sentences about what is off, the first row first, and yields nothing when all
is well. They read and never write.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.db.models import F, Model, QuerySet, Sum

from billing.models import (
    Account,
    Invoice,
    InvoiceItem,
    JournalEntry,
    NumberSeries,
    Payment,
    Posting,
    Transaction,
)
from billing.models.catalogue import FlowType
from billing.models.invoices import OPEN_STATUSES, InvoiceStatus
from billing.models.ledger import Basis, Ledger
from bizsuite.money import Line, compute_totals

Finding = str
Check = Callable[[], Iterator[Finding]]
NOTHING = Decimal(0)
PAGE = 500


def entries_balance() -> Iterator[Finding]:
    """Every entry adds up to zero on each basis, in both currencies."""
    for basis in (Basis.ACCRUAL, Basis.CASH):
        sums = (
            Posting.objects.filter(basis__in=(Basis.BOTH, basis))
            .order_by("entry_id")
            .values("entry_id")
            .annotate(base=Sum("amount"), document=Sum("document_amount"))
            .exclude(base=NOTHING, document=NOTHING)
        )
        for row in sums:
            yield f"Entry {row['entry_id']} is off by {row['base']} on the {basis} basis."


def postings_follow_entries() -> Iterator[Finding]:
    """A posting has its entry's date and currency, and an entry has postings."""
    for posting in Posting.objects.exclude(
        date=F("entry__date"), currency=F("entry__currency")
    ).order_by("id"):
        yield f"Posting {posting.pk} differs from its entry {posting.entry_id}."
    for entry in JournalEntry.objects.filter(postings=None).order_by("id"):
        yield f"Entry {entry.pk} has no postings."


def accounts_hold_their_postings() -> Iterator[Finding]:
    """An account's balance is what its cash postings add up to."""
    booked = _sums(Posting.objects.filter(ledger=Ledger.CASH), "account_id", "document_amount")
    for account in Account.objects.order_by("id"):
        yield from _differs(account, "balance", account.balance, booked.get(account.pk))


def invoices_add_up() -> Iterator[Finding]:
    """An invoice's totals are those of its items, computed anew."""
    for invoice in _paged(Invoice.objects.prefetch_related("items", "taxes")):
        items: list[InvoiceItem] = list(invoice.items.all())
        totals = compute_totals(
            [Line(amount=i.amount, quantity=i.quantity, tax_rate=i.tax_rate) for i in items],
            invoice.currency,
        )
        yield from _differs(invoice, "subtotal", invoice.subtotal, totals.subtotal)
        yield from _differs(invoice, "tax", invoice.tax, totals.tax)
        yield from _differs(invoice, "amount", invoice.amount, totals.total)
        for item, total in zip(items, totals.lines, strict=True):
            yield from _differs(item, "total", item.total, total)
        if [(t.rate, t.net, t.tax) for t in invoice.taxes.all()] != [
            (each.rate, each.net, each.tax) for each in totals.rates
        ]:
            yield f"Invoice {invoice.pk}: its tax lines are not those of its items."


def invoices_are_paid_by_allocations() -> Iterator[Finding]:
    """What is paid on an invoice was allocated to it, and carried all of its tax when paid."""
    rows = Invoice.objects.annotate(
        allocated=Sum("allocations__amount", default=NOTHING),
        allocated_tax=Sum("allocations__tax", default=NOTHING),
    )
    unpaid = rows.exclude(paid=F("allocated")).order_by("id")
    for pk, paid, allocated in unpaid.values_list("id", "paid", "allocated"):
        yield _off("Invoice", pk, "paid", paid, allocated)
    settled = rows.filter(status=InvoiceStatus.PAID, credited=NOTHING)
    untaxed = settled.exclude(tax=F("allocated_tax")).order_by("id")
    for pk, tax, allocated_tax in untaxed.values_list("id", "tax", "allocated_tax"):
        yield _off("Invoice", pk, "tax", tax, allocated_tax)


def invoices_are_posted() -> Iterator[Finding]:
    """An issued invoice stands in the receivables with its amount, a void one with nothing."""
    posted = _document_sums("invoice", Ledger.RECEIVABLE)
    for invoice in _paged(Invoice.objects.all()):
        owed = invoice.status not in (InvoiceStatus.DRAFT, InvoiceStatus.VOID)
        expected = invoice.amount if owed else NOTHING
        yield from _differs(invoice, "posted amount", posted.get(invoice.pk), expected)


def receivables_are_open_invoices() -> Iterator[Finding]:
    """What a customer owes in the books is the balance of their open invoices."""
    booked = _sums(Posting.objects.filter(ledger=Ledger.RECEIVABLE), "customer_id")
    owed = _sums(Invoice.objects.filter(status__in=OPEN_STATUSES), "customer_id", "balance")
    yield from _all_differing("Customer", "receivable", booked, owed)


def credit_is_unallocated_payments() -> Iterator[Finding]:
    """A customer's credit in the books is what their payments have left."""
    rows = Payment.objects.annotate(
        expected=F("amount") - F("refunded") - Sum("allocations__amount", default=NOTHING)
    )
    wrong = rows.exclude(unallocated=F("expected")).order_by("id")
    for pk, unallocated, expected in wrong.values_list("id", "unallocated", "expected"):
        yield _off("Payment", pk, "unallocated", unallocated, expected)
    booked = _sums(Posting.objects.filter(ledger=Ledger.CUSTOMER_CREDIT), "customer_id")
    credit = _sums(Payment.objects.all(), "customer_id", "unallocated")
    yield from _all_differing("Customer", "credit", {k: -v for k, v in booked.items()}, credit)


def transactions_are_posted() -> Iterator[Finding]:
    """A line of the cash book moved its account by its amount, a reversed one by nothing."""
    posted = _document_sums("transaction", Ledger.CASH)
    for line in _paged(Transaction.objects.filter(payment=None)):
        sign = 1 if line.type == FlowType.INCOME else -1
        expected = NOTHING if line.reversed_on else sign * line.amount
        yield from _differs(line, "posted amount", posted.get(line.pk), expected)
    received = _document_sums("payment", Ledger.CASH)
    for payment in _paged(Payment.objects.all()):
        expected = payment.amount - payment.refunded
        yield from _differs(payment, "posted amount", received.get(payment.pk), expected)


def numbers_have_no_gap() -> Iterator[Finding]:
    """The numbers of a year are 1 to the counter, each once."""
    for series in NumberSeries.objects.order_by("prefix", "year"):
        stem = f"{series.prefix}-{series.year:04}-"
        given = Invoice.objects.filter(number__startswith=stem).values_list("number", flat=True)
        counters = [_counter(number or "", stem) for number in given]
        found = sorted(counter for counter in counters if counter is not None)
        for expected, number in enumerate(found, start=1):
            if number != expected:
                yield f"{stem}{expected:03} is missing."
                return
        if len(found) != series.last:
            yield f"{stem}{len(found) + 1:03} is missing: the counter is at {series.last}."


CHECKS: tuple[Check, ...] = (
    entries_balance,
    postings_follow_entries,
    accounts_hold_their_postings,
    invoices_add_up,
    invoices_are_paid_by_allocations,
    invoices_are_posted,
    receivables_are_open_invoices,
    credit_is_unallocated_payments,
    transactions_are_posted,
    numbers_have_no_gap,
)


def _counter(number: str, stem: str) -> int | None:
    digits = number.removeprefix(stem)
    return int(digits) if re.fullmatch(r"[0-9]{3,}", digits) else None


def _differs(record: Model, what: str, stored: Any, computed: Any) -> Iterator[Finding]:
    stored, computed = stored or NOTHING, computed or NOTHING
    if stored != computed:
        name = str(record._meta.verbose_name).capitalize()
        yield _off(name, record.pk, what, stored, computed)


def _off(name: str, pk: int, what: str, stored: Any, computed: Any) -> Finding:
    return f"{name} {pk}: {what} is {stored}, computed {computed}."


def _all_differing(
    name: str, what: str, booked: dict[int, Decimal], computed: dict[int, Decimal]
) -> Iterator[Finding]:
    for pk in sorted(booked.keys() | computed.keys()):
        one, other = booked.get(pk, NOTHING), computed.get(pk, NOTHING)
        if one != other:
            yield f"{name} {pk}: {what} is {one} in the books, {other} by the documents."


def _sums(rows: QuerySet[Any], key: str, column: str = "amount") -> dict[int, Decimal]:
    return dict(rows.order_by().values_list(key).annotate(total=Sum(column)))


def _document_sums(document_type: str, ledger: Ledger) -> dict[int, Decimal]:
    rows = Posting.objects.filter(ledger=ledger, entry__document_type=document_type)
    return _sums(rows, "entry__document_id", "document_amount")


def _paged(rows: QuerySet[Any]) -> Iterator[Any]:
    """All rows, a page at a time by key: memory stays flat however many there are."""
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk")[:PAGE]):
        yield from page
        last = page[-1].pk
