"""The relay: numbers committed events in one gapless order, and lets consumers read along it."""

import datetime
import itertools
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.db.models import Subquery
from django.db.models.functions import Coalesce

from bizsuite.events.models import ConsumerCursor, Event, RelayState
from bizsuite.events.sealing import chain_hash, seal_chain

# In one transaction each.
NUMBERED_AT_ONCE = 1000
READ_AT_ONCE = 500


def relay_events(*, now: datetime.datetime, batches: int | None = None) -> int:
    """Give every committed event without a sequence the next one. Returns how many got one.

    batches: how many to do at most, for who has other things to do too; None for all there are.
    Several relays at once are safe: the update of the state row makes the second wait for the
    first one's commit (on SQLite every write transaction waits), and a crash rolls back whole.
    """
    numbered = 0
    for _ in itertools.count() if batches is None else range(batches):
        # Looked at first without a transaction: an idle relay must not take SQLite's write lock.
        if not has_unnumbered():
            break
        numbered += _relay_batch(now)
    return numbered


def has_unnumbered() -> bool:
    return Event.objects.filter(sequence=None).exists()


@transaction.atomic
def _relay_batch(now: datetime.datetime) -> int:
    RelayState.objects.bulk_create([RelayState(pk=1)], ignore_conflicts=True)
    RelayState.objects.filter(pk=1).update(ran_at=now)
    state = RelayState.objects.get(pk=1)
    unnumbered = Event.objects.filter(sequence=None).defer("payload")
    events = list(unnumbered.order_by("id")[:NUMBERED_AT_ONCE])
    for event in events:
        state.last_sequence += 1
        event.sequence = state.last_sequence
        event.chain_sha256 = state.last_chain_sha256 = chain_hash(state.last_chain_sha256, event)
        event.chain_seal = seal_chain(event.chain_sha256)
    if events:
        _write_numbers(events)
        state.save()
    return len(events)


def _write_numbers(events: list[Event]) -> None:
    """Several times as quick as `bulk_update`, whose CASE is searched from its start for each row.

    Both databases call the columns of VALUES column1, column2 and so on.
    """
    rows = ", ".join(["(%s, %s, %s, %s)"] * len(events))
    values: list[Any] = []
    for each in events:
        values += (each.pk, each.sequence, each.chain_sha256, each.chain_seal)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_event SET sequence = numbered.column2, "  # noqa: S608  placeholders only
            "chain_sha256 = numbered.column3, chain_seal = numbered.column4 "
            f"FROM (VALUES {rows}) AS numbered WHERE events_event.id = numbered.column1",
            values,
        )


def consume(
    consumer: str,
    handle: Callable[[list[Event]], None],
    *,
    now: datetime.datetime,
    batches: int | None = None,
) -> int:
    """Hand a consumer every event it has not had, in order; returns how many.

    batches: how many to do at most; None for all there are. What `handle` writes and the cursor's
    move are one transaction, so each event is handled exactly once however often and wherever
    this runs.
    """
    handled = 0
    for _ in itertools.count() if batches is None else range(batches):
        if not _has_unread(consumer):
            break
        handled += _consume_batch(consumer, handle, now)
    return handled


def _has_unread(consumer: str) -> bool:
    """In one question: it is asked many times a second."""
    cursor = ConsumerCursor.objects.filter(consumer=consumer).values("sequence")
    return Event.objects.filter(sequence__gt=Coalesce(Subquery(cursor), 0)).exists()


@transaction.atomic
def _consume_batch(
    consumer: str, handle: Callable[[list[Event]], None], now: datetime.datetime
) -> int:
    ConsumerCursor.objects.bulk_create([ConsumerCursor(consumer=consumer)], ignore_conflicts=True)
    # The update holds the row until the commit: two workers of one consumer take turns.
    ConsumerCursor.objects.filter(consumer=consumer).update(ran_at=now)
    cursor = ConsumerCursor.objects.get(consumer=consumer)
    unread = Event.objects.filter(sequence__gt=cursor.sequence)
    events = list(unread.order_by("sequence")[:READ_AT_ONCE])
    if events:
        handle(events)
        cursor.sequence = max(event.sequence or 0 for event in events)
        cursor.save(update_fields=["sequence"])
    return len(events)
