from decimal import Decimal
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import catalogue
from billing.admin.currencies import CurrencyForm
from billing.admin.forms import NOT_NEGATIVE, PERCENTAGE, bounded
from billing.admin.item_forms import offer_tax_categories, offer_units
from billing.models import Account, Category, Product, Supplier
from billing.serializers import (
    AccountSerializer,
    CategorySerializer,
    ProductSerializer,
    SupplierSerializer,
)
from bizsuite.backoffice.archiving import ArchivableMixin
from bizsuite.backoffice.display import money, number
from bizsuite.backoffice.filters import ArchivedFilter
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.identity.models import organisation
from bizsuite.records import Named


class NamedAdmin(ArchivableMixin, MetadataMixin, ResourceAdmin):
    """What accounts, categories and products have in common: removed, archived, restored."""

    ordering = ("name", "id")
    delete_question = gettext_lazy(
        "If documents refer to it, it is archived instead: hidden, but kept."
    )

    def update_record(self, request: HttpRequest, record: Named, changes: dict[str, Any]) -> None:
        catalogue.update_named(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: Named) -> bool:
        return catalogue.delete_named(record, actor=self.actor(request))

    def archive_record(self, request: HttpRequest, record: Named) -> None:
        catalogue.archive_named(record, actor=self.actor(request))

    def restore_record(self, request: HttpRequest, record: Named) -> None:
        catalogue.restore_named(record, actor=self.actor(request))


class AccountForm(CurrencyForm, MetadataForm):
    """The currency is chosen once."""


@admin.register(Account)
class AccountAdmin(NamedAdmin):
    resource = "accounts"
    form = AccountForm
    serializer_class = AccountSerializer

    list_display = ("name", "type", "money_balance", "state_badge")
    list_filter = (ArchivedFilter, "type")
    fieldsets = (
        (None, {"fields": ("name", "type")}),
        FOR_OTHER_SYSTEMS,
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": ("name", "type", ("currency", "opening_balance")),
                "description": gettext_lazy(
                    "The opening balance is booked today, against equity. It cannot be changed "
                    "afterwards, nor can the currency."
                ),
            },
        ),
        FOR_OTHER_SYSTEMS,
    )

    @admin.display(description=gettext_lazy("balance"), ordering="balance")
    def money_balance(self, account: Account) -> SafeString | str:
        return money(account.balance, account.currency)

    def summary(self, request: HttpRequest, record: Account) -> list[tuple[Any, Any]]:
        return [
            (_("Balance"), self.money_balance(record)),
            (_("Opening balance"), money(record.opening_balance, record.currency)),
            (_("Status"), self.state_badge(record)),
        ]

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Account:
        return catalogue.create_account(actor=self.actor(request), **data)


@admin.register(Category)
class CategoryAdmin(NamedAdmin):
    resource = "categories"
    serializer_class = CategorySerializer

    list_display = ("name", "type", "state_badge")
    list_filter = (ArchivedFilter, "type")
    ordering = ("type", "name", "id")
    fieldsets = ((None, {"fields": ("name", "type")}), FOR_OTHER_SYSTEMS)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Category:
        return catalogue.create_category(actor=self.actor(request), **data)


@admin.register(Supplier)
class SupplierAdmin(NamedAdmin):
    resource = "suppliers"
    serializer_class = SupplierSerializer

    list_display = ("name", "tax_id", "email", "phone", "city", "state_badge")
    list_filter = (ArchivedFilter,)
    fieldsets = (
        (None, {"fields": ("name", "tax_id", ("email", "phone"))}),
        (gettext_lazy("Address"), {"fields": ("address", ("zip", "city"), "country")}),
        (None, {"fields": ("notes",)}),
        FOR_OTHER_SYSTEMS,
    )

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Supplier:
        return catalogue.create_supplier(actor=self.actor(request), **data)


class ProductForm(MetadataForm):
    class Meta:
        labels: ClassVar[dict[str, Any]] = {"tax_rate": gettext_lazy("Tax rate in %")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bounded(self, "price", NOT_NEGATIVE)
        bounded(self, "tax_rate", *PERCENTAGE)
        offer_units(self)
        offer_tax_categories(self)

    def _get_validation_exclusions(self) -> set[str]:
        """The action puts in what was left empty of how it is taxed, and judges all of it."""
        excluded: set[str] = super()._get_validation_exclusions()
        return excluded | {"unit", "tax_category", "tax_exemption_reason"}


@admin.register(Product)
class ProductAdmin(NamedAdmin):
    resource = "products"
    serializer_class = ProductSerializer
    form = ProductForm

    list_display = ("name", "type", "money_price", "count_tax_rate", "state_badge")
    list_filter = (ArchivedFilter, "type")
    fieldsets = (
        (None, {"fields": ("name", "type", ("price", "unit"), "tax_rate", "description")}),
        (
            gettext_lazy("Where no tax is charged"),
            {"fields": ("tax_category", "tax_exemption_reason"), "classes": ("collapse",)},
        ),
        FOR_OTHER_SYSTEMS,
    )

    @admin.display(description=gettext_lazy("price"), ordering="price")
    def money_price(self, product: Product) -> SafeString | str:
        return number(product.price, minimum_places=2)

    @admin.display(description=gettext_lazy("tax rate"), ordering="tax_rate")
    def count_tax_rate(self, product: Product) -> SafeString | str:
        return number(product.tax_rate, unit="%")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"tax_rate": Decimal(0)} | super().get_changeform_initial_data(request)

    def get_form(
        self, request: HttpRequest, obj: Product | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        help_texts = {"price": _("In %(currency)s, without tax.") % {"currency": _currency()}}
        return super().get_form(request, obj, change=change, help_texts=help_texts, **kwargs)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Product:
        return catalogue.create_product(actor=self.actor(request), **data)


def _currency() -> str:
    return organisation().currency


AccountAdmin.announce(
    RelatedList(
        gettext_lazy("Transactions"),
        "receipt_long",
        "transactions",
        "billing_transaction_changelist",
        "account__id__exact",
    )
)
SupplierAdmin.announce(
    RelatedList(
        gettext_lazy("Expenses"),
        "receipt_long",
        "transactions",
        "billing_transaction_changelist",
        "supplier__id__exact",
    )
)
