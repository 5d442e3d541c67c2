"""Webhooks' reading of the events: each becomes a delivery to whoever subscribed to it."""

import datetime

from django.db import transaction

from bizsuite.events.models import Event
from bizsuite.events.relay import consume, has_unnumbered, relay_events
from webhooks.catching_up import catch_up
from webhooks.erasing import give_up_erased
from webhooks.fan_out import events_at_once, fan_out_events
from webhooks.making import CONSUMER


def read_events(*, now: datetime.datetime, batches: int | None = None) -> int:
    """Make the deliveries of every numbered event that was not read yet; returns how many.

    batches: how many batches of events to read at most; None for all there are.
    """
    made = 0

    def handle(events: list[Event]) -> None:
        nonlocal made
        made += fan_out_events(events, now=now)
        give_up_erased(events, now=now)

    consume(CONSUMER, handle, now=now, batches=batches, at_once=events_at_once)
    return made


def fetch_events(*, now: datetime.datetime) -> int:
    """Number and read one batch of what was committed, and make one slice of what is behind;
    returns how many deliveries that made.

    For the dispatcher, which does it between sends: more at once would keep it from them.
    """
    if has_unnumbered():
        # In one transaction, as another one would wait for the disk once more.
        with transaction.atomic():
            relay_events(now=now, batches=1)
            made = read_events(now=now, batches=1)
    else:
        made = read_events(now=now, batches=1)
    return made + next(catch_up(now=now), 0)
