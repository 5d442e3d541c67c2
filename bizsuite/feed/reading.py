"""The organisation's events in their order, for those who would rather pull than be told."""

from collections.abc import Sequence

from django.db.models import QuerySet

from bizsuite.api.cursors import Cursor, CursorPage
from bizsuite.errors import Conflict, Forbidden
from bizsuite.events.models import Event
from bizsuite.events.positions import last_sequence
from bizsuite.events.registry import EventType, event_types
from bizsuite.identity.actors import Actor

# How far one request looks for events that its filters leave: an answer takes milliseconds where
# one that nothing fits would read a million rows.
LOOKED_THROUGH = 10_000


class CursorAhead(Conflict):
    code = "cursor_ahead"


def public_types() -> list[EventType]:
    return [event_type for event_type in event_types() if event_type.public]


def readable_types(actor: Actor) -> list[EventType]:
    """The types that leave as webhooks, of resources that the actor may read."""
    return [each for each in public_types() if actor.may("read", each.readable_with)]


def require_readable(types: Sequence[EventType], actor: Actor) -> None:
    """Raises Forbidden where the actor may see none of them: an empty answer would look as if
    nothing had happened."""
    if not any(actor.may("read", each.readable_with) for each in types):
        names = sorted({each.readable_with for each in types})
        raise Forbidden(f"This key may not read {', '.join(names)}.")


def readable_events(actor: Actor) -> QuerySet[Event]:
    """The numbered events that the actor may see."""
    names = [event_type.name for event_type in readable_types(actor)]
    return Event.objects.filter(sequence__isnull=False, type__in=names)


def read_page(events: QuerySet[Event], cursor: Cursor, *, bounded: bool = True) -> CursorPage:
    """The next events after the cursor, which moves on past those that are not among `events`.

    bounded: whether to look through so many events only; for all but what an index finds.
    Raises CursorAhead for a cursor that the feed has not come to yet: the database is an older
    one than the cursor is from, and what comes next would be skipped without a word.
    """
    # Asked before the events. What is numbered is committed in the order of the numbers, so up to
    # here nothing can come in between any more.
    last = last_sequence()
    if cursor.after > last:
        raise CursorAhead(
            f"The feed ends at {last}. Was the database restored from a backup? Look through what "
            "you have of it, and go on from a number that the feed has."
        )
    until = min(last, cursor.after + LOOKED_THROUGH) if bounded else last
    window = events.filter(sequence__gt=cursor.after, sequence__lte=until)
    rows = list(window.order_by("sequence")[: cursor.limit])
    next_after = rows[-1].sequence if len(rows) == cursor.limit else until
    return CursorPage(rows=rows, limit=cursor.limit, next_after=next_after or 0, last=last)
