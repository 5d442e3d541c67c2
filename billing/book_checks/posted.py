"""The documents against the journal: each stands in it with what it says, and with no more."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from billing.book_checks.findings import NOTHING, Finding, differs, named, off, pages, postings_of
from billing.models import (
    Account,
    Allocation,
    ClosedYear,
    CreditNote,
    Invoice,
    JournalEntry,
    Payment,
    Posting,
    Transaction,
    Transfer,
    WriteOff,
)
from billing.models.catalogue import FlowType
from billing.models.invoices import InvoiceStatus
from billing.models.ledger import YEAR_END, Basis, Ledger

Sums = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True)
class Documents:
    """One kind of document. expected: what all its entries together come to; None where that is
    not the document's to say.

    names: what its postings refer to by the document's own columns.
    """

    rows: QuerySet[Any]
    expected: Callable[[Any], Sums] | None
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
    if payment.reversed_at:
        return {}
    return {
        (Ledger.CASH, Basis.BOTH): payment.amount - payment.refunded,
        (Ledger.CUSTOMER_CREDIT, Basis.BOTH): -payment.unallocated,
        (Ledger.RECEIVABLE, Basis.ACCRUAL): -payment.allocated,
        (Ledger.INCOME, Basis.CASH): payment.allocated_tax - payment.allocated,
        (Ledger.TAX_PAYABLE, Basis.CASH): -payment.allocated_tax,
    }


def _credit_note(note: CreditNote) -> Sums:
    return {
        (Ledger.RECEIVABLE, Basis.ACCRUAL): -note.amount,
        (Ledger.INCOME, Basis.ACCRUAL): note.subtotal,
        (Ledger.TAX_PAYABLE, Basis.ACCRUAL): note.tax,
    }


def _write_off(write_off: WriteOff) -> Sums:
    if write_off.reversed_on is not None:
        return {}
    return {
        (Ledger.WRITE_OFF, Basis.ACCRUAL): write_off.amount,
        (Ledger.RECEIVABLE, Basis.ACCRUAL): -write_off.amount,
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
    "creditnote": Documents(CreditNote.objects.all(), _credit_note, names=("customer_id",)),
    "writeoff": Documents(WriteOff.objects.all(), _write_off, names=("customer_id",)),
    "transaction": Documents(
        Transaction.objects.all(), _transaction, names=("account_id", "category_id")
    ),
    # In one ledger it comes to nothing; `transfers_move_what_they_say` looks at the accounts.
    "transfer": Documents(Transfer.objects.all(), lambda transfer: {}),
    # `closed_years_leave_nothing` and `earnings_are_retained` look at these.
    YEAR_END: Documents(ClosedYear.objects.all(), None, dated=False),
    "account": Documents(Account.objects.all(), _account, dated=False),
}


@dataclass(frozen=True)
class Journal:
    """A document's entries in their order, and the postings of all of them by entry."""

    entries: list[JournalEntry]
    postings: Mapping[int, list[Posting]]

    def sums(self) -> Sums:
        """By ledger and basis."""
        found: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for entry in self.entries:
            for posting in self.postings[entry.pk]:
                found[(posting.ledger, posting.basis)] += posting.document_amount
        return found

    def worths(self) -> Mapping[str, Decimal]:
        """By ledger, in the organisation's currency."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for posting in self.all_postings():
            found[posting.ledger] += posting.amount
        return found

    def all_postings(self) -> list[Posting]:
        return [posting for entry in self.entries for posting in self.postings[entry.pk]]

    def cash_by_date(self) -> Mapping[datetime.date, Decimal]:
        found: dict[datetime.date, Decimal] = defaultdict(Decimal)
        for entry in self.entries:
            for posting in self.postings[entry.pk]:
                if posting.ledger == Ledger.CASH:
                    found[entry.date] += posting.document_amount
        return found

    def by_account(self) -> Mapping[int, Decimal]:
        found: dict[int, Decimal] = defaultdict(Decimal)
        for entry in self.entries:
            for posting in self.postings[entry.pk]:
                if posting.account_id is not None:
                    found[posting.account_id] += posting.moved
        return found

    def tax_by_rate(self) -> Mapping[Decimal | None, Decimal]:
        found: dict[Decimal | None, Decimal] = defaultdict(Decimal)
        for entry in self.entries:
            for posting in self.postings[entry.pk]:
                if posting.ledger == Ledger.TAX_PAYABLE:
                    found[posting.tax_rate] += posting.document_amount
        return found

    def dates_of(self, ledger: Ledger) -> set[datetime.date]:
        return {
            entry.date
            for entry in self.entries
            if any(posting.ledger == ledger for posting in self.postings[entry.pk])
        }

    def misdated(self, on: datetime.date | None, *, last_only: bool) -> Iterator[Finding]:
        """Reversals that are not dated like what they reverse, or `on` where that is later."""
        dates: dict[int | None, datetime.date] = {entry.pk: entry.date for entry in self.entries}
        reversals = [entry for entry in self.entries if entry.reverses_id is not None]
        for entry in reversals:
            date = dates.get(entry.reverses_id, entry.date)
            if on is not None and (entry is reversals[-1] or not last_only):
                date = max(date, on)
            if entry.date != date:
                yield off(
                    f"Reversal {entry.pk} of entry {entry.reverses_id}", "date", entry.date, date
                )

    def first_standing(self) -> JournalEntry | None:
        """The first entry that is neither reversed nor a reversal."""
        reversed_entries = {entry.reverses_id for entry in self.entries}
        for entry in self.entries:
            if entry.reverses_id is None and entry.pk not in reversed_entries:
                return entry
        return None


def documents_are_posted() -> Iterator[Finding]:
    """Every document stands in each ledger with what it says; a void or reversed one with 0."""
    for kind, documents in KINDS.items():
        if documents.expected is None:
            continue
        for page in pages(documents.rows):
            journals = journals_of(kind, [document.pk for document in page])
            for document in page:
                expected, posted = documents.expected(document), journals[document.pk].sums()
                for key in sorted(expected.keys() | posted.keys()):
                    stored, computed = posted.get(key, NOTHING), expected.get(key, NOTHING)
                    if stored != computed:
                        ledger, basis = key
                        yield off(named(document), f"posted {ledger} ({basis})", stored, computed)


def tax_is_posted_by_rate() -> Iterator[Finding]:
    """The tax of an invoice or a credit note is posted at the rates of its tax lines."""
    for kind, sign in (("invoice", -1), ("creditnote", 1)):
        documents = KINDS[kind]
        for page in pages(documents.rows.prefetch_related("taxes")):
            journals = journals_of(kind, [document.pk for document in page])
            for document in page:
                stands = bool(documents.expected and documents.expected(document))
                said = {line.rate: sign * line.tax for line in document.taxes.all() if stands}
                posted = journals[document.pk].tax_by_rate()
                for rate in sorted(said.keys() | posted.keys(), key=str):
                    stored, computed = posted.get(rate, NOTHING), said.get(rate, NOTHING)
                    if stored != computed:
                        yield off(named(document), f"posted tax at {rate} %", stored, computed)


def transfers_move_what_they_say() -> Iterator[Finding]:
    """A transfer takes its amount out of the one account, and the other has it then."""
    for page in pages(Transfer.objects.all()):
        journals = journals_of("transfer", [transfer.pk for transfer in page])
        for transfer in page:
            moved = journals[transfer.pk].by_account()
            said = {
                transfer.from_account_id: -transfer.amount,
                transfer.to_account_id: transfer.amount_received,
            }
            for pk in sorted(said.keys() | moved.keys()):
                stored, computed = moved.get(pk, NOTHING), said.get(pk, NOTHING)
                yield from differs(transfer, f"posted to account {pk}", stored, computed)


def entries_have_documents() -> Iterator[Finding]:
    """An entry books a document that there is; what is left of a deleted one comes to nothing."""
    missing: dict[str, set[int]] = defaultdict(set)
    for page in pages(JournalEntry.objects.only("document_type", "document_id")):
        booked: dict[str, set[int]] = defaultdict(set)
        for entry in page:
            booked[entry.document_type].add(entry.document_id)
            if entry.document_type not in KINDS:
                yield f"Entry {entry.pk} books a {entry.document_type}, which there is not."
        for kind in booked.keys() & KINDS.keys():
            there = KINDS[kind].rows.filter(pk__in=booked[kind]).values_list("pk", flat=True)
            missing[kind] |= booked[kind].difference(there)
    for kind, ids in missing.items():
        for pk, journal in journals_of(kind, sorted(ids)).items():
            for (ledger, _), total in journal.sums().items():
                if total:
                    yield f"{kind.capitalize()} {pk} is gone and leaves {total} posted to {ledger}."


def entries_say_what_documents_say() -> Iterator[Finding]:
    """A document's first standing entry has its date, and its customer, account and category."""
    for kind, documents in KINDS.items():
        for page in pages(documents.rows):
            journals = journals_of(kind, [document.pk for document in page])
            for document in page:
                journal = journals[document.pk]
                entry = journal.first_standing()
                if entry is None:
                    continue
                if documents.dated:
                    yield from differs(document, "date", document.date, entry.date)
                for posting in journal.postings[entry.pk]:
                    yield from _misnamed(document, posting, documents.names)


