"""Which tombstones the recorded erasures account for."""

import functools
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bizsuite.events.erasing import ERASED
from bizsuite.events.models import Event
from bizsuite.events.sealing import is_recorded
from bizsuite.exact_json import decode

# Erasures kept at hand; the tombstones of one mostly stand together.
_AT_HAND = 16


@dataclass(frozen=True, slots=True)
class _Erasure:
    sequence: int | None
    resource: str
    object_id: int
    events: frozenset[int]


class Erasures:
    """The erasures that tombstones name, each read when it is first needed.

    up_to: how far the trail is being read; erasures after that are still to come.
    """

    def __init__(self, *, up_to: int) -> None:
        self._up_to = up_to
        self._listed = 0
        self._found = 0
        self._at = functools.lru_cache(maxsize=_AT_HAND)(_genuine)

    def cover(self, row: Any) -> bool:
        """Whether a tombstone is one that its erasure names, of the record that it was about."""
        erasure = self._at(row.erased_by)
        if erasure is None or row.id not in erasure.events:
            return False
        if erasure.sequence is not None and erasure.sequence <= self._up_to:
            self._found += 1
        return (row.resource, row.object_id) == (erasure.resource, erasure.object_id)

    def count(self, row: Any) -> None:
        """Note how many tombstones an erasure on the way must have left."""
        erasure = self._at(row.id)
        self._listed += len(erasure.events) if erasure else 0

    def undone(self) -> Iterator[str]:
        if self._found != self._listed:
            yield (
                f"{self._listed:,} events were erased, and {self._found:,} of them are tombstones: "
                "some have a payload again or are gone."
            )


def erased_events(event: Event) -> frozenset[int]:
    """The ids of the events whose data this one tells the erasure of; none if the product has not
    recorded it, or it tells of something else."""
    if event.type != ERASED or not _as_recorded(event):
        return frozenset()
    return frozenset(decode(event.payload.encode())["events"])


def _genuine(erasure_id: int) -> _Erasure | None:
    """An erasure that the product has recorded, as it recorded it."""
    event = Event.objects.filter(pk=erasure_id, type=ERASED).first()
    if event is None or not (erased := erased_events(event)):
        return None
    data = decode(event.payload.encode())
    return _Erasure(event.sequence, data["resource"], data["object_id"], erased)


def _as_recorded(event: Event) -> bool:
    payload_sha256 = hashlib.sha256(event.payload.encode()).hexdigest()
    return payload_sha256 == event.payload_sha256 and is_recorded(event, event.seal)
