"""The journal by itself: entries, postings and what they add up to."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from billing.book_checks.findings import NOTHING, Finding, differs, off, pages, postings_of
from billing.models import Account, Invoice, JournalEntry, Payment, Posting
from billing.models.invoices import OPEN_STATUSES
from billing.models.ledger import Basis, Ledger
from bizsuite.identity.models import organisation

# By customer and currency.
CustomersSums = dict[tuple[int, str], Decimal]


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
    """A posting has its entry's date and currency, and an entry has postings.

    In the organisation's own currency it says the same amount twice.
    """
    base_currency = organisation().currency
    for page in pages(JournalEntry.objects.all()):
        postings = postings_of([entry.pk for entry in page])
        for entry in page:
            if not postings[entry.pk]:
                yield f"Entry {entry.pk} has no postings."
            for posting in postings[entry.pk]:
                own = entry.currency == base_currency
                if (posting.date, posting.currency) != (entry.date, entry.currency) or (
                    own and posting.amount != posting.document_amount
                ):
                    yield f"Posting {posting.pk} differs from its entry {entry.pk}."


def accounts_hold_their_postings() -> Iterator[Finding]:
    """An account's balance is what its cash postings add up to, all in its own currency."""
    cash = Posting.objects.filter(ledger=Ledger.CASH)
    moved = cash.annotate(moved=Coalesce("account_amount", "document_amount"))
    booked = _sums(moved, "account_id", "moved")
    for account in Account.objects.order_by("id"):
        yield from differs(account, "balance", account.balance, booked.get(account.pk, NOTHING))
    in_own = Q(currency=F("account__currency"))
    both = Q(in_own, account_amount__isnull=False) | Q(~in_own, account_amount__isnull=True)
    for posting in cash.filter(both).order_by("pk"):
        yield f"Posting {posting.pk} does not say what moved in its account's currency."


def receivables_are_open_invoices() -> Iterator[Finding]:
    """What a customer owes in the books is the balance of their open invoices."""
    booked = _by_customer(Posting.objects.filter(ledger=Ledger.RECEIVABLE), "document_amount")
    owed = _by_customer(Invoice.objects.filter(status__in=OPEN_STATUSES), "balance")
    yield from _all_differing("receivable", booked, owed)


def credit_is_unallocated_payments() -> Iterator[Finding]:
    """A customer's credit in the books is what their payments have left."""
    booked = _by_customer(Posting.objects.filter(ledger=Ledger.CUSTOMER_CREDIT), "document_amount")
    credit = _by_customer(Payment.objects.all(), "unallocated")
    yield from _all_differing("credit", {k: -v for k, v in booked.items()}, credit)


def _all_differing(what: str, booked: CustomersSums, computed: CustomersSums) -> Iterator[Finding]:
    for key in sorted(booked.keys() | computed.keys()):
        one, other = booked.get(key, NOTHING), computed.get(key, NOTHING)
        if one != other:
            pk, currency = key
            yield off(f"Customer {pk}", f"{what} in {currency} in the books", one, other)


def _by_customer(rows: QuerySet[Any], column: str) -> CustomersSums:
    """A customer's amounts in one currency never add up with those in another."""
    found = rows.order_by().values_list("customer_id", "currency").annotate(total=Sum(column))
    return {(pk, currency): total for pk, currency, total in found}


def _sums(rows: QuerySet[Any], key: str, column: str) -> dict[int, Decimal]:
    return dict(rows.order_by().values_list(key).annotate(total=Sum(column)))
