"""Messages whose event was erased: there is nothing to send any more."""

import datetime
from collections.abc import Sequence

from bizsuite.errors import Conflict
from bizsuite.events.erasures import erased_events
from bizsuite.events.models import Event
from webhooks.models import Delivery, DeliveryQuerySet, DeliveryStatus

_AT_ONCE = 500


class EventErased(Conflict):
    code = "event_erased"


def require_data(delivery: Delivery) -> None:
    """Raises EventErased: a tombstone is not sent as if it were data."""
    if delivery.event.erased_by is not None:
        raise EventErased(
            f"The data of event {delivery.event_id} was erased; nothing is left to send."
        )


def give_up_erased(events: Sequence[Event], *, now: datetime.datetime) -> int:
    """Handle events: of what erasures name nothing is sent any more. Returns how many messages.

    One that is being sent at this moment is given up when it is claimed the next time.
    """
    given_up = 0
    for event in events:
        erased = sorted(erased_events(event))
        for begin in range(0, len(erased), _AT_ONCE):
            some = Delivery.objects.filter(event__in=erased[begin : begin + _AT_ONCE])
            given_up += give_up(some.unleased(now), now=now)
    return given_up


def give_up(deliveries: DeliveryQuerySet, *, now: datetime.datetime) -> int:
    """Give up those that are pending."""
    return deliveries.filter(status=DeliveryStatus.PENDING).update(
        status=DeliveryStatus.FAILED,
        failed_at=now,
        next_attempt_at=None,
        lease_token="",
        leased_until=None,
        error="The event's data was erased before it was sent",
    )
