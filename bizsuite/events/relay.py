"""The relay: numbers committed events in one gapless order, and lets consumers read along it."""

import datetime
from collections.abc import Callable

from django.db import transaction

from bizsuite.events.models import ConsumerCursor, Event, RelayState
from bizsuite.events.sealing import chain_hash, seal_chain

BATCH = 500


def relay_events(*, now: datetime.datetime) -> int:
    """Give every committed event without a sequence the next one. Returns how many got one.

    Several relays at once are safe: the update of the state row makes the second wait for the
    first one's commit (on SQLite every write transaction waits), and a crash rolls back whole.
    """
    numbered = 0
    # Looked at first without a transaction: an idle sweep must not take SQLite's write lock.
    while Event.objects.filter(sequence=None).exists():
        numbered += _relay_batch(now)
    return numbered


@transaction.atomic
def _relay_batch(now: datetime.datetime) -> int:
    RelayState.objects.bulk_create([RelayState(pk=1)], ignore_conflicts=True)
    RelayState.objects.filter(pk=1).update(ran_at=now)
    state = RelayState.objects.get(pk=1)
    events = list(Event.objects.filter(sequence=None).order_by("id")[:BATCH])
    for event in events:
        state.last_sequence += 1
        event.sequence = state.last_sequence
        event.chain_sha256 = state.last_chain_sha256 = chain_hash(state.last_chain_sha256, event)
        event.chain_seal = seal_chain(event.chain_sha256)
    Event.objects.bulk_update(events, ["sequence", "chain_sha256", "chain_seal"])
    state.save()
    return len(events)


def consume(consumer: str, handle: Callable[[list[Event]], None], *, now: datetime.datetime) -> int:
    """Hand a consumer every event it has not had, in order; returns how many.

    What `handle` writes and the cursor's move are one transaction, so each event is handled
    exactly once however often and wherever this runs.
    """
    handled = 0
    while _has_unread(consumer):
        handled += _consume_batch(consumer, handle, now)
    return handled


def _has_unread(consumer: str) -> bool:
    cursor = ConsumerCursor.objects.filter(consumer=consumer).first()
    return Event.objects.filter(sequence__gt=cursor.sequence if cursor else 0).exists()


@transaction.atomic
def _consume_batch(
    consumer: str, handle: Callable[[list[Event]], None], now: datetime.datetime
) -> int:
    ConsumerCursor.objects.bulk_create([ConsumerCursor(consumer=consumer)], ignore_conflicts=True)
    # The update holds the row until the commit: two workers of one consumer take turns.
    ConsumerCursor.objects.filter(consumer=consumer).update(ran_at=now)
    cursor = ConsumerCursor.objects.get(consumer=consumer)
    events = list(Event.objects.filter(sequence__gt=cursor.sequence).order_by("sequence")[:BATCH])
    if events:
        handle(events)
        cursor.sequence = max(event.sequence or 0 for event in events)
        cursor.save(update_fields=["sequence"])
    return len(events)
