"""Where in the sequence of events something is."""

import datetime

from bizsuite.events.models import Event, RelayState


def last_sequence() -> int:
    """The last sequence that the relay has given; 0 before the first.

    Not the highest there is: an event that SQL numbered far ahead would hide those in between.
    """
    state = RelayState.objects.filter(pk=1).values_list("last_sequence", flat=True)
    return state.first() or 0


def first_sequence_since(instant: datetime.datetime) -> int | None:
    """The sequence of the first event that happened at an instant or later; None if none did.

    Found by halving, because there is no index on when events happened. They are numbered as
    they are committed, so that an event may be before one that happened a moment earlier: what
    is numbered after the answer includes everything since the instant, and may include a
    little from before it.
    """
    # What happened before this was committed before the instant: no transaction takes so long.
    safely_before = instant - datetime.timedelta(hours=1)
    last = last_sequence()
    low, high = 0, last
    while low < high:
        middle = (low + high) // 2
        event = _first_from(middle + 1)
        if event is not None and event.occurred_at < safely_before:
            low = max(middle + 1, event.sequence or 0)
        else:
            high = middle
    since = Event.objects.filter(sequence__gt=low, sequence__lte=last, occurred_at__gte=instant)
    return since.order_by("sequence").values_list("sequence", flat=True).first()


def _first_from(sequence: int) -> Event | None:
    following = Event.objects.filter(sequence__gte=sequence).order_by("sequence")
    return following.only("sequence", "occurred_at").first()
