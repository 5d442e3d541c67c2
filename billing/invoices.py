"""What can be done with an invoice."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone

from billing.currency import open_books
from billing.defaults import default_income_category
from billing.exchange import Rates, rates_of_change
from billing.invoice_books import issue_entry
from billing.invoice_content import (
    built_invoice,
    require_due_after_date,
    set_owed,
)
from billing.items import (
    OF_INVOICES,
    change_prices,
    require_names_in_use,
    save_items,
    what_changes,
)
from billing.ledger import post_entries, post_entry, require_open_period, reversal
from billing.models import Invoice, InvoiceItem, InvoiceTax
from billing.models.invoices import InvoiceStatus
from billing.parties import copied_details, copied_seller
from billing.quote_states import reopen_quote_of
from billing.serializers import InvoiceSerializer
from billing.series import INVOICES, give_numbers, require_free_numbers
from bizsuite.errors import Conflict, Stale
from bizsuite.events.recording import NewEvent, record_event, record_events
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import Organisation
from bizsuite.records import lock
from customers.customers import require_active

TOTALS = ("discount", "subtotal", "tax", "amount", "balance")
# What may still be changed of an issued invoice.
CHANGEABLE_ONCE_ISSUED = (
    "notes",
    "due_date",
    "delivery_email",
    "disputed",
    "reminders_paused",
    "external_id",
    "metadata",
)
# Of the records that items name only the category is looked at; and joined, not prefetched: that
# would name every single id in the query, more than SQLite takes of a very long invoice.
PARTS = (Prefetch("items", InvoiceItem.objects.select_related("category")), "taxes")


class InvoiceNotDraft(Conflict):
    code = "invoice_not_draft"


class InvoiceIssued(Conflict):
    code = "invoice_issued"


class InvoiceNotVoidable(Conflict):
    code = "invoice_not_voidable"


@transaction.atomic
def create_invoices(new_invoices: Sequence[Mapping[str, Any]], *, actor: Actor) -> list[Invoice]:
    """Make invoices, all of them or none; each is issued at once unless its `draft` is true.

    Each has customer and items (description, amount = unit price, quantity; tax_rate in percent,
    product, category … as in `built_items`), and may have date, due_date, supply_date, reference,
    currency, exchange_rate (the organisation's currency for one of the invoice's), tax_inclusive,
    discount_percent or discount_amount, notes, external_id, metadata. One made from a `quote` may
    name what was archived since: the promise is kept. One with a `number` is history of another
    system; the number is its own, outside the series, and it is no draft.
    """
    profile = open_books()
    rates = Rates(profile.currency)
    invoices = []
    items: list[InvoiceItem] = []
    taxes: list[InvoiceTax] = []
    to_issue = []
    for fields in new_invoices:
        require_active(fields["customer"])
        require_names_in_use(fields["items"], already_on=fields.get("quote"))
        invoice, its_items, its_taxes = built_invoice(fields, profile, rates)
        invoices.append(invoice)
        items += its_items
        taxes += its_taxes
        if not fields.get("draft", False):
            to_issue.append(invoice)
    _number(to_issue, profile)
    for invoice in invoices:
        invoice.search_text = invoice.folded_search_text()
    Invoice.objects.bulk_create(invoices)
    save_items(OF_INVOICES, items, taxes)
    _load_parts(invoices)
    _post(to_issue, profile.currency)
    _record_creation(invoices, actor)
    return invoices


def create_invoice(*, actor: Actor, **fields: Any) -> Invoice:
    return create_invoices([fields], actor=actor)[0]


@transaction.atomic
def update_invoice(
    invoice: Invoice, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> Invoice:
    """Change a draft in any way, an issued invoice only in CHANGEABLE_ONCE_ISSUED.

    `items`, when given, replaces all items. What is sent as it is already changes nothing, so
    that a client may send the whole invoice back. Raises InvoiceIssued.
    """
    invoice = locked(invoice)
    if if_version is not None and invoice.version != if_version:
        raise Stale("This invoice has been changed since you read it.")
    changes, items = what_changes(invoice, changes)
    if not changes and items is None:
        return invoice
    if invoice.status != InvoiceStatus.DRAFT:
        _require_changeable_once_issued(invoice, changes, items)
    changes |= rates_of_change(invoice, changes)
    for name, value in changes.items():
        setattr(invoice, name, value)
    require_due_after_date(invoice)
    if "customer" in changes:
        require_active(invoice.customer)
    if change_prices(OF_INVOICES, invoice, items, changes):
        set_owed(invoice)
        changes |= {name: getattr(invoice, name) for name in TOTALS}
    changes["search_text"] = invoice.folded_search_text()
    Invoice.objects.filter(pk=invoice.pk).change(**changes)
    return _changed(invoice, "invoice.updated", actor)


@transaction.atomic
def issue_invoice(invoice: Invoice, *, actor: Actor) -> Invoice:
    """Give a draft its legal number. From here on its amounts never change."""
    invoice = locked(invoice)
    if invoice.status != InvoiceStatus.DRAFT:
        raise InvoiceNotDraft(
            f"Invoice {invoice.number} is issued already.", allowed=allowed_moves(invoice)
        )
    require_active(invoice.customer)
    profile = open_books()
    _number([invoice], profile)
    # Compare-and-set beside the lock: whatever the database, a draft is issued once.
    issued = Invoice.objects.filter(pk=invoice.pk, status=InvoiceStatus.DRAFT).change(
        number=invoice.number,
        status=invoice.status,
        issued_at=invoice.issued_at,
        customer_details=invoice.customer_details,
        seller_details=invoice.seller_details,
        overdue_announced=invoice.overdue_announced,
        search_text=invoice.folded_search_text(),
    )
    if not issued:
        raise InvoiceNotDraft(f"Invoice {invoice.pk} is not a draft.")
    _post([invoice], profile.currency)
    invoice = _changed(invoice, "invoice.issued", actor)
    if invoice.status == InvoiceStatus.PAID:
        record_event("invoice.paid", invoice, data=InvoiceSerializer(invoice).data, actor=actor)
    return invoice


@transaction.atomic
def void_invoice(invoice: Invoice, *, actor: Actor) -> Invoice:
    """Take an unpaid invoice out of the books, by a reversal dated like it. It keeps its number."""
    invoice = locked(invoice)
    if "void" not in allowed_moves(invoice):
        raise InvoiceNotVoidable(
            f"Invoice {invoice.number or invoice.pk} is {invoice.status}; only an issued invoice"
            " with nothing paid, credited or written off on it can be voided.",
            allowed=allowed_moves(invoice),
        )
    require_open_period([invoice.date], open_books())
    if invoice.amount:
        post_entry(reversal(invoice, date=invoice.date))
    Invoice.objects.filter(pk=invoice.pk).change(
        status=InvoiceStatus.VOID, balance=Decimal(0), voided_at=timezone.now()
    )
    return _changed(invoice, "invoice.voided", actor)


@transaction.atomic
def delete_invoice(invoice: Invoice, *, actor: Actor) -> None:
    """Remove a draft. An issued invoice is voided instead; its number must stay accounted for.

    A quote that became this draft is what it was before, and can be converted again.
    """
    invoice = locked(invoice)
    if invoice.status != InvoiceStatus.DRAFT:
        raise InvoiceIssued(
            f"Invoice {invoice.number} is issued and cannot be deleted.",
            allowed=allowed_moves(invoice),
        )
    data, pk, version = InvoiceSerializer(invoice).data, invoice.pk, invoice.version
    reopen_quote_of(invoice, actor=actor)
    invoice.delete()
    invoice.pk, invoice.version = pk, version + 1
    record_event("invoice.deleted", invoice, data=data, actor=actor)


def announce_overdue(*, today: datetime.date, actor: Actor) -> int:
    """Record invoice.overdue, once per invoice; returns how many it was said of."""
    announced = 0
    due = Invoice.objects.overdue(today).filter(overdue_announced=False).order_by("pk")
    for pk in due.values_list("pk", flat=True)[:1000]:
        with transaction.atomic():
            claimed = Invoice.objects.overdue(today).filter(pk=pk, overdue_announced=False)
            if claimed.change(overdue_announced=True):
                _changed(Invoice(pk=pk), "invoice.overdue", actor)
                announced += 1
    return announced


def allowed_moves(invoice: Invoice) -> list[str]:
    """What this invoice's state allows to be done with it."""
    if invoice.status == InvoiceStatus.DRAFT:
        return ["update", "issue", "delete"]
    moves = ["pay"] if invoice.is_open() else []
    if invoice.status == InvoiceStatus.VOID:
        return moves
    if not (invoice.paid or invoice.credited or invoice.written_off):
        moves.append("void")
    if invoice.credited + invoice.written_off < invoice.amount:
        moves.append("credit")
    if invoice.is_open():
        moves.append("write_off")
    if invoice.written_off:
        moves.append("reverse_write_off")
    return moves


