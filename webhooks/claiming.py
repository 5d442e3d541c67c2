"""Which deliveries are due, and whose they are while they are being sent."""

import datetime
import secrets
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from webhooks.erasing import give_up
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint

# Twice what a send may take, so that only a dead worker's lease ever runs out.
LEASE = datetime.timedelta(seconds=30)
# In flight at once: a slow receiver holds these and no more.
PER_ENDPOINT = 8


def endpoints_with_work(now: datetime.datetime) -> QuerySet[WebhookEndpoint]:
    """Those that something can be sent to at this moment."""
    mine = Delivery.objects.filter(endpoint=OuterRef("pk")).claimable(now)
    return WebhookEndpoint.objects.receiving().filter(Exists(mine))


@transaction.atomic
def claim_due(*, now: datetime.datetime, busy: Mapping[int, int], limit: int) -> list[Delivery]:
    """Lease deliveries that are due, at most `limit`, each to one caller only.

    busy: how many the caller has in flight, by endpoint. Healthy endpoints come first, so that
    those that fail cannot take all the room.
    """
    found: list[int] = []
    healthy_first = F("failing_since").asc(nulls_first=True)
    endpoints = endpoints_with_work(now).order_by(healthy_first, "pk")
    for endpoint_id in endpoints.values_list("pk", flat=True):
        free = min(PER_ENDPOINT - busy.get(endpoint_id, 0), limit - len(found))
        if free > 0:
            due = Delivery.objects.filter(endpoint=endpoint_id).claimable(now)
            # The lock only keeps two claimers from waiting for each other (and is nothing on
            # SQLite, where they take turns); who gets a row is decided by the update below.
            found += (
                due.select_for_update(skip_locked=True)
                .order_by("next_attempt_at", "event_id")
                .values_list("pk", flat=True)[:free]
            )
    if not found:
        return []
    token = secrets.token_hex(16)
    Delivery.objects.filter(pk__in=found, status=DeliveryStatus.PENDING).unleased(now).update(
        lease_token=token, leased_until=now + LEASE
    )
    mine = Delivery.objects.filter(lease_token=token).order_by("event_id")
    claimed = list(mine.select_related("event", "endpoint"))
    erased = [each.pk for each in claimed if each.event.erased_by is not None]
    if erased:
        give_up(Delivery.objects.filter(pk__in=erased), now=now)
    return [each for each in claimed if each.event.erased_by is None]


@transaction.atomic
def free_leases() -> None:
    """Make everything claimable again that is being sent: who was at it is known to have died.

    What somebody holds at this moment is left alone; its lease runs out by itself.
    """
    leased = Delivery.objects.exclude(lease_token="").select_for_update(skip_locked=True)
    Delivery.objects.filter(pk__in=list(leased.values_list("pk", flat=True))).update(
        lease_token="", leased_until=None
    )
