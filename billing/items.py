"""The items of documents: what they say, what they come to, the tax per rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from billing.catalogue import require_category, require_in_use
from billing.models import Invoice, InvoiceItem, InvoiceTax, Quote, QuoteItem, QuoteTax
from billing.models.catalogue import FlowType
from billing.models.items import DocumentItem, DocumentTax
from bizsuite.errors import Invalid
from bizsuite.money import Line, Totals, compute_totals

NewItem = Mapping[str, Any]
Document = Invoice | Quote
Item = TypeVar("Item", bound=DocumentItem)
Tax = TypeVar("Tax", bound=DocumentTax)


@dataclass(frozen=True, slots=True)
class Parts(Generic[Item, Tax]):
    """What one kind of document is made of. document: what its parts call it."""

    document: str
    item: type[Item]
    tax: type[Tax]


OF_INVOICES = Parts("invoice", InvoiceItem, InvoiceTax)
OF_QUOTES = Parts("quote", QuoteItem, QuoteTax)


def built_items(
    parts: Parts[Item, Tax], document: Document, new_items: Sequence[NewItem]
) -> tuple[list[Item], list[Tax], Totals]:
    """Items and tax lines for `document`, and what they come to. Nothing is saved.

    Each has description, amount = unit price, quantity, and may have tax_rate in percent,
    product and category. Raises Invalid if there is none.
    """
    if not new_items:
        raise Invalid({"items": "At least one item is required"})
    its = {parts.document: document}
    items = [
        parts.item(position=position, **its, **item_values(new))
        for position, new in enumerate(new_items, start=1)
    ]
    totals = compute_totals(
        [
            Line(amount=item.amount, quantity=item.quantity, tax_rate=item.tax_rate)
            for item in items
        ],
        document.currency,
    )
    for item, total in zip(items, totals.lines, strict=True):
        item.total = total
    taxes = [parts.tax(rate=each.rate, net=each.net, tax=each.tax, **its) for each in totals.rates]
    return items, taxes, totals


def replaced_items(
    parts: Parts[Item, Tax], document: Document, new_items: Sequence[NewItem]
) -> Totals:
    """Put new items in the place of the old; returns what they come to."""
    items, taxes, totals = built_items(parts, document, new_items)
    document.items.all().delete()
    document.taxes.all().delete()
    save_items(parts, items, taxes)
    return totals


def save_items(parts: Parts[Item, Tax], items: Sequence[Item], taxes: Sequence[Tax]) -> None:
    parts.item._default_manager.bulk_create(items, batch_size=500)
    parts.tax._default_manager.bulk_create(taxes, batch_size=500)


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


def same_items(document: Document, new_items: Sequence[NewItem]) -> bool:
    """Whether the document's items are these already, in this order."""
    news = [InvoiceItem(**item_values(new)) for new in new_items]
    return [_content(item) for item in document.items.all()] == [_content(new) for new in news]


def require_names_in_use(
    new_items: Sequence[NewItem], *, already_on: Document | None = None
) -> None:
    """An archived product or category may stay on a document, and not come onto one."""
    on_it: Sequence[DocumentItem] = list(already_on.items.all()) if already_on else ()
    kept = {
        "product": {item.product_id for item in on_it},
        "category": {item.category_id for item in on_it},
    }
    for index, new in enumerate(new_items):
        for name, ids in kept.items():
            named = new.get(name)
            if named is not None and named.pk not in ids:
                require_in_use(named, f"items.{index}.{name}_id")
        if new.get("category") is not None:
            require_category(new["category"], FlowType.INCOME, f"items.{index}.category_id")


def _content(item: DocumentItem) -> tuple[Any, ...]:
    # Ids and not the records: comparing must fetch nothing.
    return (
        item.description,
        item.amount,
        item.quantity,
        item.tax_rate,
        item.product_id,
        item.category_id,
    )
