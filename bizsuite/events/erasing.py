"""Erasing what events say of a record, and leaving that they happened.

An event's hashes and seals are over the SHA-256 of its payload, so all of them still hold. What is
left in the payload's place is a tombstone, which counts only where an erasure that was recorded
names the event: a payload that was emptied by SQL shows.
"""

from dataclasses import dataclass

from django.db import transaction

from bizsuite.errors import Conflict, Invalid, NotFound
from bizsuite.events.models import Event
from bizsuite.events.recording import record_event
from bizsuite.events.registry import event_types
from bizsuite.identity.actors import Actor

ERASED = "event.erased"
# An object, like every payload, so that whoever reads payloads need not know of it.
TOMBSTONE = '{"erased":true}'
REASON_LENGTH = 500
_AT_ONCE = 500


class ErasuresStay(Conflict):
    code = "erasures_stay"


@dataclass(slots=True)
class _Erased:
    """The record whose events were erased, as their erasure refers to it."""

    pk: int
    version: int = 1


@transaction.atomic
def erase_events(resource: str, object_id: int, *, reason: str, actor: Actor) -> Event:
    """Replace the payloads of all events of a record by tombstones, for good.

    The record itself is not touched, and what happens to it from now on is recorded as ever.
    resource: as in the events' types: `customer`, `lead_note`.
    reason: stays readable for ever.
    Returns the event that tells of it; its payload names the events. Raises Invalid, NotFound if
    there is nothing to erase (any more), ErasuresStay for the erasures themselves.
    """
    reason = reason.strip()
    _check(resource, reason)
    events = Event.objects.filter(resource=resource, object_id=object_id, erased_by=None)
    # Whoever writes deliveries of them at this moment need not wait, and holds up nobody.
    held = events.select_for_update(no_key=True).order_by("id")
    erased = list(held.values_list("pk", flat=True))
    if not erased:
        raise NotFound(f"There is no event of {resource} {object_id} with anything to erase.")
    data = {"resource": resource, "object_id": object_id, "reason": reason, "events": erased}
    erasure = record_event(ERASED, _Erased(object_id), data=data, actor=actor)
    for begin in range(0, len(erased), _AT_ONCE):
        some = Event.objects.filter(pk__in=erased[begin : begin + _AT_ONCE])
        some.update(payload=TOMBSTONE, erased_by=erasure.pk)
    return erasure


def erasable_resources() -> list[str]:
    """The names that events know records by."""
    names = {event_type.name.partition(".")[0] for event_type in event_types()}
    return sorted(names - {_resource_of(ERASED)})


def _check(resource: str, reason: str) -> None:
    if resource == _resource_of(ERASED):
        raise ErasuresStay("What was erased and why is kept.")
    errors = {}
    if resource not in erasable_resources():
        errors["resource"] = f"Must be one of: {', '.join(erasable_resources())}."
    if not reason:
        errors["reason"] = "Say why: it is all that will be known of the erasure."
    elif len(reason) > REASON_LENGTH:
        errors["reason"] = f"At most {REASON_LENGTH} characters."
    if errors:
        raise Invalid(errors)


def _resource_of(name: str) -> str:
    return name.partition(".")[0]
