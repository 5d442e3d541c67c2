"""The items of a document, on its page."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from billing.admin.item_forms import DETAILS, ItemForm, ItemsFormSet
from billing.models.items import DocumentItem
from billing.models.tax_categories import WITH_REASON
from billing.units import unit_symbol
from bizsuite.backoffice.display import money, number
from bizsuite.backoffice.resource_admin import ItemInline

NAMED = ("product", "description", "category")


class ItemsInline(ItemInline):
    """The items; they can be changed while the document `is_open`, and are shown afterwards.

    document: what an item calls its document.
    """

    document: ClassVar[str]
    form = ItemForm
    formset = ItemsFormSet
    template_before = "billing/items_details.html"
    autocomplete_fields = ("product",)
    readonly_fields = (
        "money_total",
        "money_price",
        "count_quantity",
        "count_discount",
        "count_tax",
    )

    def is_open(self, document: Any) -> bool:
        """`document` is None on the page that adds one."""
        raise NotImplementedError

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.has_change_permission(request, obj):
            return (*NAMED, "quantity", "amount", "tax_rate", *DETAILS, "money_total")
        return (
            *NAMED,
            "count_quantity",
            "money_price",
            "count_discount",
            "count_tax",
            "money_total",
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[DocumentItem]:
        return super().get_queryset(request).select_related(self.document, "product", "category")

    @admin.display(description=gettext_lazy("total"))
    def money_total(self, item: DocumentItem) -> SafeString | str:
        return money(item.total, item.currency) if item.pk else "–"

    @admin.display(description=gettext_lazy("unit price"))
    def money_price(self, item: DocumentItem) -> SafeString | str:
        return number(item.amount, minimum_places=2)

    @admin.display(description=gettext_lazy("qty"))
    def count_quantity(self, item: DocumentItem) -> SafeString | str:
        return number(item.quantity, unit=unit_symbol(item.unit))

    @admin.display(description=gettext_lazy("discount"))
    def count_discount(self, item: DocumentItem) -> SafeString | str:
        if item.discount_percent is not None:
            return number(item.discount_percent, unit="%")
        if item.discount_amount is not None:
            return money(item.discount_amount, item.currency)
        return "–"

    @admin.display(description=gettext_lazy("tax"))
    def count_tax(self, item: DocumentItem) -> SafeString | str:
        if item.tax_category in WITH_REASON:
            shown = '<span title="{}">{}</span>'
            return format_html(shown, item.tax_exemption_reason, item.get_tax_category_display())
        return number(item.tax_rate, unit="%")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else 2

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(obj) and super().has_delete_permission(request, obj)
