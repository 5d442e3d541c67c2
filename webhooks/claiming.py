"""Which deliveries are due, and whose they are while they are being sent."""

import datetime
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Length

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
# Held at once, in characters of the events' data, which is up to megabytes each: about three times
# as much memory. Few messages are so large that these limits are met before those above.
HELD_SIZE = 16_000_000
SIZE_PER_ENDPOINT = 1_000_000

# Its id, its endpoint's and its event's.
_Due = tuple[int, int, int]


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
    held_sizes: Mapping[int, int] | None = None,
) -> list[Delivery]:
    """Lease deliveries that are due, at most `limit`, each to one caller only.

    busy: how many the caller holds already, by endpoint. wanted: how many it wants to hold, where
    that is not PER_ENDPOINT. held_sizes: how much data it holds, by endpoint. Healthy endpoints come
    first, and those that fail fill no more than half of the room, however many they are.
    """
    wanted = wanted or {}
    full = [pk for pk, count in busy.items() if count >= wanted.get(pk, PER_ENDPOINT)]
    # Looked for without a transaction: a poll in vain must not take SQLite's write lock.
    endpoints = {
        endpoint.pk: endpoint for endpoint in endpoints_with_work(now).exclude(pk__in=full)
    }
    if not endpoints:
        return []
    # By how little they have: otherwise the same few would take all the room each time.
    in_turn = sorted(
        endpoints.values(),
        key=lambda endpoint: (
            endpoint.failing_since is not None,
            busy.get(endpoint.pk, 0),
            endpoint.pk,
        ),
    )
    failing = {pk for pk, endpoint in endpoints.items() if endpoint.failing_since is not None}
    claimed = _lease(
        _rooms(in_turn, busy, wanted, limit), _SizeLimit(held_sizes or {}, failing), now
    )
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


class _SizeLimit:
    """Which of what is due the memory has room for. failing: endpoints that may fill half of it."""

    def __init__(self, held: Mapping[int, int], failing: Collection[int]) -> None:
        self._held = Counter(held)
        self._in_all = sum(held.values())
        self._failing = failing

    def choose(self, found: Iterable[_Due]) -> list[int]:
        """Of each endpoint the first ones; one at least where nothing is held."""
        found = list(found)
        events = Event.objects.filter(pk__in={event for _, _, event in found})
        sizes = dict(events.values_list("pk", Length("payload")))
        chosen, full = [], set()
        for pk, endpoint, event in found:
            if endpoint not in full and self._take(endpoint, sizes[event]):
                chosen.append(pk)
            else:
                full.add(endpoint)
        return chosen

    def _take(self, endpoint: int, size: int) -> bool:
        most = HELD_SIZE // 2 if endpoint in self._failing else HELD_SIZE
        if self._in_all and self._in_all + size > most:
            return False
        if self._held[endpoint] and self._held[endpoint] + size > SIZE_PER_ENDPOINT:
            return False
        self._in_all += size
        self._held[endpoint] += size
        return True


@transaction.atomic
def _lease(
    rooms: Iterable[tuple[int, int, int]], size_limit: _SizeLimit, now: datetime.datetime
) -> list[Delivery]:
    due_now: list[_Due] = []
    for endpoint_id, room, in_all in rooms:
        free = min(room, in_all - len(due_now))
        if free > 0:
            due = Delivery.objects.filter(endpoint=endpoint_id).claimable(now)
            # The lock only keeps two claimers from waiting for each other (and is nothing on
            # SQLite, where they take turns); who gets a row is decided by the update below.
            due_now += (
                due.select_for_update(skip_locked=True)
                .order_by("next_attempt_at", "event_id")
                .values_list("pk", "endpoint_id", "event_id")[:free]
            )
    if not due_now:
        return []
    found = size_limit.choose(due_now)
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
