"""The relay: numbers committed events in one gapless order, and lets consumers read along it."""

import datetime
import itertools
import logging
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce

from bizsuite.events.models import ConsumerCursor, Event, RelayState
from bizsuite.events.positions import last_sequence
from bizsuite.events.rows import NOT_UNDERSTOOD
from bizsuite.events.sealing import chain_hash, facts, is_recorded, seal_chain

logger = logging.getLogger(__name__)

# In one transaction each.
NUMBERED_AT_ONCE = 1000
READ_AT_ONCE = 500
_told_of: set[int] = set()


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
        batch = _relay_batch(now)
        if not batch:  # what is left cannot be numbered
            break
        numbered += batch
    return numbered


def has_unnumbered() -> bool:
    return Event.objects.filter(sequence=None).exists()


@transaction.atomic
def _relay_batch(now: datetime.datetime) -> int:
    RelayState.objects.bulk_create([RelayState(pk=1)], ignore_conflicts=True)
    RelayState.objects.filter(pk=1).update(ran_at=now)
    state = RelayState.objects.get(pk=1)
    waiting = Event.objects.filter(sequence=None).defer("payload").order_by("id")
    events = _first_of(waiting, NUMBERED_AT_ONCE, understand=facts)
    _tell_of_strangers(events)
    numbers = _free_numbers(after=state.last_sequence, count=len(events))
    for event, number in zip(events, numbers, strict=True):
        event.sequence = state.last_sequence = number
        event.chain_sha256 = state.last_chain_sha256 = chain_hash(state.last_chain_sha256, event)
        event.chain_seal = seal_chain(event.chain_sha256)
    if events:
        _write_numbers(events)
        state.save()
    return len(events)


def _first_of(
    rows: QuerySet[Event], limit: int, *, understand: Callable[[Event], object]
) -> list[Event]:
    """The first of some events, without those that SQLite keeps and nobody can read.

    The events beside such a one must not wait for it. understand: fails where one cannot be used.
    """
    try:
        events = list(rows[:limit])
        for event in events:
            understand(event)
    except NOT_UNDERSTOOD:
        return list(itertools.islice(_readable(rows, understand), limit))
    return events


def _readable(rows: QuerySet[Event], understand: Callable[[Event], object]) -> Iterator[Event]:
    for event_id in list(rows.values_list("pk", flat=True)):
        try:
            event = rows.get(pk=event_id)
            understand(event)
        except NOT_UNDERSTOOD:
            _tell_of_unreadable(event_id)
        else:
            yield event


def _tell_of_unreadable(event_id: int) -> None:
    """Once in each process: the relay comes by many times a second."""
    if event_id not in _told_of:
        _told_of.add(event_id)
        logger.error(
            "Event %d holds a value that SQL has put in and nobody can read. The others go on "
            "without it; manage.py verify_audit names it.",
            event_id,
        )


def _free_numbers(*, after: int, count: int) -> list[int]:
    """The next numbers that no event has.

    One that is taken was written by SQL, over an event or into the relay's state. What has it
    stays as it is for `verify_audit` to name, and the others go on behind it.
    """
    free: list[int] = []
    taken = 0
    while len(free) < count:
        window = range(after + 1, after + 1 + NUMBERED_AT_ONCE)
        events = Event.objects.filter(sequence__range=(window[0], window[-1]))
        there = set(events.values_list("sequence", flat=True))
        free += [number for number in window if number not in there]
        after, taken = window[-1], taken + len(there)
    if taken:
        logger.error(
            "%d event(s) have numbers that the relay has not given. It goes on behind them; "
            "manage.py verify_audit names what was altered.",
            taken,
        )
    return free[:count]


def _tell_of_strangers(events: Sequence[Event]) -> None:
    """Say at once what only `verify_audit` would find. They are numbered like all others: see
    docs/decisions/042."""
    strangers = [event.pk for event in events if not is_recorded(event, event.seal)]
    if strangers:
        logger.error(
            "%d event(s) were put in or altered by SQL, or recorded under a key that is not in this "
            "process's BIZSUITE_ENCRYPTION_KEYS, the first with the id %d. They are delivered all "
            "the same; manage.py verify_audit names them.",
            len(strangers),
            strangers[0],
        )


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
    at_once: Callable[[], int] = lambda: READ_AT_ONCE,
) -> int:
    """Hand a consumer every event it has not had, in order; returns how many.

    batches: how many to do at most; None for all there are. at_once: says before each batch how
    many events it may be. What `handle` writes and the cursor's move are one transaction, so each
    event is handled exactly once however often and wherever this runs.
    """
    handled = 0
    for _ in itertools.count() if batches is None else range(batches):
        if not _has_unread(consumer):
            break
        handled += _consume_batch(consumer, handle, now, at_once())
    return handled


def _has_unread(consumer: str) -> bool:
    """In one question: it is asked many times a second."""
    cursor = ConsumerCursor.objects.filter(consumer=consumer).values("sequence")
    unread = RelayState.objects.filter(pk=1, last_sequence__gt=Coalesce(Subquery(cursor), 0))
    return unread.exists()


def _use(event: Event) -> None:
    """Fails for an event that would fail its readers."""
    facts(event)
    event.payload.encode()
    for number in (event.object_id, event.object_version, event.causation_depth):
        operator.index(number)


@transaction.atomic
def _consume_batch(
    consumer: str, handle: Callable[[list[Event]], None], now: datetime.datetime, at_once: int
) -> int:
    ConsumerCursor.objects.bulk_create([ConsumerCursor(consumer=consumer)], ignore_conflicts=True)
    # The update holds the row until the commit: two workers of one consumer take turns.
    ConsumerCursor.objects.filter(consumer=consumer).update(ran_at=now)
    cursor = ConsumerCursor.objects.get(consumer=consumer)
    # No further: an event whose number is not the relay's would take the cursor past others.
    last = last_sequence()
    unread = Event.objects.filter(sequence__gt=cursor.sequence, sequence__lte=last)
    events = _first_of(unread.order_by("sequence"), at_once, understand=_use)
    if events:
        handle(events)
    # Fewer than were asked for are all there are, though SQL may have removed some.
    reached = events[-1].sequence if len(events) == at_once else last
    cursor.sequence = max(cursor.sequence, reached or 0)
    cursor.save(update_fields=["sequence"])
    return len(events)
