from typing import Any

from bizsuite.api.batches import BatchMixin
from bizsuite.api.views import (
    CreateMixin,
    DeleteMixin,
    ListMixin,
    ResourceViewSet,
    RetrieveMixin,
    UpdateMixin,
)
from customers import customers
from customers.event_types import CUSTOMER
from customers.filters import CustomerFilter
from customers.models import Customer
from customers.serializers import CustomerSerializer


class CustomerViewSet(
    ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, BatchMixin, ResourceViewSet
):
    """Who buys from you."""

    resource = "customers"
    queryset = Customer.objects.all()
    serializer_class = CustomerSerializer
    filterset_class = CustomerFilter
    example = CUSTOMER
    example_body = {
        "account": "Jane Smith",
        "email": "jane@example.com",
        "phone": "1234567890",
        "address": "123 Business St",
        "city": "New York",
        "state": "NY",
        "zip": "10001",
        "country": "US",
    }
    sortable = ("id", "account", "email", "city", "country", "created_at", "updated_at")

    def create_record(self, data: dict[str, Any]) -> Customer:
        return customers.create_customer(actor=self.actor, **data)

    def create_records(self, items: list[dict[str, Any]]) -> list[Customer]:
        return customers.create_customers(items, actor=self.actor)

    def update_record(self, record: Customer, changes: dict[str, Any]) -> Customer:
        return customers.update_customer(record, actor=self.actor, **changes)

    def delete_record(self, record: Customer) -> str:
        removed = customers.delete_customer(record, actor=self.actor)
        return "Customer deleted" if removed else "Customer archived"
