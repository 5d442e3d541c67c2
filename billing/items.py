"""The items of documents: what they say, what they come to, the tax per rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from billing.amounts import printed, require_payable
from billing.catalogue import require_category, require_in_use
from billing.models import (
    Invoice,
    InvoiceItem,
    InvoiceTax,
    Quote,
    QuoteItem,
    QuoteTax,
    RecurringInvoice,
    RecurringInvoiceItem,
    RecurringInvoiceTax,
)
from billing.models.catalogue import PLAIN_UNIT, FlowType
from billing.models.items import ChargedTax, Discounted, DocumentItem
from billing.tax_treatment import TREATMENT, require_one_scope, tax_treatment
from bizsuite.errors import Invalid
from bizsuite.money import DiscountTooLarge, Line, Totals, compute_totals

NewItem = Mapping[str, Any]
Document = Invoice | Quote | RecurringInvoice
Item = TypeVar("Item", bound=DocumentItem)
Tax = TypeVar("Tax", bound=ChargedTax)
# What an item says, as opposed to what that comes to.
SAID = (
    "description",
    "amount",
    "quantity",
    "unit",
    "discount_percent",
    "discount_amount",
    *TREATMENT,
)
CONTENT = (*SAID, "product_id", "category_id")
# What a document says about its prices.
PRICING = ("discount_percent", "discount_amount", "tax_inclusive")


@dataclass(frozen=True, slots=True)
class Parts(Generic[Item, Tax]):
    """What one kind of document is made of. document: what its parts call it."""

    document: str
    item: type[Item]
    tax: type[Tax]


OF_INVOICES = Parts("invoice", InvoiceItem, InvoiceTax)
OF_QUOTES = Parts("quote", QuoteItem, QuoteTax)
OF_RECURRING = Parts("recurring_invoice", RecurringInvoiceItem, RecurringInvoiceTax)


def built_items(
    parts: Parts[Item, Tax], document: Document, new_items: Sequence[NewItem]
) -> tuple[list[Item], list[Tax]]:
    """Items and tax lines for `document`, whose totals are set. Nothing is saved.

    Each has description, amount = unit price, quantity, and may have tax_rate in percent,
    tax_category, tax_exemption_reason, unit, discount_percent or discount_amount, product and
    category. Raises Invalid if there is none, or where what they say does not go together.
    """
    if not new_items:
        raise Invalid({"items": "At least one item is required"})
    its = {parts.document: document}
    items = [
        parts.item(position=position, **its, **item_values(new, path=f"items.{position - 1}."))
        for position, new in enumerate(new_items, start=1)
    ]
    return items, priced(parts, document, items)


def replaced_items(
    parts: Parts[Item, Tax], document: Document, new_items: Sequence[NewItem]
) -> None:
    """Put new items in the place of the old; the document's totals are set, and not saved."""
    items, taxes = built_items(parts, document, new_items)
    document.items.all().delete()
    document.taxes.all().delete()
    save_items(parts, items, taxes)


def change_prices(
    parts: Parts[Item, Tax],
    document: Document,
    new_items: Sequence[NewItem] | None,
    changes: Mapping[str, Any],
) -> bool:
    """After a change: new items for the old, or new totals for these; False if neither is asked."""
    if new_items is not None:
        require_names_in_use(new_items, already_on=document)
        replaced_items(parts, document, new_items)
    elif changes.keys() & {*PRICING, "currency"}:
        repriced_items(parts, document)
    else:
        return False
    return True


def repriced_items(parts: Parts[Item, Tax], document: Document) -> None:
    """Price the items that there are by what the document says now; its totals are not saved."""
    rows: Any = document.items.all()
    items: list[Item] = list(rows)
    taxes = priced(parts, document, items)
    parts.item._default_manager.bulk_update(items, ["total", "net"], batch_size=500)
    document.taxes.all().delete()
    parts.tax._default_manager.bulk_create(taxes, batch_size=500)


def save_items(parts: Parts[Item, Tax], items: Sequence[Item], taxes: Sequence[Tax]) -> None:
    parts.item._default_manager.bulk_create(items, batch_size=500)
    parts.tax._default_manager.bulk_create(taxes, batch_size=500)


