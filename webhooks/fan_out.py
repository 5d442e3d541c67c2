"""The fan-out: makes the deliveries of what happened, or remembers that none was made."""

import datetime
from collections.abc import Sequence

from bizsuite.crypto import random_token
from bizsuite.events.models import Event
from bizsuite.events.registry import event_types
from webhooks.models import Delivery, WebhookEndpoint

_BATCH = 500


def fan_out_events(events: Sequence[Event], *, now: datetime.datetime) -> int:
    """Make a delivery of each event for every active endpoint that subscribed to it.

    Returns how many. Runs in the transaction that moves the consumer's cursor. Twice for one event changes nothing.
    """
    # Locked, so that an endpoint is not deleted while deliveries for it are being made.
    endpoints = list(WebhookEndpoint.objects.active().select_for_update().order_by("pk"))
    types = {event_type.name: event_type for event_type in event_types()}
    made = [
        new_delivery(event, endpoint, now=now)
        for event in events
        if event.erased_by is None
        # An event type of an older version may be gone; then nobody can have subscribed.
        if (event_type := types.get(event.type)) is not None
        for endpoint in endpoints
        if endpoint.wants(event_type)
    ]
    insert(made)
    return len(made)


def new_delivery(
    event: Event, endpoint: WebhookEndpoint, *, now: datetime.datetime, step: int = 0
) -> Delivery:
    return Delivery(
        event=event,
        endpoint=endpoint,
        message_id=f"msg_{random_token(26)}",
        subject=f"{event.resource}:{event.object_id}",
        step=step,
        next_attempt_at=now,
        created_at=now,
    )


def insert(deliveries: list[Delivery]) -> None:
    """Those that are there already stay as they are."""
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True, batch_size=_BATCH)
