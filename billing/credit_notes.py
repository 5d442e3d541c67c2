"""Crediting invoices: the way to take back what was issued."""

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.allocations import Bookings, Settlement
from billing.amounts import printed
from billing.credit_note_content import NewCredit, add_content, credits_of
from billing.currency import open_books
from billing.defaults import default_income_category
from billing.invoice_books import credit_entry
from billing.invoices import allowed_moves, locked
from billing.ledger import post_entries, require_open_period
from billing.models import CreditNote, Invoice, Payment
from billing.models.invoices import InvoiceStatus
from billing.parties import copied_details, copied_seller
from billing.payments import hold_customer, invoice_events
from billing.serializers import CreditNoteSerializer, PaymentSerializer
from billing.series import CREDIT_NOTES, give_numbers
from bizsuite.errors import Conflict, Invalid
from bizsuite.events.recording import NewEvent, record_events
from bizsuite.identity.actors import Actor


class InvoiceNotCreditable(Conflict):
    code = "invoice_not_creditable"


class NothingToCredit(Conflict):
    code = "nothing_to_credit"


class InvoiceWrittenOff(Conflict):
    code = "invoice_written_off"


@transaction.atomic
def create_credit_note(
    invoice: Invoice,
    *,
    actor: Actor,
    items: Sequence[NewCredit] | None = None,
    date: datetime.date | None = None,
    **details: Any,
) -> CreditNote:
    """Credit an invoice, in full or in part. It owes less; what was paid beyond that goes back.

    items: {invoice_item}, and {quantity} or {total} (net) of it or all that is left; all that is
    left of the invoice if None. date: today if None, and no day before the invoice's.
    details: reason, external_id, metadata.

    What is paid beyond what the invoice still charges returns to the customer's credit, the newest
    allocations first. Raises InvoiceNotCreditable, NothingToCredit and CreditExceedsItem.
    """
    profile = open_books()
    hold_customer(invoice.customer_id)
    invoice = locked(invoice)
    _require_creditable(invoice)
    date = date or max(profile.today(), invoice.date)
    if date < invoice.date:
        raise Invalid({"date": "A credit note must not be dated before its invoice"})
    require_open_period([date], profile)
    parts = credits_of(invoice, items)
    bookings = Bookings(f"Credited of invoice {invoice.number}", base_currency=profile.currency)
    # Before anything is credited: what was paid until now was paid of all that it charged.
    settlement = Settlement(invoice, bookings)
    note = CreditNote(
        invoice=invoice,
        customer=invoice.customer,
        customer_details=copied_details(invoice.customer),
        seller_details=copied_seller(profile),
        date=date,
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate,
        **details,
    )
    give_numbers(CREDIT_NOTES, [note], profile)
    note.search_text = note.folded_search_text()
    taken = add_content(note, parts, base_currency=profile.currency)
    _require_not_written_off(invoice, note.amount)
    was_paid = invoice.status == InvoiceStatus.PAID
    returned = settlement.credit(note.amount, date)
    invoice = settlement.finish(date)
    post_entries([credit_entry(note, default_income_category(), taken), *bookings.entries()])
    events = invoice_events([invoice], already_paid=was_paid) + _returned(returned)
    record_events(
        [NewEvent("credit_note.created", note, CreditNoteSerializer(note).data), *events],
        actor=actor,
    )
    return note


def _require_creditable(invoice: Invoice) -> None:
    if invoice.status in (InvoiceStatus.DRAFT, InvoiceStatus.VOID):
        raise InvoiceNotCreditable(
            f"Invoice {invoice.number or invoice.pk} is {invoice.status}; only what was issued can"
            " be credited.",
            allowed=allowed_moves(invoice),
        )
    if invoice.credited + invoice.written_off == invoice.amount:
        _require_not_written_off(invoice, invoice.amount)
        raise NothingToCredit(
            f"Nothing of invoice {invoice.number} is left to credit.",
            allowed=allowed_moves(invoice),
        )


def _require_not_written_off(invoice: Invoice, amount: Decimal) -> None:
    """What was given up cannot be taken back too: it would leave the invoice less than nothing."""
    left = invoice.amount - invoice.credited - invoice.written_off
    if invoice.written_off and amount > left:
        raise InvoiceWrittenOff(
            f"{printed(invoice.written_off, invoice.currency)} of invoice {invoice.number} is"
            f" written off; {printed(left, invoice.currency)} can be credited. To credit more,"
            " reverse the write-off first.",
            allowed=allowed_moves(invoice),
        )


def _returned(amounts: dict[int, Decimal]) -> list[NewEvent]:
    """Raise the credit that payments have left; returns the events that say so."""
    events = []
    for pk, amount in sorted(amounts.items()):
        payment = Payment.objects.get(pk=pk)
        Payment.objects.filter(pk=pk).change(unallocated=payment.unallocated + amount)
        payment.refresh()
        events.append(NewEvent("payment.updated", payment, PaymentSerializer(payment).data))
    return events
