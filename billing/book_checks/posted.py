"""The documents against the journal: each stands in it with what it says, and with no more."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from billing.book_checks.findings import NOTHING, Finding, differs, named, off, pages
from billing.models import Account, Invoice, JournalEntry, Payment, Posting, Transaction
from billing.models.catalogue import FlowType
from billing.models.invoices import InvoiceStatus
from billing.models.ledger import Basis, Ledger

Sums = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True)
class Documents:
    """One kind of document. expected: what all its entries together come to.

    names: what its postings refer to by the document's own columns.
    """

    rows: QuerySet[Any]
    expected: Callable[[Any], Sums]
    names: tuple[str, ...] = ()
    dated: bool = True


def _invoice(invoice: Invoice) -> Sums:
    if invoice.status in (InvoiceStatus.DRAFT, InvoiceStatus.VOID):
        return {}
    return {
        (Ledger.RECEIVABLE, Basis.ACCRUAL): invoice.amount,
        (Ledger.INCOME, Basis.ACCRUAL): -invoice.subtotal,
        (Ledger.TAX_PAYABLE, Basis.ACCRUAL): -invoice.tax,
    }


def _payment(payment: Any) -> Sums:
    return {
        (Ledger.CASH, Basis.BOTH): payment.amount - payment.refunded,
        (Ledger.CUSTOMER_CREDIT, Basis.BOTH): -payment.unallocated,
        (Ledger.RECEIVABLE, Basis.ACCRUAL): -payment.allocated,
        (Ledger.INCOME, Basis.CASH): payment.allocated_tax - payment.allocated,
        (Ledger.TAX_PAYABLE, Basis.CASH): -payment.allocated_tax,
    }


def _transaction(line: Transaction) -> Sums:
    if line.reversed_on is not None or line.payment_id is not None:
        return {}
    sign = 1 if line.type == FlowType.INCOME else -1
    ledger = Ledger.INCOME if line.type == FlowType.INCOME else Ledger.EXPENSE
    return {
        (Ledger.CASH, Basis.BOTH): sign * line.amount,
        (ledger, Basis.BOTH): -sign * (line.amount - line.tax),
        (Ledger.TAX_PAYABLE, Basis.BOTH): -sign * line.tax,
    }


def _account(account: Account) -> Sums:
    return {
        (Ledger.CASH, Basis.BOTH): account.opening_balance,
        (Ledger.OPENING_BALANCE, Basis.BOTH): -account.opening_balance,
    }


KINDS = {
    "invoice": Documents(Invoice.objects.all(), _invoice, names=("customer_id",)),
    "payment": Documents(
        Payment.objects.annotate(
            allocated=Sum("allocations__amount", default=NOTHING),
            allocated_tax=Sum("allocations__tax", default=NOTHING),
        ),
        _payment,
        names=("customer_id", "account_id"),
    ),
    "transaction": Documents(
        Transaction.objects.all(), _transaction, names=("account_id", "category_id")
    ),
    "account": Documents(Account.objects.all(), _account, dated=False),
}


def documents_are_posted() -> Iterator[Finding]:
    """Every document stands in each ledger with what it says; a void or reversed one with 0."""
    for kind, documents in KINDS.items():
        for page in pages(documents.rows):
            booked = _booked(kind, [document.pk for document in page])
            for document in page:
                expected, posted = documents.expected(document), booked[document.pk]
                for key in sorted(expected.keys() | posted.keys()):
                    stored, computed = posted.get(key, NOTHING), expected.get(key, NOTHING)
                    if stored != computed:
                        ledger, basis = key
                        yield off(named(document), f"posted {ledger} ({basis})", stored, computed)


def entries_have_documents() -> Iterator[Finding]:
    """An entry books a document that there is; what is left of a deleted one comes to nothing."""
    for kind, documents in KINDS.items():
        orphans = (
            Posting.objects.filter(entry__document_type=kind)
            .exclude(entry__document_id__in=documents.rows.order_by().values("pk"))
            .order_by("entry__document_id", "ledger")
            .values_list("entry__document_id", "ledger")
            .annotate(total=Sum("document_amount"))
            .exclude(total=NOTHING)
        )
        for pk, ledger, total in orphans:
            yield f"{kind.capitalize()} {pk} is gone and leaves {total} posted to {ledger}."
    unknown = JournalEntry.objects.exclude(document_type__in=KINDS).order_by("id")
    for pk, document_type in unknown.values_list("id", "document_type"):
        yield f"Entry {pk} books a {document_type}, which there is not."


def entries_say_what_documents_say() -> Iterator[Finding]:
    """A document's first standing entry has its date, and its customer, account and category."""
    for kind, documents in KINDS.items():
        for page in pages(documents.rows):
            first = _first_standing(kind, [document.pk for document in page])
            postings = _postings_of([entry_id for entry_id, _ in first.values()])
            for document in page:
                if document.pk not in first:
                    continue
                entry_id, date = first[document.pk]
                if documents.dated:
                    yield from differs(document, "date", document.date, date)
                for posting in postings[entry_id]:
                    yield from _misnamed(document, posting, documents.names)


def _misnamed(document: Any, posting: Posting, names: tuple[str, ...]) -> Iterator[Finding]:
    for name in names:
        posted, own = getattr(posting, name), getattr(document, name)
        if posted is not None and posted != own:
            yield off(named(document), f"{name} of posting {posting.pk}", posted, own)


def _booked(kind: str, ids: list[int]) -> dict[int, dict[tuple[str, str], Decimal]]:
    """By document, then by ledger and basis."""
    rows = (
        Posting.objects.filter(entry__document_type=kind, entry__document_id__in=ids)
        .order_by()
        .values_list("entry__document_id", "ledger", "basis")
        .annotate(total=Sum("document_amount"))
    )
    booked: dict[int, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    for pk, ledger, basis, total in rows:
        booked[pk][(ledger, basis)] = total
    return booked


def _first_standing(kind: str, ids: list[int]) -> dict[int, tuple[int, datetime.date]]:
    """By document: the first entry that is neither reversed nor a reversal."""
    rows = JournalEntry.objects.filter(
        document_type=kind, document_id__in=ids, reverses=None, reversed_by=None
    ).order_by("-id")  # so that the first one is written last
    return {pk: (entry, date) for pk, entry, date in rows.values_list("document_id", "id", "date")}


def _postings_of(entries: list[int]) -> dict[int, list[Posting]]:
    found: dict[int, list[Posting]] = defaultdict(list)
    for posting in Posting.objects.filter(entry__in=entries).order_by("id"):
        found[posting.entry_id].append(posting)
    return found
