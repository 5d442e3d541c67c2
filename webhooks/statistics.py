"""How endpoints fare: what arrived of late, how fast they answer, and what waits for them."""

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min

from webhooks.figures import Figures, beginning_of_hour
from webhooks.models import Delivery, DeliveryStatus, HourlyFigures

HOUR = datetime.timedelta(hours=1)
DAY_HOURS = 24
WEEK_HOURS = 7 * DAY_HOURS


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour's figures. hour: its beginning."""

    hour: datetime.datetime
    figures: Figures


@dataclass(frozen=True, slots=True)
class Queue:
    """What has not arrived. pending: deliveries that are due or wait for their next attempt.
    failed: those that were given up, and not sent again since."""

    pending: int = 0
    failed: int = 0
    oldest_pending_at: datetime.datetime | None = None
    next_attempt_at: datetime.datetime | None = None


@dataclass(frozen=True, slots=True)
class Statistics:
    """hours: one after the other, the last of them the present one; empty ones are there too."""

    hours: Sequence[Hour]
    queue: Queue

    @property
    def last_24_hours(self) -> Figures:
        return added_up(self.hours[-DAY_HOURS:])

    @property
    def last_7_days(self) -> Figures:
        return added_up(self.hours[-WEEK_HOURS:])


def statistics_of(
    endpoint_ids: Iterable[int], *, now: datetime.datetime, hours: int = WEEK_HOURS
) -> dict[int, Statistics]:
    """The statistics of each endpoint, over the present hour and those before it.

    Three queries, however many endpoints and whatever was sent.
    """
    ids = list(endpoint_ids)
    last = beginning_of_hour(now)
    times = [last - HOUR * ago for ago in reversed(range(hours))]
    rows = HourlyFigures.objects.filter(endpoint__in=ids, hour__range=(times[0], last))
    counted = {(row.endpoint_id, row.hour): Figures.stored(row) for row in rows}
    queues = _queues(ids)
    return {
        each: Statistics(
            [Hour(time, counted.get((each, time), Figures())) for time in times], queue
        )
        for each, queue in queues.items()
    }


def _queues(endpoint_ids: Sequence[int]) -> dict[int, Queue]:
    # One query for each status, because each has an index of its own.
    pending = _deliveries(endpoint_ids, DeliveryStatus.PENDING).annotate(
        pending=Count("pk"),
        oldest_pending_at=Min("created_at"),
        next_attempt_at=Min("next_attempt_at"),
    )
    failed = _deliveries(endpoint_ids, DeliveryStatus.FAILED).annotate(failed=Count("pk"))
    facts: dict[int, dict[str, Any]] = {each: {} for each in endpoint_ids}
    for row in (*pending, *failed):
        facts[row.pop("endpoint")] |= row
    return {each: Queue(**found) for each, found in facts.items()}


def _deliveries(endpoint_ids: Sequence[int], status: DeliveryStatus) -> Any:
    mine = Delivery.objects.filter(endpoint__in=endpoint_ids, status=status)
    return mine.order_by().values("endpoint")


def added_up(hours: Iterable[Hour]) -> Figures:
    total = Figures()
    for each in hours:
        total.add(each.figures)
    return total
