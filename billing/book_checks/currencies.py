"""What documents are worth in the organisation's currency, and what that was won or lost by."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import Count, Prefetch, QuerySet, Sum

from billing.book_checks.findings import NOTHING, Finding, differs, named, off, pages
from billing.book_checks.posted import journals_of
from billing.exchange import converted
from billing.invoice_books import total_worth, worth_issued, worth_left
from billing.invoices import PARTS
from billing.models import (
    Allocation,
    CreditNote,
    Invoice,
    Payment,
    Posting,
    Transaction,
    Transfer,
    WriteOff,
)
from billing.models.catalogue import FlowType
from billing.models.invoices import InvoiceStatus
from billing.models.ledger import YEAR_END, Ledger
from bizsuite.identity.models import organisation
from bizsuite.money import cumulative_share, currency_decimals, round_half_up

# By ledger alone: the bases are compared in the documents' own currencies.
Worths = Mapping[str, Decimal]
# Joined, not prefetched: see `billing.invoices`.
ALLOCATIONS = Prefetch("allocations", Allocation.objects.select_related("invoice"))
ISSUED = Invoice.objects.exclude(status__in=[InvoiceStatus.DRAFT, InvoiceStatus.VOID])


@dataclass(frozen=True)
class Valued:
    """One kind of document. expected: what its entries come to in these ledgers."""

    rows: QuerySet[Any]
    ledgers: tuple[Ledger, ...]
    expected: Callable[[Any, str], Worths]


def _invoice(invoice: Invoice, base_currency: str) -> Worths:
    expected: dict[str, Decimal] = dict.fromkeys(
        (Ledger.RECEIVABLE, Ledger.INCOME, Ledger.TAX_PAYABLE), NOTHING
    )
    if invoice.status not in (InvoiceStatus.DRAFT, InvoiceStatus.VOID):
        for (ledger, _), share in worth_issued(invoice, base_currency).items():
            expected[ledger] -= share
            expected[Ledger.RECEIVABLE] += share
    return expected


def _credit_note(note: CreditNote, base_currency: str) -> Worths:
    return {Ledger.RECEIVABLE: -note.base_amount}


def _write_off(write_off: WriteOff, base_currency: str) -> Worths:
    worth = NOTHING if write_off.reversed_on is not None else write_off.base_amount
    return {Ledger.RECEIVABLE: -worth, Ledger.WRITE_OFF: worth}


def _payment(payment: Payment, base_currency: str) -> Worths:
    """What came and did not go back clears invoices and is credit; the rest was won or lost."""
    if payment.reversed_at:
        return {}
    refunds, allocations = payment.refunds.all(), payment.allocations.all()
    cash = payment.base_amount - sum((each.base_amount for each in refunds), NOTHING)
    cleared = sum((each.base_amount for each in allocations), NOTHING)
    credit = cumulative_share(
        payment.base_amount, NOTHING, payment.unallocated, payment.amount, base_currency
    )
    return {
        Ledger.CASH: cash,
        Ledger.RECEIVABLE: -cleared,
        Ledger.CUSTOMER_CREDIT: -credit,
        Ledger.EXCHANGE_DIFFERENCE: cleared + credit - cash,
    }


def _transaction(line: Transaction, base_currency: str) -> Worths:
    if line.reversed_on is not None or line.payment_id is not None:
        return {}
    worth = converted(line.amount, line.exchange_rate, base_currency)
    return {Ledger.CASH: worth if line.type == FlowType.INCOME else -worth}


VALUED = {
    "invoice": Valued(
        Invoice.objects.prefetch_related(*PARTS),
        (Ledger.RECEIVABLE, Ledger.INCOME, Ledger.TAX_PAYABLE),
        _invoice,
    ),
    "creditnote": Valued(CreditNote.objects.all(), (Ledger.RECEIVABLE,), _credit_note),
    "writeoff": Valued(WriteOff.objects.all(), (Ledger.RECEIVABLE, Ledger.WRITE_OFF), _write_off),
    "payment": Valued(
        Payment.objects.prefetch_related("allocations", "refunds"),
        (
            Ledger.CASH,
            Ledger.RECEIVABLE,
            Ledger.CUSTOMER_CREDIT,
            Ledger.EXCHANGE_DIFFERENCE,
        ),
        _payment,
    ),
    "transaction": Valued(Transaction.objects.all(), (Ledger.CASH,), _transaction),
}


def documents_are_worth_what_they_say() -> Iterator[Finding]:
    """What a document has posted in the organisation's currency is what it says itself."""
    base_currency = organisation().currency
    for kind, valued in VALUED.items():
        for page in pages(valued.rows):
            journals = journals_of(kind, [document.pk for document in page])
            for document in page:
                expected = valued.expected(document, base_currency)
                posted = journals[document.pk].worths()
                for ledger in valued.ledgers:
                    stored, computed = posted.get(ledger, NOTHING), expected.get(ledger, NOTHING)
                    yield from differs(document, f"worth of {ledger}", stored, computed)


