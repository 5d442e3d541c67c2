"""Which deliveries are due, and whose they are while they are being sent."""

import datetime
import secrets
from collections.abc import Iterable, Iterator, Mapping

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from bizsuite.events.models import Event
from webhooks.erasing import give_up
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint

# Twice what a send may take; who holds more than it is sending renews its leases meanwhile. So
# only a dead worker's lease ever runs out.
LEASE = datetime.timedelta(seconds=30)
# In flight at once: a slow receiver holds these and no more.
PER_ENDPOINT = 8
# Of one that has failed since it last succeeded: enough to see that it is back.
PER_FAILING_ENDPOINT = 2


def endpoints_with_work(now: datetime.datetime) -> QuerySet[WebhookEndpoint]:
    """Those that something can be sent to at this moment."""
    mine = Delivery.objects.filter(endpoint=OuterRef("pk")).claimable(now)
    return WebhookEndpoint.objects.receiving().filter(Exists(mine))


def claim_due(
    *,
    now: datetime.datetime,
    busy: Mapping[int, int],
    limit: int,
    wanted: Mapping[int, int] | None = None,
) -> list[Delivery]:
    """Lease deliveries that are due, at most `limit`, each to one caller only.

    busy: how many the caller holds already, by endpoint. wanted: how many it wants to hold, where
    that is not PER_ENDPOINT. Healthy endpoints come first, and those that fail fill no more than
    half of the room, however many they are.
    """
    wanted = wanted or {}
    full = [pk for pk, count in busy.items() if count >= wanted.get(pk, PER_ENDPOINT)]
    healthy_first = F("failing_since").asc(nulls_first=True)
    # Looked for without a transaction: a poll in vain must not take SQLite's write lock.
    endpoints = {
        endpoint.pk: endpoint
        for endpoint in endpoints_with_work(now).exclude(pk__in=full).order_by(healthy_first, "pk")
    }
    if not endpoints:
        return []
    claimed = _lease(_rooms(endpoints.values(), busy, wanted, limit), now)
    for delivery in claimed:
        delivery.endpoint = endpoints[delivery.endpoint_id]
    return claimed


def _rooms(
    endpoints: Iterable[WebhookEndpoint],
    busy: Mapping[int, int],
    wanted: Mapping[int, int],
    limit: int,
) -> Iterator[tuple[int, int, int]]:
    """For each endpoint how many the caller has room for, and how many in all may be claimed by
    then."""
    failing_limit = (limit + 1) // 2
    for endpoint in endpoints:
        if endpoint.failing_since is None:
            most, in_all = wanted.get(endpoint.pk, PER_ENDPOINT), limit
        else:
            most, in_all = PER_FAILING_ENDPOINT, failing_limit
        yield endpoint.pk, most - busy.get(endpoint.pk, 0), in_all


@transaction.atomic
def _lease(rooms: Iterable[tuple[int, int, int]], now: datetime.datetime) -> list[Delivery]:
    found: list[int] = []
    for endpoint_id, room, in_all in rooms:
        free = min(room, in_all - len(found))
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
    mine = Delivery.objects.filter(pk__in=found, lease_token=token)
    claimed = list(mine.order_by("next_attempt_at", "event_id"))
    # Each event once, however many endpoints it goes to.
    events = Event.objects.in_bulk({delivery.event_id for delivery in claimed})
    for delivery in claimed:
        delivery.event = events[delivery.event_id]
    erased = [each.pk for each in claimed if each.event.erased_by is not None]
    if erased:
        give_up(Delivery.objects.filter(pk__in=erased), now=now)
    return [each for each in claimed if each.event.erased_by is None]


def renew_leases(deliveries: Iterable[Delivery], *, now: datetime.datetime) -> None:
    """Keep what was claimed for another LEASE. What somebody else has by now stays theirs."""
    _leased(deliveries).update(leased_until=now + LEASE)


def give_back(deliveries: Iterable[Delivery]) -> None:
    """Let go of what was claimed and has not been sent."""
    _leased(deliveries).update(lease_token="", leased_until=None)


def _leased(deliveries: Iterable[Delivery]) -> QuerySet[Delivery]:
    tokens = {delivery.pk: delivery.lease_token for delivery in deliveries}
    return Delivery.objects.filter(pk__in=tokens, lease_token__in=set(tokens.values()))


@transaction.atomic
def free_leases() -> None:
    """Make everything claimable again that is being sent: who was at it is known to have died.

    What somebody holds at this moment is left alone; its lease runs out by itself.
    """
    pending = Delivery.objects.filter(status=DeliveryStatus.PENDING)
    leased = pending.exclude(lease_token="").select_for_update(skip_locked=True)
    Delivery.objects.filter(pk__in=list(leased.values_list("pk", flat=True))).update(
        lease_token="", leased_until=None
    )
