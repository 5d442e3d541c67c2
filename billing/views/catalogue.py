"""The endpoints of what documents refer to."""

from decimal import Decimal
from typing import Any, ClassVar

from billing import catalogue
from billing.event_examples import CATEGORY, PRODUCT, SUPPLIER
from billing.event_types import ACCOUNT
from billing.filters import AccountFilter, CategoryFilter, ProductFilter, SupplierFilter
from billing.models import Account, Category, Product, Supplier
from billing.serializers import (
    AccountSerializer,
    CategorySerializer,
    ProductSerializer,
    SupplierSerializer,
)
from bizsuite.api.batches import BatchMixin
from bizsuite.api.views import (
    CreateMixin,
    DeleteMixin,
    ListMixin,
    ResourceViewSet,
    RetrieveMixin,
    UpdateMixin,
)
from bizsuite.records import Named


class NamedViewSet(
    ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, ResourceViewSet
):
    """What accounts, categories and products share: deleted, or archived once in use."""

    sortable: ClassVar[tuple[str, ...]] = ("id", "name", "type", "created_at", "updated_at")

    def update_record(self, record: Named, changes: dict[str, Any]) -> Named:
        return catalogue.update_named(record, actor=self.actor, **changes)

    def delete_record(self, record: Named) -> str:
        name = str(record._meta.verbose_name).capitalize()
        removed = catalogue.delete_named(record, actor=self.actor)
        return f"{name} deleted" if removed else f"{name} archived"


class AccountViewSet(NamedViewSet):
    """Bank and cash accounts, with what is in them."""

    resource = "accounts"
    queryset = Account.objects.all()
    serializer_class = AccountSerializer
    filterset_class = AccountFilter
    example = ACCOUNT
    example_body = {"name": "Bank", "type": "Bank", "opening_balance": Decimal("1500.00")}

    def create_record(self, data: dict[str, Any]) -> Account:
        return catalogue.create_account(actor=self.actor, **data)


class SupplierViewSet(NamedViewSet):
    """Whom you buy from."""

    resource = "suppliers"
    queryset = Supplier.objects.all()
    serializer_class = SupplierSerializer
    filterset_class = SupplierFilter
    example = SUPPLIER
    example_body = {"name": "Paper & Ink Ltd", "tax_id": "GB987654321"}
    sortable = ("id", "name", "created_at", "updated_at")

    def create_record(self, data: dict[str, Any]) -> Supplier:
        return catalogue.create_supplier(actor=self.actor, **data)


class CategoryViewSet(NamedViewSet):
    """What income and expenses are for."""

    resource = "categories"
    queryset = Category.objects.all()
    serializer_class = CategorySerializer
    filterset_class = CategoryFilter
    example = CATEGORY
    example_body = {"name": "Sales", "type": "Income"}

    def create_record(self, data: dict[str, Any]) -> Category:
        return catalogue.create_category(actor=self.actor, **data)


class ProductViewSet(BatchMixin, NamedViewSet):
    """Products and services, with their price without tax."""

    resource = "products"
    queryset = Product.objects.all()
    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    example = PRODUCT
    example_body = {
        "name": "Web Hosting",
        "price": Decimal("99.99"),
        "description": "Annual web hosting package",
        "type": "service",
        "tax_rate": 10,
    }
    sortable = ("id", "name", "type", "price", "created_at", "updated_at")

    def create_record(self, data: dict[str, Any]) -> Product:
        return catalogue.create_product(actor=self.actor, **data)

    def create_records(self, items: list[dict[str, Any]]) -> list[Product]:
        return catalogue.create_products(items, actor=self.actor)