def transfers_are_worth_the_same_on_both_sides() -> Iterator[Finding]:
    """What leaves an account and what arrives is worth the transfer's base amount."""
    for page in pages(Transfer.objects.all()):
        journals = journals_of("transfer", [transfer.pk for transfer in page])
        for transfer in page:
            postings = journals[transfer.pk].all_postings()
            for posting in postings:
                worth = posting.amount.copy_abs()
                yield from differs(transfer, "worth", transfer.base_amount, worth)


def receivables_are_cleared() -> Iterator[Finding]:
    """What is paid, credited and written off clears what an invoice is worth: in step, and all."""
    base_currency = organisation().currency
    unit = Fraction(1, 10 ** currency_decimals(base_currency))
    for page in pages(ISSUED.prefetch_related(*PARTS)):
        ids = [invoice.pk for invoice in page]
        credited = _sums(CreditNote.objects.filter(invoice__in=ids))
        paid = _sums(Allocation.objects.filter(invoice__in=ids))
        write_offs = WriteOff.objects.filter(invoice__in=ids)
        given_up = _sums(write_offs.filter(reversed_on=None))
        ever_given_up = set(write_offs.values_list("invoice", flat=True))
        for invoice in page:
            whole = total_worth(worth_issued(invoice, base_currency))
            left = total_worth(worth_left(invoice, base_currency))
            note_count, noted = credited.get(invoice.pk, (0, NOTHING))
            # Where something was written off then, the last note may have made up for a cent.
            if invoice.pk not in ever_given_up:
                yield from differs(invoice, "credited worth", noted, whole - left)
            steps = [each.get(invoice.pk, (0, NOTHING)) for each in (paid, given_up)]
            is_open = whole - noted - sum((cleared for _, cleared in steps), NOTHING)
            in_step = Fraction(whole) * Fraction(invoice.balance) / Fraction(invoice.amount or 1)
            # Each step may be off by half a unit, and one in the middle may be gone since.
            slack = unit * (2 + note_count + sum(count for count, _ in steps))
            if not invoice.balance:
                yield from differs(invoice, "worth of what is owed", is_open, NOTHING)
            elif abs(Fraction(is_open) - in_step) > slack:
                about = round_half_up(in_step, currency_decimals(base_currency))
                yield off(named(invoice), "worth of what is owed", is_open, f"about {about}")


def exchange_differences_come_from_rates() -> Iterator[Finding]:
    """Only payments win or lose by rates, and no more than their rates differ, but for rounding."""
    base_currency = organisation().currency
    unit = Fraction(1, 10 ** currency_decimals(base_currency))
    # Closing a year empties the ledger; that it does no more is looked at elsewhere.
    elsewhere = Posting.objects.filter(ledger=Ledger.EXCHANGE_DIFFERENCE).exclude(
        entry__document_type__in=("payment", YEAR_END)
    )
    for posting in elsewhere.select_related("entry").order_by("pk"):
        yield f"Entry {posting.entry_id} books an exchange difference, and is no payment's."
    for page in pages(Payment.objects.prefetch_related(ALLOCATIONS, "refunds")):
        journals = journals_of("payment", [payment.pk for payment in page])
        for payment in page:
            journal = journals[payment.pk]
            won = journal.worths().get(Ledger.EXCHANGE_DIFFERENCE, NOTHING)
            rounding = 0 if payment.currency == base_currency else unit * (2 + len(journal.entries))
            if abs(Fraction(won)) > _at_most_won(payment) + rounding:
                yield f"{named(payment)}: {won} of exchange difference is more than the rates differ."


def _at_most_won(payment: Payment) -> Fraction:
    """By exact fractions: the stored rate of a payment may be what its amounts imply, rounded."""
    rate = Fraction(payment.base_amount) / Fraction(payment.amount)
    allocations = sum(
        abs(rate - Fraction(each.invoice.exchange_rate)) * Fraction(each.amount)
        for each in payment.allocations.all()
    )
    refunds = sum(
        abs(rate * Fraction(each.amount) - Fraction(each.base_amount))
        for each in payment.refunds.all()
    )
    return Fraction(allocations + refunds)


def _sums(rows: QuerySet[Any]) -> dict[int, tuple[int, Decimal]]:
    """By invoice: how many there are, and what they have cleared."""
    found = rows.order_by().values_list("invoice").annotate(Count("pk"), Sum("base_amount"))
    return {pk: (count, cleared) for pk, count, cleared in found}
