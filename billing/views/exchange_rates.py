"""The endpoints of exchange rates."""

from decimal import Decimal
from typing import Any

from billing import exchange_rates
from billing.event_types import EXCHANGE_RATE
from billing.filters import ExchangeRateFilter
from billing.models import ExchangeRate
from billing.serializers import ExchangeRateSerializer
from bizsuite.api.views import (
    CreateMixin,
    DeleteMixin,
    ListMixin,
    ResourceViewSet,
    RetrieveMixin,
    UpdateMixin,
)


class ExchangeRateViewSet(
    ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, ResourceViewSet
):
    """What other currencies are worth: documents take the newest rate of their date or before."""

    resource = "exchange-rates"
    queryset = ExchangeRate.objects.all()
    serializer_class = ExchangeRateSerializer
    filterset_class = ExchangeRateFilter
    example = EXCHANGE_RATE
    example_body = {"currency": "EUR", "date": "2024-01-15", "rate": Decimal("1.0945")}
    sortable = ("id", "currency", "date", "created_at", "updated_at")

    def create_record(self, data: dict[str, Any]) -> ExchangeRate:
        return exchange_rates.create_exchange_rate(actor=self.actor, **data)

    def update_record(self, record: ExchangeRate, changes: dict[str, Any]) -> ExchangeRate:
        return exchange_rates.update_exchange_rate(record, actor=self.actor, **changes)

    def delete_record(self, record: ExchangeRate) -> str:
        exchange_rates.delete_exchange_rate(record, actor=self.actor)
        return "Exchange rate deleted"
