"""The journal by itself: entries, postings and what they add up to."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from billing.book_checks.findings import NOTHING, Finding, differs, off
from billing.models import Account, Invoice, JournalEntry, Payment, Posting
from billing.models.invoices import OPEN_STATUSES
from billing.models.ledger import Basis, Ledger


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
            wrong = row["base"] or row["document"]
            yield f"Entry {row['entry_id']} is off by {wrong} on the {basis} basis."


def postings_follow_entries() -> Iterator[Finding]:
    """A posting has its entry's date, currency and rate, and an entry has postings."""
    like_entry = Q(date=F("entry__date"), currency=F("entry__currency"))
    converted = ~Q(entry__exchange_rate=Decimal(1)) | Q(amount=F("document_amount"))
    wrong = Posting.objects.exclude(like_entry & converted).order_by("id")
    for pk, entry_id in wrong.values_list("id", "entry_id"):
        yield f"Posting {pk} differs from its entry {entry_id}."
    empty = JournalEntry.objects.filter(postings=None).order_by("id")
    for pk in empty.values_list("id", flat=True):
        yield f"Entry {pk} has no postings."


def accounts_hold_their_postings() -> Iterator[Finding]:
    """An account's balance is what its cash postings add up to."""
    cash = Posting.objects.filter(ledger=Ledger.CASH)
    booked = _sums(cash, "account_id", "document_amount")
    for account in Account.objects.order_by("id"):
        yield from differs(account, "balance", account.balance, booked.get(account.pk, NOTHING))


def receivables_are_open_invoices() -> Iterator[Finding]:
    """What a customer owes in the books is the balance of their open invoices."""
    booked = _sums(Posting.objects.filter(ledger=Ledger.RECEIVABLE), "customer_id")
    owed = _sums(Invoice.objects.filter(status__in=OPEN_STATUSES), "customer_id", "balance")
    yield from _all_differing("receivable", booked, owed)


def credit_is_unallocated_payments() -> Iterator[Finding]:
    """A customer's credit in the books is what their payments have left."""
    booked = _sums(Posting.objects.filter(ledger=Ledger.CUSTOMER_CREDIT), "customer_id")
    credit = _sums(Payment.objects.all(), "customer_id", "unallocated")
    yield from _all_differing("credit", {k: -v for k, v in booked.items()}, credit)


def _all_differing(
    what: str, booked: dict[int, Decimal], computed: dict[int, Decimal]
) -> Iterator[Finding]:
    for pk in sorted(booked.keys() | computed.keys()):
        one, other = booked.get(pk, NOTHING), computed.get(pk, NOTHING)
        if one != other:
            yield off(f"Customer {pk}", f"{what} in the books", one, other)


def _sums(rows: QuerySet[Any], key: str, column: str = "amount") -> dict[int, Decimal]:
    return dict(rows.order_by().values_list(key).annotate(total=Sum(column)))
