"""Making deliveries: rows that wait to be sent, or that say why they will not be."""

import datetime
import logging
from collections.abc import Sequence

from bizsuite.crypto import random_token
from bizsuite.events.models import Event
from bizsuite.events.recording import record_event
from bizsuite.events.registry import event_types
from bizsuite.identity.actors import Actor
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint
from webhooks.notices import tell_loop
from webhooks.serializers import EndpointSerializer

logger = logging.getLogger(__name__)

# How the fan-out is known to the relay.
CONSUMER = "webhooks"
# An event that is so many rounds of message and reaction away from what began them is not sent.
LOOP_DEPTH = 5
LOOP_ERROR = (
    "Not sent: a receiver reacted to our messages five times in a row, which looks like a loop"
)
# How long the administrators have to do something about one before they are told again.
_LOOP_TOLD_FOR = datetime.timedelta(days=1)
_BATCH = 500
_WORKER = Actor.system("worker")


def wanted_types(endpoint: WebhookEndpoint) -> list[str]:
    """The names of the events that an endpoint subscribed to."""
    return [event_type.name for event_type in event_types() if endpoint.wants(event_type)]


def count_waiting(endpoint: WebhookEndpoint) -> int:
    return Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING).count()


def new_delivery(
    event: Event, endpoint: WebhookEndpoint, *, now: datetime.datetime, step: int = 0
) -> Delivery:
    """A delivery that is due now, or that has failed from the beginning: it would feed a loop."""
    delivery = Delivery(
        event=event,
        endpoint=endpoint,
        message_id=f"msg_{random_token(26)}",
        subject=f"{event.resource}:{event.object_id}",
        step=step,
        next_attempt_at=now,
        created_at=now,
    )
    if event.causation_depth >= LOOP_DEPTH:
        delivery.status, delivery.error = DeliveryStatus.FAILED, LOOP_ERROR
        delivery.next_attempt_at, delivery.failed_at = None, now
    return delivery


def insert(deliveries: list[Delivery]) -> None:
    """Those that are there already stay as they are."""
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True, batch_size=_BATCH)


def tell_of_loop(
    endpoint: WebhookEndpoint, events: Sequence[Event], *, now: datetime.datetime
) -> None:
    """If one of these events is not sent to an endpoint, which the caller holds, because it is
    part of a loop, tell the administrators: once a day, for a loop makes thousands."""
    stopped = next((event for event in events if event.causation_depth >= LOOP_DEPTH), None)
    if stopped is None:
        return
    if endpoint.loop_told_at is not None and endpoint.loop_told_at > now - _LOOP_TOLD_FOR:
        return
    WebhookEndpoint.objects.filter(pk=endpoint.pk).note(loop_told_at=now)
    endpoint.loop_told_at = now
    data = EndpointSerializer(endpoint).data | {"event": stopped.type, "event_id": stopped.pk}
    record_event("webhook.looped", endpoint, data=data, actor=_WORKER)
    logger.warning("Webhook %s: %s is part of a loop, not sent", endpoint.pk, stopped.type)
    tell_loop(endpoint, event=stopped.type, now=now)
