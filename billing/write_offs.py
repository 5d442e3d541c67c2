"""Writing off what customers will not pay, and taking that back when they do."""

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from billing.allocations import InvoiceNotOpen
from billing.amounts import printed, require_payable
from billing.currency import open_books
from billing.invoice_books import base_charged, base_cleared, base_when_paid
from billing.invoices import allowed_moves, locked
from billing.ledger import NewEntry, NewPosting, post_entry, reversal
from billing.models import Invoice, WriteOff
from billing.models.ledger import Basis, Ledger
from billing.serializers import InvoiceSerializer, WriteOffSerializer
from bizsuite.errors import Conflict, Invalid
from bizsuite.events.recording import NewEvent, record_events
from bizsuite.identity.actors import Actor
from bizsuite.records import lock


class WriteOffExceedsBalance(Conflict):
    code = "write_off_exceeds_balance"


class WriteOffReversed(Conflict):
    code = "write_off_reversed"


@transaction.atomic
def write_off_invoice(
    invoice: Invoice,
    *,
    actor: Actor,
    amount: Decimal | None = None,
    date: datetime.date | None = None,
    **details: Any,
) -> WriteOff:
    """Give up what a customer will not pay. It is no longer owed, and on the accrual basis a loss.

    amount: all that is owed if None. date: today if None, and no day before the invoice's.
    details: reason, external_id, metadata. Raises InvoiceNotOpen and WriteOffExceedsBalance.
    """
    profile = open_books()
    invoice = locked(invoice)
    if amount is not None:
        require_payable(amount, invoice.currency)
    date = date or max(profile.today(), invoice.date)
    if date < invoice.date:
        raise Invalid({"date": "A write-off must not be dated before its invoice"})
    amount = invoice.balance if amount is None else amount
    _require_owed(invoice, amount)
    write_off = WriteOff(
        invoice=invoice,
        customer=invoice.customer,
        date=date,
        amount=amount,
        currency=invoice.currency,
        exchange_rate=invoice.exchange_rate,
        base_amount=_base_amount(invoice, amount, profile.currency),
        **details,
    )
    write_off.search_text = write_off.folded_search_text()
    write_off.save(force_insert=True)
    post_entry(_entry(write_off))
    _let_be_written_off(invoice, invoice.written_off + amount)
    _record(write_off, "created", invoice, "written_off", actor)
    return write_off


@transaction.atomic
def reverse_write_off(
    write_off: WriteOff, *, actor: Actor, date: datetime.date | None = None
) -> WriteOff:
    """Ask for the money again: they pay after all. The invoice is owed as if nothing had been.

    date: of the reversal in the books; today if None, and no day before the write-off's. Raises
    WriteOffReversed the second time.
    """
    profile = open_books()
    # The invoice first, as everybody who changes it does.
    invoice = locked(write_off.invoice)
    lock(write_off)
    if write_off.reversed_on is not None:
        raise WriteOffReversed(
            f"Write-off {write_off.pk} was reversed on {write_off.reversed_on}.",
            allowed=allowed_moves(invoice),
        )
    date = date or max(profile.today(), write_off.date)
    if date < write_off.date:
        raise Invalid({"date": "A reversal must not be dated before what it reverses"})
    post_entry(reversal(write_off, date=date))
    WriteOff.objects.filter(pk=write_off.pk).change(reversed_on=date)
    write_off.refresh()
    _let_be_written_off(invoice, invoice.written_off - write_off.amount)
    _record(write_off, "reversed", invoice, "updated", actor)
    return write_off


def _require_owed(invoice: Invoice, amount: Decimal) -> None:
    if not invoice.is_open():
        raise InvoiceNotOpen(
            f"Invoice {invoice.number or invoice.pk} is {invoice.status}; nothing is owed on it.",
            allowed=allowed_moves(invoice),
        )
    if amount > invoice.balance:
        raise WriteOffExceedsBalance(
            f"Invoice {invoice.number} has {printed(invoice.balance, invoice.currency)} left to"
            f" pay, and {printed(amount, invoice.currency)} is to be written off.",
            allowed=allowed_moves(invoice),
        )


def _base_amount(invoice: Invoice, amount: Decimal, base_currency: str) -> Decimal:
    """What is cleared of the receivable: cumulatively, and with the last of it all of it."""
    charged = base_charged(invoice, base_currency)
    done = invoice.paid + invoice.written_off + amount
    cleared = base_cleared(invoice)
    return max(base_when_paid(invoice, done, charged, base_currency) - cleared, Decimal(0))


def _let_be_written_off(invoice: Invoice, written_off: Decimal) -> None:
    invoice.written_off = written_off
    invoice.balance = invoice.owed()
    Invoice.objects.filter(pk=invoice.pk).change(
        written_off=written_off, balance=invoice.balance, status=invoice.status_by_figures()
    )
    invoice.refresh_from_db(fields=["written_off", "balance", "status", "version", "updated_at"])


def _entry(write_off: WriteOff) -> NewEntry:
    """The loss is the gross amount; the tax stays as it was invoiced.

    On the cash basis nothing happens: what never came was never income.
    """
    return NewEntry(
        date=write_off.date,
        document=write_off,
        description=f"Write-off of invoice {write_off.invoice.number}",
        currency=write_off.currency,
        exchange_rate=write_off.exchange_rate,
        postings=[
            NewPosting(
                ledger=ledger,
                amount=sign * write_off.amount,
                base_amount=sign * write_off.base_amount,
                basis=Basis.ACCRUAL,
                customer=write_off.customer,
            )
            for ledger, sign in ((Ledger.WRITE_OFF, 1), (Ledger.RECEIVABLE, -1))
        ],
    )


def _record(
    write_off: WriteOff, what: str, invoice: Invoice, of_invoice: str, actor: Actor
) -> None:
    record_events(
        [
            NewEvent(f"write_off.{what}", write_off, WriteOffSerializer(write_off).data),
            NewEvent(f"invoice.{of_invoice}", invoice, InvoiceSerializer(invoice).data),
        ],
        actor=actor,
    )
