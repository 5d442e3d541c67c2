"""The endpoints of transfers."""

from decimal import Decimal
from typing import Any

from billing import transfers
from billing.event_types import TRANSFER
from billing.filters import TransferFilter
from billing.models import Transfer
from billing.serializers import TransferSerializer
from bizsuite.api.views import CreateMixin, ListMixin, ResourceViewSet, RetrieveMixin


class TransferViewSet(ListMixin, CreateMixin, RetrieveMixin, ResourceViewSet):
    """Money moved between own accounts: no income, no expense. What is booked is not edited."""

    resource = "transfers"
    queryset = Transfer.objects.all()
    serializer_class = TransferSerializer
    filterset_class = TransferFilter
    example = TRANSFER
    example_body = {
        "from_account_id": 1,
        "to_account_id": 2,
        "amount": Decimal("500.00"),
        "date": "2024-01-31",
    }
    sortable = ("id", "date", "amount", "created_at", "updated_at")

    def create_record(self, data: dict[str, Any]) -> Transfer:
        return transfers.create_transfer(actor=self.actor, **data)
