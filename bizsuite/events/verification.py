"""Proof that no event was altered, removed or put in past the product.

Reads page by page up to where the relay was at the beginning, in constant memory and without a
long transaction: what is numbered does not change any more, so nobody has to wait meanwhile.
"""

import datetime
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Subquery
from django.db.models.functions import Coalesce

from bizsuite.crypto import UnknownKey
from bizsuite.events.copies import SealsSeen
from bizsuite.events.erasing import ERASED, TOMBSTONE
from bizsuite.events.erasures import Erasures
from bizsuite.events.models import ConsumerCursor, Event, RelayState
from bizsuite.events.rows import NOT_UNDERSTOOD, Unreadable, pages, row_of
from bizsuite.events.sealing import (
    chain_hash,
    first_chain_hash,
    fits_before,
    fits_chain,
    fits_facts,
    stored_bytes,
)
from bizsuite.exact_json import instant

# Findings that are kept, of however many there are.
NAMED = 10
# The relay numbers within seconds; what waits for longer than this waits for nobody.
PATIENCE = datetime.timedelta(hours=1)
_ANOTHER_KIND = "it holds a value of another kind than the product writes"
# Told after each page: events read so far, events in all.
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class Report:
    """What was found. sequence and head: of the last numbered event, "" when there is none.

    events: numbered ones that were read. waiting: those without a number yet. erased: tombstones
    that a recorded erasure covers. findings: the first of them, in words; off: how many in all.
    """

    sequence: int = 0
    head: str = ""
    events: int = 0
    waiting: int = 0
    erased: int = 0
    off: int = 0
    findings: list[str] = field(default_factory=list)

    def find(self, finding: str) -> None:
        self.off += 1
        if len(self.findings) < NAMED:
            self.findings.append(finding)


def verify_events(*, now: datetime.datetime, progress: Progress = lambda done, of: None) -> Report:
    """Hold every event against its payload, its seals, the chain and the relay's state."""
    # Read first: what is numbered from now on is not looked at.
    state = RelayState.objects.filter(pk=1).first() or RelayState()
    report = Report()
    with SealsSeen() as seals:
        trail = _Trail(state, report, seals)
        numbered = Event.objects.filter(sequence__isnull=False)
        for page in pages(numbered, "sequence", until=state.last_sequence):
            for row in page:
                trail.read(row)
            progress(report.events, state.last_sequence)
        trail.end()
        _look_beyond(report)
        _look_at_waiting(report, trail.erasures, seals, now)
        _look_for_copies(report, seals)
    return report


class _Trail:
    """Walks along the numbered events, the relay's state in hand."""

    def __init__(self, state: RelayState, report: Report, seals: SealsSeen) -> None:
        self.erasures = Erasures(up_to=state.last_sequence)
        self._seals = seals
        self._state = state
        self._report = report
        # Over the events from before there were seals; see the migration that brought them.
        self._before = ""
        self._follows_on = True

    def read(self, row: Any) -> None:
        report = self._report
        self._look_for_gap(row.sequence)
        misfits = _judged(row, self._misfits)
        if misfits:
            report.find(f"{_named(row)}: {'; '.join(misfits)}.")
        report.events += 1
        report.sequence = row.sequence
        self._follows_on = not isinstance(row, Unreadable)
        if self._follows_on:
            report.head = row.chain_sha256

    def end(self) -> None:
        report, state = self._report, self._state
        if report.sequence < state.last_sequence:
            missing = _numbers(report.sequence + 1, state.last_sequence)
            report.find(f"{missing} missing: the relay has numbered up to {state.last_sequence:,}.")
        elif self._follows_on and report.head != state.last_chain_sha256:
            report.find(
                "The relay's state does not fit the last event: one of the two was altered."
            )
        if state.sealed_from > 1:
            self._look_at_boundary()
        for finding in self.erasures.undone():
            report.find(finding)

    def _look_for_gap(self, sequence: int) -> None:
        last = self._report.sequence
        if sequence <= last:
            self._report.find(f"The number {sequence:,} is given twice, or was never given.")
        elif sequence != last + 1:
            self._report.find(
                f"{_numbers(last + 1, sequence - 1)} missing: removed, or renumbered."
            )
            # What comes after a gap cannot follow from what is before it.
            self._follows_on = False

    def _misfits(self, row: Any) -> Iterator[str]:
        yield from self._payload_misfits(row)
        yield from self._place_misfits(row)
        _note_seal(self._seals, row)

    def _payload_misfits(self, row: Any) -> Iterator[str]:
        yield from _payload_misfits(row, self.erasures)
        if row.erased_by is not None:
            self._report.erased += 1
        if row.type == ERASED:
            self.erasures.count(row)

    def _place_misfits(self, row: Any) -> Iterator[str]:
        if row.sequence < self._state.sealed_from:
            self._before = chain_hash(self._before, row)
            if row.seal is not None or row.chain_seal is not None:
                yield "it has a seal, and there were none at its time"
            expected = first_chain_hash(self._report.head, row)
        else:
            yield from _seal_misfits(row)
            yield from _chain_seal_misfits(row)
            expected = chain_hash(self._report.head, row)
        if self._follows_on and expected != row.chain_sha256:
            yield "it does not follow from the event before it"

    def _look_at_boundary(self) -> None:
        state = self._state
        try:
            sealed = stored_bytes(state.before_seal or b"")
            fits = fits_before(state.sealed_from, state.before_sha256, sealed)
        except UnknownKey:
            fits = False
        if not fits:
            self._report.find(
                "The relay's state says falsely which events are older than seals, or the "
                "encryption key of that time is not in BIZSUITE_ENCRYPTION_KEYS any more."
            )
        elif self._before != state.before_sha256:
            numbers = f"1 to {state.sealed_from - 1:,}"
            self._report.find(f"Of the events {numbers}, older than seals, one was altered.")


