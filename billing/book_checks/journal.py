"""The journal by itself: entries, postings and what they add up to."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from billing.book_checks.findings import NOTHING, Finding, differs, off, pages, postings_of
from billing.models import Account, Invoice, JournalEntry, Payment, Posting
from billing.models.invoices import OPEN_STATUSES
from billing.models.ledger import Basis, Ledger
from bizsuite.identity.models import organisation
from bizsuite.money import round_money


def entries_balance() -> Iterator[Finding]:
    """Every entry adds up to zero on each basis, in both currencies."""
    for page in pages(JournalEntry.objects.all()):
        postings = postings_of([entry.pk for entry in page])
        for entry in page:
            for basis in (Basis.ACCRUAL, Basis.CASH):
                counted = [p for p in postings[entry.pk] if p.basis in (Basis.BOTH, basis)]
                wrong = sum(p.amount for p in counted) or sum(p.document_amount for p in counted)
                if wrong:
                    yield f"Entry {entry.pk} is off by {wrong} on the {basis} basis."


def postings_follow_entries() -> Iterator[Finding]:
    """A posting has its entry's date, currency and rate, and an entry has postings."""
    base_currency = organisation().currency
    for page in pages(JournalEntry.objects.all()):
        postings = postings_of([entry.pk for entry in page])
        for entry in page:
            if not postings[entry.pk]:
                yield f"Entry {entry.pk} has no postings."
            for posting in postings[entry.pk]:
                converted = round_money(
                    posting.document_amount * entry.exchange_rate, base_currency
                )
                if (posting.date, posting.currency) != (entry.date, entry.currency) or (
                    posting.amount != converted
                ):
                    yield f"Posting {posting.pk} differs from its entry {entry.pk}."


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
