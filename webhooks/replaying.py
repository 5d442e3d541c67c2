"""Sending again when a person asks: one message, a test, or whatever has not arrived."""

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from bizsuite.errors import Conflict
from bizsuite.events.models import Event
from bizsuite.events.recording import record_event
from bizsuite.events.registry import event_types
from bizsuite.exact_json import instant
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from webhooks.endpoints import require_active, wake_dispatcher_after_commit
from webhooks.erasing import require_data
from webhooks.event_types import TEST_EVENT
from webhooks.fan_out import insert, new_delivery
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint
from webhooks.retries import LAST_STEP
from webhooks.serializers import EndpointSerializer

_BATCH = 500


class DeliveryUnderWay(Conflict):
    code = "delivery_under_way"


@transaction.atomic
def send_test(endpoint: WebhookEndpoint, *, now: datetime.datetime, actor: Actor) -> Delivery:
    """Send a `webhook.tested` message to this endpoint, whatever it subscribed to; once, with no
    retries. It is signed like any other."""
    require_active(endpoint)
    event = record_event(TEST_EVENT, endpoint, data=EndpointSerializer(endpoint).data, actor=actor)
    delivery = new_delivery(event, endpoint, now=now, step=LAST_STEP)
    delivery.save()
    wake_dispatcher_after_commit()
    return delivery


@transaction.atomic
def resend_delivery(delivery: Delivery, *, now: datetime.datetime, actor: Actor) -> Delivery:
    """Send a message once more, now, with its id and a fresh retry schedule."""
    require_active(delivery.endpoint)
    require_data(delivery)
    if not _make_due(Delivery.objects.filter(pk=delivery.pk), now):
        raise DeliveryUnderWay(f"Delivery {delivery.pk} is being sent at this moment.")
    data = EndpointSerializer(delivery.endpoint).data | {"message_id": delivery.message_id}
    record_event("webhook.resent", delivery.endpoint, data=data, actor=actor)
    wake_dispatcher_after_commit()
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def replay_deliveries(
    endpoint: WebhookEndpoint, *, since: datetime.datetime, now: datetime.datetime, actor: Actor
) -> int:
    """Send again, now, whatever has not arrived of the events since an instant.

    That is what failed, what waits for a retry, and what happened while the endpoint was off; of
    the event types that it subscribes to now. Returns how many messages that is.
    """
    lock(endpoint)
    require_active(endpoint)
    wanted = [event_type.name for event_type in event_types() if endpoint.wants(event_type)]
    mine = Delivery.objects.filter(endpoint=endpoint)
    undelivered = mine.exclude(status=DeliveryStatus.SUCCEEDED).filter(
        event__type__in=wanted, event__occurred_at__gte=since, event__erased_by=None
    )
    queued = _make_due(undelivered, now)
    # Numbered ones only: the others are on their way here by themselves. And none of those whose
    # delivery may have arrived and be forgotten: nothing is sent twice under another id.
    missed = (
        Event.objects.filter(type__in=wanted, occurred_at__gte=since, erased_by=None)
        .filter(sequence__gt=endpoint.pruned_through)
        .exclude(Exists(mine.filter(event=OuterRef("pk"))))
        .defer("payload")
        .order_by("id")
    )
    last_id = 0
    while events := list(missed.filter(id__gt=last_id)[:_BATCH]):
        insert([new_delivery(event, endpoint, now=now) for event in events])
        queued, last_id = queued + len(events), events[-1].pk
    data = EndpointSerializer(endpoint).data | {"since": instant(since), "queued": queued}
    record_event("webhook.replayed", endpoint, data=data, actor=actor)
    wake_dispatcher_after_commit()
    return queued


def _make_due(deliveries: Any, now: datetime.datetime) -> int:
    changed: int = deliveries.unleased(now).update(
        status=DeliveryStatus.PENDING,
        next_attempt_at=now,
        step=0,
        delivered_at=None,
        failed_at=None,
        lease_token="",
        leased_until=None,
    )
    return changed
