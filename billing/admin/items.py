"""The items of a document, on its page."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from billing.admin.forms import ItemForm
from billing.models.items import DocumentItem
from bizsuite.backoffice.display import money, number
from bizsuite.backoffice.resource_admin import ItemInline


class ItemsInline(ItemInline):
    """The items; they can be changed while the document `is_open`, and are shown afterwards.

    document: what an item calls its document.
    """

    document: ClassVar[str]
    form = ItemForm
    autocomplete_fields = ("product",)
    readonly_fields = ("money_total", "money_price", "count_quantity", "count_tax_rate")

    def is_open(self, document: Any) -> bool:
        """`document` is None on the page that adds one."""
        raise NotImplementedError

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if self.has_change_permission(request, obj):
            typed = ("quantity", "amount", "tax_rate")
        else:
            typed = ("count_quantity", "money_price", "count_tax_rate")
        return ("product", "description", "category", *typed, "money_total")

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
        return number(item.quantity)

    @admin.display(description=gettext_lazy("tax"))
    def count_tax_rate(self, item: DocumentItem) -> SafeString | str:
        return number(item.tax_rate, unit="%")

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else 2

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.is_open(obj) and super().has_delete_permission(request, obj)
