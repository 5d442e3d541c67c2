"""Forgetting deliveries that are done: those that arrived, and later those that were given up.

What is pending is never forgotten, nor is an event: that is the audit trail.
"""

import datetime
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from webhooks.catching_up import still_owed
from webhooks.models import Delivery, DeliveryQuerySet, DeliveryStatus, WebhookEndpoint

# Deliveries in one transaction: some hundredths of a second.
BATCH = 500
# Between two: on SQLite one writes at a time, and who waits for that asks ten times a second.
PAUSE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long deliveries are kept once they are done. Those that failed for longer: they
    are what somebody will want back who finds the gap in a quarter's books."""

    succeeded: datetime.timedelta
    failed: datetime.timedelta

    @classmethod
    def of_days(cls, succeeded: int, failed: int) -> Self:
        """Never less for what failed than for what arrived."""
        return cls(
            datetime.timedelta(days=succeeded), datetime.timedelta(days=max(succeeded, failed))
        )

    @classmethod
    def configured(cls) -> Self:
        return cls.of_days(settings.WEBHOOK_RETENTION_DAYS, settings.WEBHOOK_FAILED_RETENTION_DAYS)

    def over(self, status: DeliveryStatus, now: datetime.datetime) -> DeliveryQuerySet:
        """The deliveries that ended so, and so long ago, that they can go."""
        if status == DeliveryStatus.SUCCEEDED:
            return Delivery.objects.delivered_before(now - self.succeeded)
        return Delivery.objects.given_up_before(now - self.failed)


# How a delivery can end, and the column that says when it did.
_ENDS = {DeliveryStatus.SUCCEEDED: "delivered_at", DeliveryStatus.FAILED: "failed_at"}


def count_prunable(retention: Retention, *, now: datetime.datetime) -> dict[DeliveryStatus, int]:
    """How many deliveries `prune_deliveries` would remove, by how they ended."""
    return {status: retention.over(status, now).count() for status in _ENDS}


def prune_deliveries(
    retention: Retention, *, now: datetime.datetime
) -> Iterator[tuple[DeliveryStatus, int]]:
    """Remove old deliveries and their attempts, batch by batch, the oldest of each endpoint first.

    Yields after each batch, which is committed by then, how they had ended and how many they
    were. Who stops listening stops the pruning; the next run goes on where this one was.
    """
    for endpoint_id in list(WebhookEndpoint.objects.order_by("pk").values_list("pk", flat=True)):
        for status in _ENDS:
            while removed := _prune_batch(endpoint_id, status, retention, now):
                yield status, removed
                time.sleep(PAUSE_SECONDS)


@transaction.atomic
def _prune_batch(
    endpoint_id: int, status: DeliveryStatus, retention: Retention, now: datetime.datetime
) -> int:
    # Locked before the deliveries, as by whoever settles them or deletes the endpoint: so no two
    # transactions wait for each other.
    mine = WebhookEndpoint.objects.filter(pk=endpoint_id)
    endpoint = mine.select_for_update(no_key=True).first()
    # The catch-up goes by what is there: of an endpoint that is behind nothing is forgotten.
    if endpoint is None or endpoint.catching_up:
        return 0
    # And the deliveries too: one that a person sends again at this moment is pending, not old.
    old = retention.over(status, now).filter(endpoint=endpoint_id).order_by(_ENDS[status])
    ids = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:BATCH])
    batch = Delivery.objects.filter(pk__in=ids)
    if status == DeliveryStatus.SUCCEEDED:
        through = batch.aggregate(through=Max("event__sequence"))["through"]
        mine.note_pruned(through=through or 0)
        endpoint.pruned_through = max(endpoint.pruned_through, through or 0)
    batch.delete()
    _let_lapse(endpoint)
    return len(ids)


def _let_lapse(endpoint: WebhookEndpoint) -> None:
    """What an endpoint, which the caller holds, missed is offered for as long as it is known what
    arrived: an offer that a replay would not keep is none."""
    if endpoint.missed_from is None or endpoint.missed_from > endpoint.pruned_through:
        return
    first = still_owed(endpoint, since=endpoint.missed_from).first()
    WebhookEndpoint.objects.filter(pk=endpoint.pk).note(
        missed_from=first.sequence if first else None,
        missed_since=first.occurred_at if first else None,
    )