def priced(parts: Parts[Item, Tax], document: Document, items: Sequence[Item]) -> list[Tax]:
    """Give items and document what they come to; returns the tax lines. Nothing is saved."""
    require_one_scope(items)
    _require_discount(document, document.currency, "")
    for index, item in enumerate(items):
        _require_discount(item, document.currency, f"items.{index}.")
    try:
        totals = totals_of(document, items)
    except DiscountTooLarge as error:
        raise _explained(error, document) from error
    for item, total, net in zip(items, totals.lines, totals.nets, strict=True):
        item.total, item.net = total, net
    document.discount = totals.discount
    document.subtotal, document.tax, document.amount = totals.subtotal, totals.tax, totals.total
    return [
        parts.tax(
            **{parts.document: document},
            category=each.category,
            rate=each.rate,
            exemption_reason=_reasons(items, each.category),
            discount=each.discount,
            net=each.net,
            tax=each.tax,
        )
        for each in totals.rates
    ]


def totals_of(document: Document, items: Sequence[DocumentItem]) -> Totals:
    """What the items come to by their prices and discounts and the document's. Computed anew."""
    return compute_totals(
        [
            Line(
                amount=item.amount,
                quantity=item.quantity,
                tax_rate=item.tax_rate,
                tax_category=item.tax_category,
                discount=item.own_discount,
            )
            for item in items
        ],
        document.currency,
        discount=document.own_discount,
        tax_inclusive=document.tax_inclusive,
    )


def item_values(new: NewItem, *, path: str = "") -> dict[str, Any]:
    """An item's own columns: what was given, and the product's where it was not.

    path: what stands before the names of fields in errors.
    """
    product = new.get("product")
    return {
        "description": new["description"],
        "amount": new["amount"],
        "quantity": new["quantity"],
        "unit": new.get("unit") or (product.unit if product else PLAIN_UNIT),
        "discount_percent": new.get("discount_percent"),
        "discount_amount": new.get("discount_amount"),
        "product": product,
        "category": new.get("category"),
        **tax_treatment(new, product=product, path=path),
    }


def repeated_items(document: Document) -> list[dict[str, Any]]:
    """The document's items, to be put onto another one as they stand."""
    names = (*SAID, "product", "category")
    return [{name: getattr(item, name) for name in names} for item in document.items.all()]


def what_changes(
    document: Document, sent: Mapping[str, Any]
) -> tuple[dict[str, Any], Sequence[NewItem] | None]:
    """Of what is sent for a document: the columns that are not so already, and its new items.

    None: no items were sent, or the document has these, in this order. A discount of one kind
    takes the place of the other, where nothing is said of that one.
    """
    changes = _with_one_discount(dict(sent))
    items: Sequence[NewItem] | None = changes.pop("items", None)
    if items is not None and _has_items(document, items):
        items = None
    changes = {name: value for name, value in changes.items() if getattr(document, name) != value}
    return changes, items


def _has_items(document: Document, new_items: Sequence[NewItem]) -> bool:
    news = [
        InvoiceItem(**item_values(new, path=f"items.{index}."))
        for index, new in enumerate(new_items)
    ]
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


def _with_one_discount(changes: dict[str, Any]) -> dict[str, Any]:
    kinds = ("discount_percent", "discount_amount")
    for kind, other in (kinds, kinds[::-1]):
        if changes.get(kind) is not None and other not in changes:
            return changes | {other: None}
    return changes


def _require_discount(priced: Discounted, currency: str, path: str) -> None:
    if priced.discount_percent is not None and priced.discount_amount is not None:
        raise Invalid(
            {f"{path}discount_amount": "Give discount_percent or discount_amount, not both"}
        )
    if priced.discount_amount is not None:
        require_payable(priced.discount_amount, currency, field=f"{path}discount_amount")


def _explained(error: DiscountTooLarge, document: Document) -> Invalid:
    most = printed(error.most, document.currency)
    if error.line is None:
        return Invalid({"discount_amount": f"Must not be more than the items come to, {most}"})
    field = f"items.{error.line}.discount_amount"
    return Invalid({field: f"Must not be more than the price by quantity, {most}"})


def _reasons(items: Sequence[DocumentItem], category: str) -> str:
    """Why no tax is charged: each reason once, in the order of the items."""
    reasons = (item.tax_exemption_reason for item in items if item.tax_category == category)
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


def _content(item: DocumentItem) -> tuple[Any, ...]:
    # Ids and not the records: comparing must fetch nothing.
    return tuple(getattr(item, name) for name in CONTENT)
