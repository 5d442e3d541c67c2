"""What happened on a customer's account, read from the books."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, QuerySet, Sum, Value, When

from billing.models import JournalEntry, Posting
from billing.models.ledger import Ledger
from customers.models import Customer

# What is between a customer and us: what they owe, and (negative) what they have paid ahead.
CUSTOMERS_LEDGERS = (Ledger.RECEIVABLE, Ledger.CUSTOMER_CREDIT)
NOTHING = Decimal(0)
# Where a document is called otherwise outside than its table is.
PUBLIC_NAMES = {"creditnote": "credit_note", "writeoff": "write_off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that changed what the customer owes.

    type: what did: invoice, payment, refund, reversal or another kind of document.
    document_type, document_id: where it stands; of a refund or a reversal what it takes back.
    amount: positive where they owe more. balance: what they owed after it.
    """

    date: datetime.date
    type: str
    document_type: str
    document_id: int
    description: str
    amount: Decimal
    balance: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A customer's account over a period, both days inclusive; a `date_from` of None is open.

    All amounts are in `currency`; `currencies` names all that the account has ever been in, each of
    which has a statement of its own.

    closing_balance: outstanding less credit, as they were at the end of the period: negative
    where the customer has paid ahead.
    """

    customer_id: int
    currency: str
    currencies: list[str]
    date_from: datetime.date | None
    date_to: datetime.date
    opening_balance: Decimal
    lines: list[Line]
    outstanding: Decimal
    credit: Decimal

    @property
    def closing_balance(self) -> Decimal:
        return self.outstanding - self.credit


def customer_statement(
    customer: Customer,
    *,
    date_from: datetime.date | None,
    date_to: datetime.date,
    own_currency: str,
    currency: str | None = None,
) -> Statement:
    """Read what is in one currency on a customer's account from the books.

    own_currency: the organisation's. currency: that one if None, or where nothing ever was in it
    the first that there is.

    What only moves between invoices and credit changes nothing that is owed and makes no line;
    nor do a document and its reversal of the same date, such as a void invoice. Whatever comes to
    post to a customer's account in future has its lines here by that.
    """
    currencies = _currencies(customer, own_currency)
    currency = currency or next(iter(currencies), own_currency)
    account = _Account(customer, currency)
    sums = _sums(account, date_from, date_to)
    by_ledger: dict[str, Decimal] = defaultdict(Decimal)
    by_entry: dict[int | None, Decimal] = defaultdict(Decimal)
    for entry_id, ledger, total in sums:
        by_ledger[ledger] += total
        by_entry[entry_id] += total
    opening = by_entry.pop(None, NOTHING)
    entries = _without_undone(_entries(account, date_from, date_to, by_entry))
    return Statement(
        customer_id=customer.pk,
        currency=currency,
        currencies=currencies,
        date_from=date_from,
        date_to=date_to,
        opening_balance=opening,
        lines=_lines(entries, by_entry, opening, currency),
        outstanding=by_ledger[Ledger.RECEIVABLE],
        credit=-by_ledger[Ledger.CUSTOMER_CREDIT],
    )


@dataclass(frozen=True, slots=True)
class _Account:
    """What is between a customer and us in one currency."""

    customer: Customer
    currency: str


def _currencies(customer: Customer, own_currency: str) -> list[str]:
    """The organisation's own first."""
    found = Posting.objects.filter(customer=customer, ledger__in=CUSTOMERS_LEDGERS)
    names = found.order_by().values_list("currency", flat=True).distinct()
    return sorted(names, key=lambda name: (name != own_currency, name))


def _postings(account: _Account, date_to: datetime.date) -> QuerySet[Any]:
    return Posting.objects.filter(
        customer=account.customer,
        currency=account.currency,
        ledger__in=CUSTOMERS_LEDGERS,
        date__lte=date_to,
    )


def _sums(
    account: _Account, date_from: datetime.date | None, date_to: datetime.date
) -> list[tuple[int | None, str, Decimal]]:
    """By entry and ledger; under None what lies before the period.

    One statement, so that opening balance, lines and closing balance belong together.
    """
    entry: Any = F("entry_id")
    if date_from is not None:
        entry = Case(When(date__lt=date_from, then=Value(None)), default=entry)
    rows = _postings(account, date_to).order_by().annotate(line=entry)
    return list(rows.values_list("line", "ledger").annotate(total=Sum("document_amount")))


def _entries(
    account: _Account,
    date_from: datetime.date | None,
    date_to: datetime.date,
    amounts: Mapping[int | None, Decimal],
) -> list[JournalEntry]:
    """Those that changed what is owed, in their order. Entries never change, so one that was
    summed above reads the same now; one booked since is left out."""
    postings = _postings(account, date_to)
    if date_from is not None:
        postings = postings.filter(date__gte=date_from)
    rows = JournalEntry.objects.filter(pk__in=postings.order_by().values("entry_id"))
    return [entry for entry in rows.order_by("date", "id") if amounts.get(entry.pk)]


def _without_undone(entries: Iterable[JournalEntry]) -> list[JournalEntry]:
    dates = {entry.pk: entry.date for entry in entries}
    undone = set()
    for entry in entries:
        if entry.reverses_id is not None and dates.get(entry.reverses_id) == entry.date:
            undone |= {entry.pk, entry.reverses_id}
    return [entry for entry in entries if entry.pk not in undone]


def _lines(
    entries: Iterable[JournalEntry],
    amounts: Mapping[int | None, Decimal],
    balance: Decimal,
    currency: str,
) -> list[Line]:
    lines = []
    for entry in entries:
        amount = amounts[entry.pk]
        balance += amount
        lines.append(
            Line(
                date=entry.date,
                type=_type(entry, amount),
                document_type=_public_name(entry.document_type),
                document_id=entry.document_id,
                description=entry.description,
                amount=amount,
                balance=balance,
                currency=currency,
            )
        )
    return lines


def _type(entry: JournalEntry, amount: Decimal) -> str:
    if entry.reverses_id is not None:
        return "reversal"
    if entry.document_type == "payment" and amount > 0:
        return "refund"
    return _public_name(entry.document_type)


def _public_name(document_type: str) -> str:
    return PUBLIC_NAMES.get(document_type, document_type)
