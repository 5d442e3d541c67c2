"""The catch-up: makes what the fan-out could not, in slices, as an endpoint's queue drains.

It begins after a full queue, for what an endpoint missed while it was off, and for a replay that
is too much for one transaction. It goes from event to event in order, so that each is handled
once and the versions of a record stay in order; while it is under way the fan-out leaves the
endpoint to it. Where it has come as far as the fan-out it ends, in a transaction that keeps the
fan-out waiting.
"""

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from bizsuite.events.models import ConsumerCursor, Event
from bizsuite.events.positions import last_sequence
from webhooks.making import (
    CONSUMER,
    LOOP_DEPTH,
    count_waiting,
    insert,
    new_delivery,
    tell_of_loop,
    wanted_types,
)
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint

# Deliveries made in one transaction, and events looked at in it: some hundredths of a second.
SLICE = 500
_WINDOW = 5000


def catch_up(*, now: datetime.datetime) -> Iterator[int]:
    """Make what is missing for the endpoints that are behind and have room in their queues.

    Yields after each slice, which is committed by then, how many deliveries are due by it. Who
    stops listening stops the catch-up; the next one goes on where this one was.
    """
    # In any order: the dispatcher asks for one slice at a time, and one endpoint that has room for
    # a message again and again would keep it from the others.
    behind = WebhookEndpoint.objects.receiving().behind().order_by("?")
    for endpoint_id in list(behind.values_list("pk", flat=True)):
        while (made := _slice(endpoint_id, now)) is not None:
            yield made


@transaction.atomic
def _slice(endpoint_id: int, now: datetime.datetime) -> int | None:
    """One slice of an endpoint's; None when there is nothing to do, or no room."""
    # The cursor before the endpoint, as the fan-out locks them.
    cursor = ConsumerCursor.objects.select_for_update().filter(consumer=CONSUMER).first()
    behind = WebhookEndpoint.objects.receiving().behind().filter(pk=endpoint_id)
    endpoint = behind.select_for_update(no_key=True).first()
    if endpoint is None or endpoint.catch_up_from is None:
        return None
    # Up to half the limit: the fan-out must not find the queue full again at its first event.
    room = settings.WEBHOOK_BACKLOG_LIMIT // 2 - count_waiting(endpoint)
    if room <= 0:
        return None
    reached = cursor.sequence if cursor else 0
    until = min(reached, endpoint.catch_up_from + _WINDOW - 1)
    limit = min(SLICE, room)
    events = list(_events(endpoint, endpoint.catch_up_from, until)[:limit])
    made = make_up_for(endpoint, events, again=_again(endpoint), now=now)
    done = (events[-1].sequence or 0) if len(events) == limit else until
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    row.note(**({"catch_up_from": done + 1} if done < reached else CAUGHT_UP))
    return made


CAUGHT_UP: dict[str, Any] = {
    "catch_up_from": None,
    "replay_from": None,
    "replay_until": None,
    "room_until": 0,
}


def make_up_for(
    endpoint: WebhookEndpoint, events: Sequence[Event], *, again: range, now: datetime.datetime
) -> int:
    """Make the deliveries of these events that an endpoint, which the caller holds, has not got.

    again: the sequences of the events whose delivery is due once more if it was given up, with
    its id. Returns how many deliveries are due by this.
    """
    mine = Delivery.objects.filter(endpoint=endpoint)
    known = dict(mine.filter(event__in=events).values_list("event_id", "status"))
    missing = [
        event
        for event in events
        # Up to there one without a delivery may have had it, and it is forgotten since: nothing
        # is sent a second time under another id.
        if event.pk not in known and (event.sequence or 0) > endpoint.pruned_through
    ]
    made = [new_delivery(event, endpoint, now=now) for event in missing]
    insert(made)
    tell_of_loop(endpoint, missing, now=now)
    given_up = [
        event.pk
        for event in events
        if known.get(event.pk) == DeliveryStatus.FAILED
        and event.sequence in again
        and event.causation_depth < LOOP_DEPTH
    ]
    failed = mine.filter(event__in=given_up, status=DeliveryStatus.FAILED)
    due = sum(delivery.status == DeliveryStatus.PENDING for delivery in made)
    return due + failed.make_due(now)


def begin_replay(endpoint: WebhookEndpoint, *, since: int) -> None:
    """Have the catch-up send, from an event on, what an endpoint, which the caller holds, has not
    got: of what happened until now also what was given up."""
    # Not after what the fan-out reads next: what comes before that replay would be nobody's.
    begins = [
        each for each in (since, _read_through() + 1, endpoint.catch_up_from) if each is not None
    ]
    asked = [each for each in (since, endpoint.replay_from) if each is not None]
    WebhookEndpoint.objects.filter(pk=endpoint.pk).note(
        catch_up_from=min(begins),
        replay_from=min(asked),
        replay_until=max(last_sequence(), since) + 1,
    )


def undelivered(endpoint: WebhookEndpoint, *, since: int) -> QuerySet[Event]:
    """The events from one on whose delivery was given up or never made, in order. What the
    fan-out has not come to is on its way by itself."""
    mine = Delivery.objects.filter(endpoint=endpoint, event=OuterRef("pk"))
    arrived_or_waiting = mine.exclude(status=DeliveryStatus.FAILED)
    events = _events(endpoint, since, _read_through()).exclude(Exists(arrived_or_waiting))
    return events.filter(causation_depth__lt=LOOP_DEPTH)


def still_owed(endpoint: WebhookEndpoint, *, since: int) -> QuerySet[Event]:
    """Of the undelivered events those that a replay sends, in order: up to what was pruned, one
    without a delivery may have arrived."""
    given_up = Delivery.objects.filter(endpoint=endpoint, event=OuterRef("pk"))
    known = Q(sequence__gt=endpoint.pruned_through) | Exists(given_up)
    return undelivered(endpoint, since=since).filter(known)


def send_waiting_now(endpoint: WebhookEndpoint, *, since: int, now: datetime.datetime) -> int:
    """Have what waits for a retry sent at once, of the events from one on; returns how many."""
    waiting = Delivery.objects.filter(
        endpoint=endpoint,
        status=DeliveryStatus.PENDING,
        event__sequence__gte=since,
        event__erased_by=None,
        event__type__in=wanted_types(endpoint),
    )
    return waiting.make_due(now)


def _read_through() -> int:
    """The last event that the fan-out has come to."""
    cursor = ConsumerCursor.objects.filter(consumer=CONSUMER).first()
    return cursor.sequence if cursor else 0


def _events(endpoint: WebhookEndpoint, first: int, last: int) -> QuerySet[Event]:
    """What it wants of these sequences, in order. What was erased is nobody's business any more."""
    wanted = Event.objects.filter(
        type__in=wanted_types(endpoint), sequence__range=(first, last), erased_by=None
    )
    return wanted.defer("payload").order_by("sequence")


def _again(endpoint: WebhookEndpoint) -> range:
    return range(endpoint.replay_from or 0, endpoint.replay_until or 0)
