from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from bizsuite.api.serializers import NoBody
from bizsuite.api.views import (
    CreateMixin,
    DeleteMixin,
    ListMixin,
    ResourceViewSet,
    RetrieveMixin,
    UpdateMixin,
)
from bizsuite.errors import Invalid
from webhooks import endpoints, replaying, switching
from webhooks.addresses import resolve_host
from webhooks.destinations import refused_destination
from webhooks.event_types import WEBHOOK
from webhooks.filters import DeliveryFilter, EndpointDeliveryFilter, EndpointFilter
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.serializers import (
    DeliverySerializer,
    DeliveryWithAttemptsSerializer,
    EnableSerializer,
    EndpointSerializer,
    EndpointWithSecretSerializer,
    ReplayedSerializer,
    ReplaySerializer,
    StatisticsSerializer,
)
from webhooks.statistics import statistics_of

SORTABLE_DELIVERY = ("id", "created_at", "next_attempt_at", "delivered_at")
DELIVERIES = Delivery.objects.select_related("event", "endpoint").defer("event__payload")


class WebhookViewSet(
    ListMixin, CreateMixin, RetrieveMixin, UpdateMixin, DeleteMixin, ResourceViewSet
):
    """Addresses that are told of events."""

    resource = "webhooks"
    queryset = WebhookEndpoint.objects.all()
    serializer_class = EndpointSerializer
    filterset_class = EndpointFilter
    example = WEBHOOK
    example_body = {
        "url": "https://your-domain.com/webhook",
        "events": ["invoice.created", "payment.received"],
    }
    sortable = ("id", "url", "created_at", "updated_at")
    resolve = staticmethod(resolve_host)

    def prepare(self) -> None:
        """Ask where the URL leads before the transaction opens."""
        url = self.body.get("url") if isinstance(self.body, dict) else None
        if isinstance(url, str) and (refusal := refused_destination(url, self.resolve)):
            raise Invalid({"url": refusal})

    @extend_schema(responses={201: EndpointWithSecretSerializer})
    def create(self, request: Any) -> Response:
        record = self.create_record(self.validated())
        return self.answer(record, status=201, serializer_class=EndpointWithSecretSerializer)

    def create_record(self, data: dict[str, Any]) -> WebhookEndpoint:
        return endpoints.create_endpoint(actor=self.actor, **data)

    def update_record(self, record: WebhookEndpoint, changes: dict[str, Any]) -> WebhookEndpoint:
        return endpoints.update_endpoint(record, actor=self.actor, **changes)

    def delete_record(self, record: WebhookEndpoint) -> str:
        endpoints.delete_endpoint(record, actor=self.actor)
        return "Webhook deleted"

    @action(detail=True, methods=["post"], body_class=NoBody)
    def pause(self, request: Any, pk: str) -> Response:
        """Send nothing until it is resumed; what happens meanwhile waits."""
        self.validated()
        now = timezone.now()
        return self.answer(switching.pause_endpoint(self.get_object(), now=now, actor=self.actor))

    @action(detail=True, methods=["post"], body_class=NoBody)
    def resume(self, request: Any, pk: str) -> Response:
        """Send what waits, in order, and what happens from now on."""
        self.validated()
        return self.answer(switching.resume_endpoint(self.get_object(), actor=self.actor))

    @action(detail=True, methods=["post"], body_class=NoBody)
    def disable(self, request: Any, pk: str) -> Response:
        """Switch it off; what it misses is offered when it is enabled again."""
        self.validated()
        now = timezone.now()
        return self.answer(switching.disable_endpoint(self.get_object(), now=now, actor=self.actor))

    @action(detail=True, methods=["post"], body_class=EnableSerializer)
    def enable(self, request: Any, pk: str) -> Response:
        """Switch it on again, and replay what it missed or have done with it."""
        given, now = self.validated(), timezone.now()
        return self.answer(
            switching.enable_endpoint(self.get_object(), now=now, actor=self.actor, **given)
        )

    @extend_schema(request=None, responses=EndpointWithSecretSerializer)
    @action(detail=True, methods=["post"], url_path="rotate-secret")
    def rotate_secret(self, request: Any, pk: str) -> Response:
        """A new secret, shown this once; the old one signs too for 24 hours."""
        self.refuse_body()
        record = endpoints.rotate_secret(self.get_object(), now=timezone.now(), actor=self.actor)
        return self.answer(record, serializer_class=EndpointWithSecretSerializer)

    @extend_schema(request=None, responses={201: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Any, pk: str) -> Response:
        """Send a `webhook.tested` message, once and without retries; watch it in deliveries."""
        self.refuse_body()
        delivery = replaying.send_test(self.get_object(), now=timezone.now(), actor=self.actor)
        response = self.answer(delivery, status=201, serializer_class=DeliverySerializer)
        response["Location"] = f"{settings.API_PREFIX}/webhooks/deliveries/{delivery.pk}"
        return response

    @extend_schema(
        operation_id="webhooks_own_deliveries_list", responses=DeliverySerializer(many=True)
    )
    @action(
        detail=True,
        methods=["get"],
        serializer_class=DeliverySerializer,
        filterset_class=EndpointDeliveryFilter,
        sortable=SORTABLE_DELIVERY,
    )
    def deliveries(self, request: Any, pk: str) -> Response:
        """What was sent or is waiting to be."""
        return self.answer_page(
            DELIVERIES.filter(endpoint=self.get_object()),
            filterset_class=self.filterset_class,
        )

    @extend_schema(responses=StatisticsSerializer)
    @action(detail=True, methods=["get"])
    def stats(self, request: Any, pk: str) -> Response:
        """How it fares: success rate, latency, what is pending; over a day, a week and by hour."""
        endpoint_id = self.get_object().pk
        statistics = statistics_of([endpoint_id], now=timezone.now())[endpoint_id]
        return self.answer(statistics, serializer_class=StatisticsSerializer)

    @extend_schema(responses=ReplayedSerializer)
    @action(detail=True, methods=["post"], body_class=ReplaySerializer)
    def replay(self, request: Any, pk: str) -> Response:
        """Send again what has not arrived of the events since an instant."""
        queued = replaying.replay_deliveries(
            self.get_object(),
            now=timezone.now(),
            actor=self.actor,
            **self.validated(),
        )
        return self.answer({"queued": queued}, serializer_class=ReplayedSerializer)


class DeliveryViewSet(ListMixin, RetrieveMixin, ResourceViewSet):
    """Messages to all webhooks, and the attempts at each."""

    resource = "webhooks"
    queryset = DELIVERIES
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter
    sortable = SORTABLE_DELIVERY

    @extend_schema(responses=DeliveryWithAttemptsSerializer)
    def retrieve(self, request: Any, pk: str) -> Response:
        return self.answer(self.get_object(), serializer_class=DeliveryWithAttemptsSerializer)

    @extend_schema(request=None, responses=DeliverySerializer)
    @action(detail=True, methods=["post"])
    def resend(self, request: Any, pk: str) -> Response:
        """Send this message once more, now, under the same id."""
        self.refuse_body()
        return self.answer(
            replaying.resend_delivery(self.get_object(), now=timezone.now(), actor=self.actor)
        )
