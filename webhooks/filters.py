from bizsuite.api.filters import (
    FlagFilter,
    IdFilter,
    RecordFilter,
    SearchFilter,
    TextFilter,
    WordFilter,
)
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint


class EndpointFilter(RecordFilter):
    search = SearchFilter()
    active = FlagFilter(help_text="false: those that are switched off.")
    paused = FlagFilter(
        field_name="paused_at",
        lookup_expr="isnull",
        exclude=True,
        help_text="true: those that are paused, by hand or because too much was waiting.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("search", "active", "paused", "external_id", "updated_since")


class EndpointDeliveryFilter(RecordFilter):
    # None is django-filter's way to drop an inherited filter.
    external_id = None  # type: ignore[assignment]
    updated_since = None  # type: ignore[assignment]
    status = WordFilter(words=list(DeliveryStatus.values))
    event = TextFilter(field_name="event__type", max_length=60, help_text="An event's exact name.")

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = ("status", "event")


class DeliveryFilter(EndpointDeliveryFilter):
    webhook_id = IdFilter(field_name="endpoint_id")

    class Meta(EndpointDeliveryFilter.Meta):
        fields = (*EndpointDeliveryFilter.Meta.fields, "webhook_id")
