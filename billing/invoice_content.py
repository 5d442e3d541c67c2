"""What stands on an invoice: its dates, its items, what they come to."""

import datetime
from collections.abc import Mapping
from typing import Any

from billing.exchange import Rates, require_currency
from billing.items import OF_INVOICES, PRICING, built_items
from billing.models import Invoice, InvoiceItem, InvoiceTax
from bizsuite.errors import Invalid
from bizsuite.identity.models import Organisation
from bizsuite.money import round_money


def built_invoice(
    fields: Mapping[str, Any], profile: Organisation, rates: Rates
) -> tuple[Invoice, list[InvoiceItem], list[InvoiceTax]]:
    """A draft that is not saved yet, with its items and tax lines."""
    date = fields.get("date") or profile.today()
    number = fields.get("number")
    if number and fields.get("draft", False):
        raise Invalid({"invoice_number": "A draft has none; leave out `draft` or the number"})
    currency = fields.get("currency") or profile.currency
    require_currency(currency)
    invoice = Invoice(
        customer=fields["customer"],
        number=number or None,
        imported=bool(number),
        date=date,
        due_date=fields.get("due_date") or default_due_date(date, profile),
        supply_date=fields.get("supply_date"),
        reference=fields.get("reference", ""),
        currency=currency,
        exchange_rate=rates.rate(currency, date, fields.get("exchange_rate")),
        **{name: fields[name] for name in PRICING if name in fields},
        notes=fields.get("notes", ""),
        recurring_invoice=fields.get("recurring_invoice"),
        recurring_period=fields.get("recurring_period"),
        delivery_email=fields.get("delivery_email", ""),
        disputed=fields.get("disputed", False),
        reminders_paused=fields.get("reminders_paused", False),
        late_fee_for=fields.get("late_fee_for"),
        external_id=fields.get("external_id"),
        metadata=fields.get("metadata") or {},
    )
    require_due_after_date(invoice)
    items, taxes = built_items(OF_INVOICES, invoice, fields["items"])
    set_owed(invoice)
    return invoice, items, taxes


def default_due_date(date: datetime.date, profile: Organisation) -> datetime.date:
    try:
        return date + datetime.timedelta(days=profile.payment_terms_days)
    except OverflowError:
        return datetime.date.max


def require_due_after_date(invoice: Invoice) -> None:
    if invoice.due_date < invoice.date:
        raise Invalid({"due_date": "Due date must not be before the invoice's date"})


def set_owed(invoice: Invoice) -> None:
    """Nothing is paid of what a draft comes to."""
    invoice.paid = invoice.credited = invoice.written_off = round_money(0, invoice.currency)
    invoice.balance = invoice.amount
