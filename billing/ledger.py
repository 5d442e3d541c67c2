"""Posting to the books: the one way in."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F

from billing.currency import open_books
from billing.exchange import converted
from billing.models import Account, Category, JournalEntry, Posting
from billing.models.ledger import Basis, Ledger
from bizsuite.errors import Conflict
from bizsuite.identity.models import Organisation
from bizsuite.money import MONEY_MAX, money_value
from bizsuite.records import Record
from customers.models import Customer


class PeriodClosed(Conflict):
    code = "period_closed"


class Unbalanced(RuntimeError):
    """A programming error: the debits and credits of an entry differ on one basis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPosting:
    """One line to post. amount: in the document's currency, debit positive, credit negative.

    base_amount: in the organisation's; None: as the entry's rate has it, for who posts nothing
    that would have to be shared out. account_amount: what a cash account moved by, in its own.
    """

    ledger: Ledger
    amount: Decimal
    base_amount: Decimal | None = None
    account_amount: Decimal | None = None
    basis: Basis = Basis.BOTH
    account: Account | None = None
    category: Category | None = None
    customer: Customer | None = None
    tax_rate: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEntry:
    """An entry to post. exchange_rate: organisation's currency for one of `currency`."""

    date: datetime.date
    document: Record
    description: str
    currency: str
    postings: Sequence[NewPosting]
    exchange_rate: Decimal = Decimal(1)
    reverses: JournalEntry | None = None


def require_open_period(dates: Iterable[datetime.date], profile: Organisation) -> None:
    """Raises PeriodClosed if a date lies in the period that an administrator has closed."""
    closed = profile.closed_until
    if closed is not None and any(date <= closed for date in dates):
        raise PeriodClosed(f"The books are closed up to {closed}.")


def post_entries(new_entries: Sequence[NewEntry]) -> list[JournalEntry]:
    """Write balanced entries and raise the balances of the accounts they touch.

    Call in the transaction that writes the documents. Raises PeriodClosed for a locked date and
    Unbalanced where the accrual or the cash reading of an entry does not add up to zero.
    """
    if not new_entries:
        return []
    profile = open_books()
    require_open_period((new.date for new in new_entries), profile)
    return _post(new_entries, profile)


def post_year_end(new_entry: NewEntry) -> None:
    """Post what closes or reopens a year: alone of all entries into the closed period, too."""
    _post([new_entry], open_books())


def _post(new_entries: Sequence[NewEntry], profile: Organisation) -> list[JournalEntry]:
    entries = JournalEntry.objects.bulk_create(
        [
            JournalEntry(
                date=new.date,
                document_type=document_type(new.document),
                document_id=new.document.pk,
                description=new.description[:500],
                currency=new.currency,
                exchange_rate=new.exchange_rate,
                reverses=new.reverses,
            )
            for new in new_entries
        ]
    )
    postings = [
        posting
        for entry, new in zip(entries, new_entries, strict=True)
        for posting in _postings(entry, new, profile.currency)
    ]
    Posting.objects.bulk_create(postings, batch_size=500)
    _raise_account_balances(postings)
    return entries


def post_entry(new_entry: NewEntry) -> JournalEntry:
    return post_entries([new_entry])[0]


def reversal(document: Record, *, date: datetime.date) -> NewEntry:
    """The opposite of a document's standing entry; the database refuses a second one."""
    return opposite(standing_entries(document)[-1], document, date=date)


def opposite(entry: JournalEntry, document: Record, *, date: datetime.date) -> NewEntry:
    """The reversal of one entry of a document."""
    return NewEntry(
        date=date,
        document=document,
        description=f"Reversal: {entry.description}",
        currency=entry.currency,
        exchange_rate=entry.exchange_rate,
        reverses=entry,
        postings=[
            NewPosting(
                ledger=Ledger(posting.ledger),
                amount=-posting.document_amount,
                base_amount=-posting.amount,
                account_amount=(
                    None if posting.account_amount is None else -posting.account_amount
                ),
                basis=Basis(posting.basis),
                account=posting.account,
                category=posting.category,
                customer=posting.customer,
                tax_rate=posting.tax_rate,
            )
            for posting in entry.postings.select_related("account", "category", "customer")
        ],
    )


def standing_entries(document: Record) -> list[JournalEntry]:
    """The entries of a document that are neither reversed nor reversals, the oldest first."""
    return list(
        JournalEntry.objects.filter(
            document_type=document_type(document),
            document_id=document.pk,
            reverses=None,
            reversed_by=None,
        ).order_by("id")
    )


def document_type(document: Record) -> str:
    """What the journal calls this kind of document: invoice, payment, transaction, account."""
    return str(document._meta.model_name)


def _postings(entry: JournalEntry, new: NewEntry, base_currency: str) -> list[Posting]:
    postings = [
        Posting(
            entry=entry,
            date=new.date,
            ledger=line.ledger,
            basis=line.basis,
            amount=_base_amount(line, new.exchange_rate, base_currency),
            document_amount=line.amount,
            account_amount=_account_amount(line, new.currency),
            currency=new.currency,
            account=line.account,
            category=line.category,
            customer=line.customer,
            tax_rate=line.tax_rate,
        )
        for line in new.postings
        if line.amount or line.base_amount
    ]
    for basis in (Basis.ACCRUAL, Basis.CASH):
        counted = [p for p in postings if p.basis in (Basis.BOTH, basis)]
        if sum(p.amount for p in counted) or sum(p.document_amount for p in counted):
            raise Unbalanced(f"{new.description}: does not balance on the {basis} basis.")
    return postings


def _base_amount(line: NewPosting, rate: Decimal, base_currency: str) -> Decimal:
    return (
        converted(line.amount, rate, base_currency)
        if line.base_amount is None
        else line.base_amount
    )


def _account_amount(line: NewPosting, currency: str) -> Decimal | None:
    """Nothing where the account is in the document's currency: then it is the amount."""
    if line.account is None or line.account.currency == currency:
        return None
    return line.account_amount


def _raise_account_balances(postings: Iterable[Posting]) -> None:
    moved: dict[int, Decimal] = defaultdict(Decimal)
    for posting in postings:
        if posting.ledger == Ledger.CASH and posting.account_id is not None:
            moved[posting.account_id] += posting.moved
    # In the order of their ids, so that two entries over the same accounts cannot deadlock.
    for account_id in sorted(moved):
        for step in _within_bounds(moved[account_id]):
            Account.objects.filter(pk=account_id).change(balance=F("balance") + money_value(step))


def _within_bounds(amount: Decimal) -> Iterator[Decimal]:
    """`amount` in parts that each fit a MoneyField: many large amounts may move at once."""
    while amount:
        step = max(-MONEY_MAX, min(MONEY_MAX, amount))
        yield step
        amount -= step
