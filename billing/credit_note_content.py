"""What stands on a credit note: what is credited of each item, and the tax per rate."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from billing.amounts import printed, require_payable
from billing.invoice_books import Worth, base_charged, base_given_up, total_worth, worth_left
from billing.invoices import allowed_moves
from billing.models import (
    CreditNote,
    CreditNoteItem,
    CreditNoteTax,
    Invoice,
    InvoiceItem,
    InvoiceTax,
)
from bizsuite.errors import Conflict, Invalid
from bizsuite.money import TaxKey, format_decimal, round_money

NOTHING = Decimal(0)
# {invoice_item}, and {quantity} or {total} or neither: all that is left of it.
NewCredit = Mapping[str, Any]


class CreditExceedsItem(Conflict):
    code = "credit_exceeds_item"


@dataclass(frozen=True, slots=True)
class Credit:
    """A part of an item: `total` without tax; quantity None where only the price is lowered."""

    item: InvoiceItem
    quantity: Decimal | None
    total: Decimal


def credits_of(invoice: Invoice, asked: Sequence[NewCredit] | None) -> list[Credit]:
    """What is credited of each item; all that is left of the invoice if `asked` is None."""
    if asked is None:
        return [_rest_of(item) for item in invoice.items.all() if item.left]
    if not asked:
        raise Invalid({"items": "At least one item is required"})
    return _asked_for(invoice, asked)


def add_content(note: CreditNote, parts: Sequence[Credit], *, base_currency: str) -> Worth:
    """Make the note's items and tax lines, and mark the invoice's own as credited. All saved.

    Returns what is taken off each part of the invoice, in the organisation's currency.

    The tax at a rate is the tax on all that was credited at it so far, less what was credited
    before: however an invoice is credited in slices, they add up to its tax.
    """
    items = [
        CreditNoteItem(
            credit_note=note,
            position=position,
            invoice_item=credit.item,
            quantity=credit.quantity,
            total=credit.total,
        )
        for position, credit in enumerate(parts, start=1)
    ]
    before = worth_left(note.invoice, base_currency)
    for credit in parts:
        credit.item.credited += credit.total
        credit.item.credited_quantity += credit.quantity or NOTHING
    InvoiceItem.objects.bulk_update(
        [credit.item for credit in parts], ["credited", "credited_quantity"], batch_size=500
    )
    taxes = tax_lines(note, parts)
    note.subtotal = sum((credit.total for credit in parts), NOTHING)
    note.tax = sum((line.tax for line in taxes), NOTHING)
    note.amount = note.subtotal + note.tax
    after = worth_left(note.invoice, base_currency)
    taken = {part: worth - after[part] for part, worth in before.items()}
    invoice = note.invoice
    if invoice.credited + invoice.written_off + note.amount == invoice.amount:
        # No payment is left to make up for a cent by which what was written off is out of step.
        left = base_charged(invoice, base_currency) - base_given_up(invoice)
        largest = max(taken, key=lambda part: taken[part])
        taken[largest] += left - total_worth(taken)
    note.base_amount = total_worth(taken)
    note.save(force_insert=True)
    CreditNoteItem.objects.bulk_create(items, batch_size=500)
    CreditNoteTax.objects.bulk_create(taxes)
    return taken


def tax_lines(note: CreditNote, parts: Sequence[Credit]) -> list[CreditNoteTax]:
    net: dict[TaxKey, Decimal] = defaultdict(Decimal)
    for credit in parts:
        net[credit.item.tax_key] += credit.total
    lines = []
    for charged in note.invoice.taxes.all():
        if charged.key in net:
            before = charged.credited_tax
            charged.credited_net += net[charged.key]
            charged.credited_tax = tax_on_credited(charged.credited_net, charged, note.currency)
            charged.save(update_fields=["credited_net", "credited_tax"])
            lines.append(
                CreditNoteTax(
                    credit_note=note,
                    category=charged.category,
                    rate=charged.rate,
                    exemption_reason=charged.exemption_reason,
                    net=net[charged.key],
                    tax=charged.credited_tax - before,
                )
            )
    return lines


def tax_on_credited(net: Decimal, charged: InvoiceTax, currency: str) -> Decimal:
    """The tax on `net` of what an invoice charges at one rate; on all of it, all of its tax.

    The two differ where the prices include the tax: there it is what the net leaves of them.
    """
    if net == charged.net:
        return charged.tax
    return min(round_money(Fraction(net) * Fraction(charged.rate) / 100, currency), charged.tax)


def credit_of_quantity(item: InvoiceItem, quantity: Decimal, currency: str) -> Credit:
    """Its part of what is left of the item's price: the last one takes the remainder."""
    if quantity >= item.quantity_left:
        return Credit(item, quantity, item.left)
    part = Fraction(item.left) * Fraction(quantity) / Fraction(item.quantity_left)
    return Credit(item, quantity, round_money(part, currency))


def _asked_for(invoice: Invoice, asked: Sequence[NewCredit]) -> list[Credit]:
    items = {item.pk: item for item in invoice.items.all()}
    parts: dict[int, Credit] = {}
    for index, new in enumerate(asked):
        field, pk = f"items.{index}", new["invoice_item"].pk
        if pk not in items:
            raise Invalid({f"{field}.invoice_item_id": f"Not an item of invoice {invoice.number}"})
        if pk in parts:
            raise Invalid({f"{field}.invoice_item_id": "Name each item once"})
        parts[pk] = _credit(items[pk], new, invoice.currency, field)
    return list(parts.values())


def _credit(item: InvoiceItem, new: NewCredit, currency: str, field: str) -> Credit:
    quantity, total = new.get("quantity"), new.get("total")
    if quantity is not None and total is not None:
        raise Invalid({field: "Give qty or amount, not both"})
    if not item.left:
        raise CreditExceedsItem(
            f"“{item.description}” has nothing left to credit.", allowed=allowed_moves(item.invoice)
        )
    if quantity is not None:
        return _asked_quantity(item, quantity, currency, field)
    if total is None:
        return _rest_of(item)
    require_payable(total, currency, field=f"{field}.amount")
    if total > item.left:
        raise CreditExceedsItem(
            f"“{item.description}” has {printed(item.left, currency)} net left to credit, and"
            f" {printed(total, currency)} is asked for.",
            allowed=allowed_moves(item.invoice),
        )
    return Credit(item, None, total)


def _asked_quantity(item: InvoiceItem, quantity: Decimal, currency: str, field: str) -> Credit:
    left = item.quantity_left
    if quantity > left:
        raise CreditExceedsItem(
            f"“{item.description}” has a quantity of {format_decimal(left)} left to credit, and"
            f" {format_decimal(quantity)} is asked for.",
            allowed=allowed_moves(item.invoice),
        )
    credit = credit_of_quantity(item, quantity, currency)
    if not credit.total:
        raise Invalid({f"{field}.qty": "Comes to nothing"})
    return credit


def _rest_of(item: InvoiceItem) -> Credit:
    return Credit(item, item.quantity_left or None, item.left)