def _judged(row: Any, misfits: Callable[[Any], Iterator[str]]) -> list[str]:
    """What does not fit of a row; of one that cannot be understood, that."""
    if isinstance(row, Unreadable):
        return [_ANOTHER_KIND]
    try:
        return list(misfits(row))
    except NOT_UNDERSTOOD:
        return [_ANOTHER_KIND]


def _note_seal(seals: SealsSeen, row: Any) -> None:
    if row.seal is not None:
        seals.note(stored_bytes(row.seal), row.id)


def _payload_misfits(row: Any, erasures: Erasures) -> Iterator[str]:
    if row.erased_by is not None:
        if row.payload != TOMBSTONE:
            yield "it counts as erased and has a payload"
        if not erasures.cover(row):
            yield "it counts as erased, and no erasure that was recorded names it"
    elif hashlib.sha256(row.payload.encode()).hexdigest() != row.payload_sha256:
        yield "its payload does not fit its hash"


def _seal_misfits(row: Any) -> Iterator[str]:
    if row.seal is None:
        yield "it has no seal, so the product has not recorded it"
        return
    try:
        if not fits_facts(row, stored_bytes(row.seal)):
            yield "its facts do not fit its seal"
    except UnknownKey as error:
        yield _unknown("its seal", error)


def _chain_seal_misfits(row: Any) -> Iterator[str]:
    if row.chain_seal is None:
        yield "the seal on its place in the chain is missing"
        return
    try:
        if not fits_chain(row.chain_sha256, stored_bytes(row.chain_seal)):
            yield "its place in the chain does not fit the relay's seal"
    except UnknownKey as error:
        yield _unknown("the relay's seal", error)


def _unknown(what: str, error: UnknownKey) -> str:
    return (
        f"{what} names a key ({error}) that is not in BIZSUITE_ENCRYPTION_KEYS: "
        "it was altered, or the key must be put back at the end of the list"
    )


def _look_beyond(report: Report) -> None:
    """What cannot be if the relay's state is true; each read in one statement with the state."""
    state = RelayState.objects.filter(pk=1).values("last_sequence")
    last = Coalesce(Subquery(state), 0)
    numbered_beyond = Event.objects.filter(sequence__gt=last).order_by("sequence")
    beyond = numbered_beyond.values_list("id", flat=True).first()
    if beyond is not None and (row := row_of(beyond)) is not None:
        report.find(f"{_named(row)}: it has a number that the relay has not given.")
    for cursor in ConsumerCursor.objects.filter(sequence__gt=last).order_by("pk"):
        report.find(
            f"{cursor.consumer} has read events up to {cursor.sequence:,}, which is more than the "
            "relay has numbered: the latest were removed."
        )


def _look_at_waiting(
    report: Report, erasures: Erasures, seals: SealsSeen, now: datetime.datetime
) -> None:
    def misfits_of(row: Any) -> Iterator[str]:
        yield from _payload_misfits(row, erasures)
        yield from _seal_misfits(row)
        if row.occurred_at < now - PATIENCE:
            yield "it still waits for its number; is the worker running?"
        _note_seal(seals, row)

    for page in pages(Event.objects.filter(sequence=None), "id"):
        for row in page:
            if misfits := _judged(row, misfits_of):
                report.find(f"{_named(row)}: {'; '.join(misfits)}.")
            report.waiting += 1


def _look_for_copies(report: Report, seals: SealsSeen) -> None:
    for first, copy in seals.copies():
        # Gone, if it was erased from the table since it was read; the next proof names the gap.
        if (row := row_of(copy)) is not None:
            report.find(f"{_named(row)}: it is a copy of event {first}, put in by SQL.")


def _named(row: Any) -> str:
    number = "not numbered" if row.sequence is None else f"sequence {_number(row.sequence)}"
    if isinstance(row, Unreadable):
        return f"Event {row.id} ({number})"
    about = f"{row.type} of {row.resource} {row.object_id}"
    return f"Event {row.id} ({number}, {about}, {_when(row.occurred_at)})"


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else repr(value)


def _when(value: Any) -> str:
    try:
        return instant(value)
    except NOT_UNDERSTOOD:
        return "no time"


def _numbers(first: int, last: int) -> str:
    return f"Event {first:,} is" if first == last else f"Events {first:,} to {last:,} are"
