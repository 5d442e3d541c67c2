"""What stands on an invoice: its items, their totals, the tax per rate."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from billing.models import Invoice, InvoiceItem, InvoiceTax
from bizsuite.errors import Invalid
from bizsuite.identity.models import Organisation
from bizsuite.money import Line, Totals, compute_totals, round_money

NewItem = Mapping[str, Any]


def built_invoice(
    fields: Mapping[str, Any], profile: Organisation
) -> tuple[Invoice, list[InvoiceItem], list[InvoiceTax]]:
    """A draft that is not saved yet, with its items and tax lines."""
    date = fields.get("date") or profile.today()
    invoice = Invoice(
        customer=fields["customer"],
        date=date,
        due_date=fields.get("due_date") or default_due_date(date, profile),
        currency=profile.currency,
        notes=fields.get("notes", ""),
        external_id=fields.get("external_id"),
        metadata=fields.get("metadata") or {},
    )
    require_due_after_date(invoice)
    items, taxes, totals = built_items(invoice, fields["items"])
    set_totals(invoice, totals)
    return invoice, items, taxes


def default_due_date(date: datetime.date, profile: Organisation) -> datetime.date:
    try:
        return date + datetime.timedelta(days=profile.payment_terms_days)
    except OverflowError:
        return datetime.date.max


def require_due_after_date(invoice: Invoice) -> None:
    if invoice.due_date < invoice.date:
        raise Invalid({"due_date": "Due date must not be before the invoice's date"})


def built_items(
    invoice: Invoice, new_items: Sequence[NewItem]
) -> tuple[list[InvoiceItem], list[InvoiceTax], Totals]:
    """Items and tax lines for `invoice`, and what they come to. Nothing is saved."""
    if not new_items:
        raise Invalid({"items": "At least one item is required"})
    items = [
        InvoiceItem(invoice=invoice, position=position, **item_values(new))
        for position, new in enumerate(new_items, start=1)
    ]
    totals = compute_totals(
        [
            Line(amount=item.amount, quantity=item.quantity, tax_rate=item.tax_rate)
            for item in items
        ],
        invoice.currency,
    )
    for item, total in zip(items, totals.lines, strict=True):
        item.total = total
    taxes = [
        InvoiceTax(invoice=invoice, rate=each.rate, net=each.net, tax=each.tax)
        for each in totals.rates
    ]
    return items, taxes, totals


def item_values(new: NewItem) -> dict[str, Any]:
    """An item's own columns: what was given, and the product's tax rate where none was."""
    product = new.get("product")
    rate = new.get("tax_rate")
    if rate is None:
        rate = product.tax_rate if product else Decimal(0)
    return {
        "description": new["description"],
        "amount": new["amount"],
        "quantity": new["quantity"],
        "tax_rate": rate,
        "product": product,
        "category": new.get("category"),
    }


def set_totals(invoice: Invoice, totals: Totals) -> None:
    invoice.subtotal, invoice.tax, invoice.amount = totals.subtotal, totals.tax, totals.total
    invoice.paid = invoice.credited = round_money(0, invoice.currency)
    invoice.balance = totals.total


def same_items(invoice: Invoice, new_items: Sequence[NewItem]) -> bool:
    """Whether the invoice's items are these already, in this order."""
    news = [InvoiceItem(**item_values(new)) for new in new_items]
    return [_content(item) for item in invoice.items.all()] == [_content(new) for new in news]


def _content(item: InvoiceItem) -> tuple[Any, ...]:
    # Ids and not the records: comparing must fetch nothing.
    return (
        item.description,
        item.amount,
        item.quantity,
        item.tax_rate,
        item.product_id,
        item.category_id,
    )