def locked(invoice: Invoice) -> Invoice:
    """The invoice and its parts as they are now, held until the transaction ends."""
    # Without joins: PostgreSQL drops a row whose customer changed while it waited for the lock.
    lock(invoice)
    prefetch_related_objects([invoice], "customer", *PARTS)
    return invoice


def _number(invoices: Sequence[Invoice], profile: Organisation) -> None:
    """Mark invoices as issued: number, status, both parties as they are now. Nothing is saved."""
    require_open_period((invoice.date for invoice in invoices), profile)
    require_free_numbers([invoice for invoice in invoices if invoice.imported])
    give_numbers(INVOICES, [invoice for invoice in invoices if not invoice.imported], profile)
    now = timezone.now()
    for invoice in invoices:
        invoice.status = InvoiceStatus.UNPAID if invoice.amount else InvoiceStatus.PAID
        invoice.issued_at = now
        invoice.overdue_announced = invoice.due_date < profile.today(now)
        invoice.customer_details = copied_details(invoice.customer)
        invoice.seller_details = copied_seller(profile)


def _post(invoices: Sequence[Invoice], base_currency: str) -> None:
    category = default_income_category()
    post_entries(
        [issue_entry(invoice, category, base_currency) for invoice in invoices if invoice.amount]
    )


def _load_parts(invoices: Sequence[Invoice]) -> None:
    prefetch_related_objects(invoices, *PARTS)


def _record_creation(invoices: Sequence[Invoice], actor: Actor) -> None:
    events = []
    for invoice, data in zip(invoices, InvoiceSerializer(invoices, many=True).data, strict=True):
        events.append(NewEvent("invoice.created", invoice, data))
        if invoice.status != InvoiceStatus.DRAFT:
            events.append(NewEvent("invoice.issued", invoice, data))
        if invoice.status == InvoiceStatus.PAID:
            events.append(NewEvent("invoice.paid", invoice, data))
    record_events(events, actor=actor)


def _changed(invoice: Invoice, event: str, actor: Actor) -> Invoice:
    """The invoice as it is after a change, with the event that says so."""
    invoice = locked(invoice)
    record_event(event, invoice, data=InvoiceSerializer(invoice).data, actor=actor)
    return invoice


def _require_changeable_once_issued(
    invoice: Invoice, changes: Mapping[str, Any], items: object
) -> None:
    refused = [name for name in changes if name not in CHANGEABLE_ONCE_ISSUED]
    if items is not None:
        refused.append("items")
    if refused:
        raise InvoiceIssued(
            f"Invoice {invoice.number} is issued; {', '.join(refused)} can no longer change.",
            allowed=list(CHANGEABLE_ONCE_ISSUED),
        )
