"""The end of the chain at some moment, as it is given to somebody outside.

Inside the database everything can be put back to how it was, state and seals included. A head that
an auditor holds cannot: from then on the chain either contains it or something was taken away.
"""

import datetime
from dataclasses import dataclass
from typing import Any

from bizsuite.errors import Invalid
from bizsuite.events.models import Event, RelayState
from bizsuite.exact_json import MalformedJSON, decode, encode, instant

FORMAT = "bizsuite-audit-head-1"


@dataclass(frozen=True, slots=True)
class Head:
    """sequence and chain_sha256: of the last numbered event. events: how many there were."""

    sequence: int
    chain_sha256: str
    events: int


def head_text(head: Head, *, organisation: str, now: datetime.datetime) -> str:
    """A head as JSON, one value a line, to print or to send."""
    values = {
        "format": FORMAT,
        "organisation": organisation,
        "exported_at": instant(now),
        "events": head.events,
        "sequence": head.sequence,
        "chain_sha256": head.chain_sha256,
    }
    lines = [f'  "{name}": {encode(value).decode()}' for name, value in values.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def read_head(text: bytes) -> Head:
    """Raises Invalid for anything that `head_text` does not write."""
    try:
        values: Any = decode(text)
    except MalformedJSON as error:
        raise Invalid({"against": f"This is no exported head: {error}"}) from error
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise Invalid({"against": f'This is no exported head: it has no "format": "{FORMAT}".'})
    sequence, events = values.get("sequence"), values.get("events")
    chain_sha256 = values.get("chain_sha256")
    if type(sequence) is not int or type(events) is not int or not isinstance(chain_sha256, str):
        raise Invalid(
            {"against": "This is no exported head: sequence, events or chain_sha256 is missing."}
        )
    return Head(sequence, chain_sha256, events)


def contradiction(head: Head) -> str | None:
    """Why the chain of today does not contain a head; None if it does.

    Proves something of what is before the head only together with `verify_events`.
    """
    if head.sequence == 0:
        return None
    hashes = Event.objects.filter(sequence=head.sequence).values_list("chain_sha256", flat=True)
    chain_sha256 = hashes.first()
    if chain_sha256 is None:
        state = RelayState.objects.filter(pk=1).first()
        last = state.last_sequence if state else 0
        return (
            f"The exported head is event {head.sequence:,}, and the chain ends at {last:,}: "
            "events were removed."
            if last < head.sequence
            else f"Event {head.sequence:,}, the exported head, is missing."
        )
    if chain_sha256 != head.chain_sha256:
        return (
            f"Event {head.sequence:,} was the exported head with the hash {head.chain_sha256}, and "
            f"has {chain_sha256} now: what led there is not what it was."
        )
    return None


def current_head() -> Head:
    """The head as the relay knows it, unproven."""
    state = RelayState.objects.filter(pk=1).first() or RelayState()
    return Head(state.last_sequence, state.last_chain_sha256, state.last_sequence)
