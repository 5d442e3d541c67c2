"""Reading events that may hold anything: SQLite keeps any value in any column, and what Django
cannot turn into what the column is for ends the reading of all rows beside it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import DatabaseError
from django.db.models import Min, QuerySet

from bizsuite.events.models import Event

PAGE = 1000
COLUMNS = (
    "id",
    "sequence",
    "type",
    "resource",
    "object_id",
    "object_version",
    "payload",
    "payload_sha256",
    "chain_sha256",
    "seal",
    "chain_seal",
    "erased_by",
    "occurred_at",
    "actor_name",
    "actor_user_id",
    "actor_key_id",
    "source",
    "request_id",
    "causation_depth",
)
# What reading a value of another kind, and reckoning with it, may end in.
NOT_UNDERSTOOD = (AttributeError, TypeError, ValueError, OverflowError, DatabaseError)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of which no more can be said. sequence: None where it has none."""

    id: int
    sequence: int | None


def pages(rows: QuerySet[Event], key: str, *, until: int | None = None) -> Iterator[list[Any]]:
    """Rows by ranges of the key and not by count: it may have lost its uniqueness.

    until: the last one wanted.
    """
    # Not for the pages: of two upper bounds SQLite may look up the wrong one, and read to the end
    # for each page.
    wanted = rows if until is None else rows.filter(**{f"{key}__lte": until})
    begin = wanted.aggregate(least=Min(key))["least"]
    while begin is not None:
        end = begin + PAGE if until is None else min(begin + PAGE, until + 1)
        yield _read(rows.filter(**{f"{key}__gte": begin, f"{key}__lt": end}).order_by(key, "id"))
        begin = wanted.filter(**{f"{key}__gte": end}).aggregate(least=Min(key))["least"]


def row_of(event_id: int) -> Any:
    """One row, or what there is to say of it; None if it is gone."""
    rows = _read(Event.objects.filter(pk=event_id))
    return rows[0] if rows else None


def _read(rows: QuerySet[Event]) -> list[Any]:
    values = rows.values_list(*COLUMNS, named=True)
    try:
        return list(values)
    except NOT_UNDERSTOOD:
        one_by_one = (_read_one(values, event_id) for event_id in _ids(rows))
        return [row for row in one_by_one if row is not None]


def _read_one(values: QuerySet[Event, Any], event_id: int) -> Any:
    try:
        return values.filter(pk=event_id).first()
    except NOT_UNDERSTOOD:
        return Unreadable(event_id, _sequence_of(event_id))


def _sequence_of(event_id: int) -> int | None:
    try:
        sequence = Event.objects.values_list("sequence", flat=True).get(pk=event_id)
    except (Event.DoesNotExist, *NOT_UNDERSTOOD):
        return None
    return sequence if isinstance(sequence, int) else None


def _ids(rows: QuerySet[Event]) -> list[int]:
    """The ids are whole numbers on SQLite too."""
    return list(rows.values_list("id", flat=True))