def payments_move_cash_when_they_say() -> Iterator[Finding]:
    """A payment's account gets its amount on its date, and gives each refund on the refund's."""
    for page in pages(Payment.objects.filter(reversed_at=None).prefetch_related("refunds")):
        journals = journals_of("payment", [payment.pk for payment in page])
        for payment in page:
            said: dict[datetime.date, Decimal] = defaultdict(Decimal)
            said[payment.date] += payment.amount
            for refund in payment.refunds.all():
                said[refund.date] -= refund.amount
            moved = journals[payment.pk].cash_by_date()
            for date in sorted(said.keys() | moved.keys()):
                stored, computed = moved.get(date, NOTHING), said.get(date, NOTHING)
                if stored != computed:
                    yield off(named(payment), f"cash posted on {date}", stored, computed)


def allocations_are_booked_when_they_say() -> Iterator[Finding]:
    """On an allocation's date its payment has something booked on what is owed."""
    for page in pages(Allocation.objects.all()):
        journals = journals_of("payment", [allocation.payment_id for allocation in page])
        for allocation in page:
            if allocation.date not in journals[allocation.payment_id].dates_of(Ledger.RECEIVABLE):
                yield (
                    f"Payment {allocation.payment_id} pays invoice {allocation.invoice_id} on"
                    f" {allocation.date}, and nothing is booked then."
                )


