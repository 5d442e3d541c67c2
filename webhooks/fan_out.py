"""The fan-out: makes the deliveries of what happened, or remembers that none was made.

An endpoint that is behind (`catch_up_from`) is fed by the catch-up alone, until that has come as
far as the fan-out. Both hold the endpoint's row while they look, so it is always one of them.
"""

import datetime
from collections.abc import Sequence

from django.conf import settings

from bizsuite.events.models import Event
from bizsuite.events.registry import EventType, event_types
from bizsuite.events.relay import READ_AT_ONCE
from webhooks.making import count_waiting, insert, new_delivery, tell_of_loop
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint
from webhooks.switching import pause_full_endpoint

# Made in one transaction, at most: a second or two. Whoever settles an attempt waits meanwhile,
# and the dispatcher, which fans out between sends, has its turn and its leases to keep.
DELIVERIES_AT_ONCE = 10_000


def events_at_once() -> int:
    """How many events a batch may be, should every endpoint want each of them."""
    fed = WebhookEndpoint.objects.fed().active().count()
    return max(1, min(READ_AT_ONCE, DELIVERIES_AT_ONCE // max(fed, 1)))


def fan_out_events(events: Sequence[Event], *, now: datetime.datetime) -> int:
    """Make a delivery of each event for every active endpoint that subscribed to it.

    Returns how many are to be sent. Runs in the transaction that moves the consumer's cursor.
    Twice for one event changes nothing.
    """
    # Locked, so that none is deleted, switched or paused while deliveries for it are being made.
    endpoints = WebhookEndpoint.objects.fed().select_for_update(no_key=True).order_by("pk")
    # Only these: asking each endpoint about every type there is would cost more than the rest.
    names = {event.type for event in events}
    types = [event_type for event_type in event_types() if event_type.name in names]
    made = [delivery for endpoint in endpoints for delivery in _made(endpoint, events, types, now)]
    made.sort(key=lambda delivery: delivery.event_id)
    insert(made)
    return sum(delivery.status == DeliveryStatus.PENDING for delivery in made)


def _made(
    endpoint: WebhookEndpoint,
    events: Sequence[Event],
    types: Sequence[EventType],
    now: datetime.datetime,
) -> list[Delivery]:
    # An event type of an older version may be gone; then nobody can have subscribed.
    names = {event_type.name for event_type in types if endpoint.wants(event_type)}
    wanted = [event for event in events if event.type in names and event.erased_by is None]
    if not wanted:
        return []
    if not endpoint.active:
        _note_missed(endpoint, wanted[0])
        return []
    wanted = _within_room(endpoint, wanted, reached=events[-1].sequence or 0, now=now)
    tell_of_loop(endpoint, wanted, now=now)
    return [new_delivery(event, endpoint, now=now) for event in wanted]


def _note_missed(endpoint: WebhookEndpoint, first: Event) -> None:
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    row.note(missed_from=first.sequence, missed_since=first.occurred_at)


def _within_room(
    endpoint: WebhookEndpoint, wanted: list[Event], *, reached: int, now: datetime.datetime
) -> list[Event]:
    """As many of these events as the endpoint's queue has room for; if not all, it is paused.

    What waits is counted only when the queue might have filled up since the last time: each
    event adds one delivery at most.
    """
    if reached <= endpoint.room_until:
        return wanted
    room = max(settings.WEBHOOK_BACKLOG_LIMIT - count_waiting(endpoint), 0)
    if len(wanted) > room:
        pause_full_endpoint(endpoint, first_without=wanted[room], now=now)
        return wanted[:room]
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    row.note(room_until=reached + room - len(wanted))
    return wanted