def reversals_are_dated_as_said() -> Iterator[Finding]:
    """A reversal is dated like its entry; one with a date of its own as its document says."""
    lines = Transaction.objects.values_list("reversed_on", flat=True)
    for kind, documents in KINDS.items():
        for page in pages(documents.rows):
            ids = [document.pk for document in page]
            said: Mapping[int, datetime.date | None] = {}
            if kind == "payment":
                said = dict(lines.filter(payment__in=ids).values_list("payment", "reversed_on"))
            elif kind in ("transaction", "writeoff"):
                said = {document.pk: document.reversed_on for document in page}
            for pk, journal in journals_of(kind, ids).items():
                # A line that was corrected has reversals before the one that ended it.
                yield from journal.misdated(said.get(pk), last_only=kind == "transaction")


def _misnamed(document: Any, posting: Posting, names: tuple[str, ...]) -> Iterator[Finding]:
    for name in names:
        posted, own = getattr(posting, name), getattr(document, name)
        if posted is not None and posted != own:
            yield off(named(document), f"{name} of posting {posting.pk}", posted, own)


def journals_of(kind: str, ids: list[int]) -> dict[int, Journal]:
    """By document. In two plain questions: a join over all of the books may be planned badly."""
    rows = JournalEntry.objects.filter(document_type=kind, document_id__in=ids).order_by("id")
    entries: dict[int, list[JournalEntry]] = {pk: [] for pk in ids}
    for entry in rows:
        entries[entry.document_id].append(entry)
    postings = postings_of([entry.pk for found in entries.values() for entry in found])
    return {pk: Journal(found, postings) for pk, found in entries.items()}
