"""Deliveries: made from events, claimed, settled, and sent again when a person asks."""

import datetime
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef

from bizsuite.crypto import random_token
from bizsuite.errors import Conflict
from bizsuite.events.models import Event
from bizsuite.events.recording import record_event
from bizsuite.events.registry import event_types
from bizsuite.exact_json import instant
from bizsuite.identity.actors import Actor
from webhooks.endpoints import disable_endpoint, require_active, wake_dispatcher_after_commit
from webhooks.figures import Attempted, count_attempts
from webhooks.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    DisabledReason,
    WebhookEndpoint,
)
from webhooks.retries import LAST_STEP, LONGEST_GAP, Random, next_attempt
from webhooks.sending import Reply
from webhooks.serializers import EndpointSerializer

# Twice what a send may take, so that only a dead worker's lease ever runs out.
LEASE = datetime.timedelta(seconds=30)
# In flight at once: a slow receiver holds these and no more.
PER_ENDPOINT = 8
PATIENCE = datetime.timedelta(days=5)
GONE = 410
TEST_EVENT = "webhook.tested"
_BATCH = 500
_WORKER = Actor.system("worker")


class DeliveryUnderWay(Conflict):
    code = "delivery_under_way"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt at a claimed delivery, over."""

    delivery: Delivery
    reply: Reply
    started_at: datetime.datetime
    duration_ms: int

    @property
    def of_a_test(self) -> bool:
        return self.delivery.event.type == TEST_EVENT


def fan_out_events(events: Sequence[Event], *, now: datetime.datetime) -> int:
    """Make a delivery of each event for every active endpoint that subscribed to it.

    Returns how many. Runs in the transaction that moves the consumer's cursor. Twice for one event changes nothing.
    """
    # Locked, so that an endpoint is not deleted while deliveries for it are being made.
    endpoints = list(WebhookEndpoint.objects.active().select_for_update().order_by("pk"))
    types = {event_type.name: event_type for event_type in event_types()}
    made = [
        _new_delivery(event, endpoint, now=now)
        for event in events
        # An event type of an older version may be gone; then nobody can have subscribed.
        if (event_type := types.get(event.type)) is not None
        for endpoint in endpoints
        if endpoint.wants(event_type)
    ]
    _insert(made)
    return len(made)


@transaction.atomic
def claim_due(*, now: datetime.datetime, busy: Mapping[int, int], limit: int) -> list[Delivery]:
    """Lease deliveries that are due, at most `limit`, each to one caller only.

    busy: how many the caller has in flight, by endpoint. Healthy endpoints come first, so that
    those that fail cannot take all the room.
    """
    found: list[int] = []
    healthy_first = F("failing_since").asc(nulls_first=True)
    endpoints = WebhookEndpoint.objects.with_claimable_deliveries(now).order_by(healthy_first, "pk")
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
    claimed = Delivery.objects.filter(lease_token=token).select_related("event", "endpoint")
    return list(claimed.order_by("event_id"))


@transaction.atomic
def record_outcomes(outcomes: Sequence[Outcome], *, now: datetime.datetime, random: Random) -> None:
    """Settle what was claimed: done, to be tried again, or given up.

    An outcome whose lease was lost, or whose endpoint was deleted meanwhile, is dropped: whoever
    has the delivery now settles it.
    """
    # Locked in the order that deleting an endpoint locks in, endpoints and then deliveries, each
    # by id: so no two transactions wait for each other.
    endpoints = _locked(outcome.delivery.endpoint_id for outcome in outcomes)
    settled = []
    for outcome in sorted(outcomes, key=lambda outcome: outcome.delivery.pk):
        mine = Delivery.objects.filter(
            pk=outcome.delivery.pk, lease_token=outcome.delivery.lease_token
        )
        if mine.update(**_settlement(outcome, now, random)):
            settled.append(outcome)
    DeliveryAttempt.objects.bulk_create([_attempt(outcome) for outcome in settled])
    count_attempts(
        # A test is a person trying something out, perhaps before the receiver is there.
        [_attempted(outcome) for outcome in settled if not outcome.of_a_test],
        now=now,
    )
    of_endpoint = defaultdict(list)
    for outcome in settled:
        of_endpoint[outcome.delivery.endpoint_id].append(outcome)
    for endpoint in endpoints:
        if endpoint.active and endpoint.pk in of_endpoint:
            _judge_endpoint(endpoint, of_endpoint[endpoint.pk], now)


@transaction.atomic
def send_test(endpoint: WebhookEndpoint, *, now: datetime.datetime, actor: Actor) -> Delivery:
    """Send a `webhook.tested` message to this endpoint, whatever it subscribed to; once, with no
    retries. It is signed like any other."""
    require_active(endpoint)
    event = record_event(TEST_EVENT, endpoint, data=EndpointSerializer(endpoint).data, actor=actor)
    delivery = _new_delivery(event, endpoint, now=now, step=LAST_STEP)
    delivery.save()
    wake_dispatcher_after_commit()
    return delivery


@transaction.atomic
def resend_delivery(delivery: Delivery, *, now: datetime.datetime, actor: Actor) -> Delivery:
    """Send a message once more, now, with its id and a fresh retry schedule."""
    require_active(delivery.endpoint)
    if not _make_due(Delivery.objects.filter(pk=delivery.pk), now):
        raise DeliveryUnderWay(f"Delivery {delivery.pk} is being sent at this moment.")
    data = EndpointSerializer(delivery.endpoint).data | {"message_id": delivery.message_id}
    record_event("webhook.resent", delivery.endpoint, data=data, actor=actor)
    wake_dispatcher_after_commit()
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def replay_deliveries(
    endpoint: WebhookEndpoint, *, since: datetime.datetime, now: datetime.datetime, actor: Actor
) -> int:
    """Send again, now, whatever has not arrived of the events since an instant.

    That is what failed, what waits for a retry, and what happened while the endpoint was off; of
    the event types that it subscribes to now. Returns how many messages that is.
    """
    require_active(endpoint)
    _locked([endpoint.pk])
    wanted = [event_type.name for event_type in event_types() if endpoint.wants(event_type)]
    mine = Delivery.objects.filter(endpoint=endpoint)
    undelivered = mine.exclude(status=DeliveryStatus.SUCCEEDED).filter(
        event__type__in=wanted, event__occurred_at__gte=since
    )
    queued = _make_due(undelivered, now)
    # Numbered ones only: the others are on their way here by themselves.
    missed = (
        Event.objects.filter(type__in=wanted, occurred_at__gte=since, sequence__isnull=False)
        .exclude(Exists(mine.filter(event=OuterRef("pk"))))
        .defer("payload")
        .order_by("id")
    )
    last_id = 0
    while events := list(missed.filter(id__gt=last_id)[:_BATCH]):
        _insert([_new_delivery(event, endpoint, now=now) for event in events])
        queued, last_id = queued + len(events), events[-1].pk
    data = EndpointSerializer(endpoint).data | {"since": instant(since), "queued": queued}
    record_event("webhook.replayed", endpoint, data=data, actor=actor)
    wake_dispatcher_after_commit()
    return queued


def _make_due(deliveries: Any, now: datetime.datetime) -> int:
    changed: int = deliveries.unleased(now).update(
        status=DeliveryStatus.PENDING,
        next_attempt_at=now,
        step=0,
        delivered_at=None,
        failed_at=None,
        lease_token="",
        leased_until=None,
    )
    return changed


def _new_delivery(
    event: Event, endpoint: WebhookEndpoint, *, now: datetime.datetime, step: int = 0
) -> Delivery:
    return Delivery(
        event=event,
        endpoint=endpoint,
        message_id=f"msg_{random_token(26)}",
        subject=f"{event.resource}:{event.object_id}",
        step=step,
        next_attempt_at=now,
        created_at=now,
    )


def _insert(deliveries: list[Delivery]) -> None:
    Delivery.objects.bulk_create(deliveries, ignore_conflicts=True, batch_size=_BATCH)


def _settlement(outcome: Outcome, now: datetime.datetime, random: Random) -> dict[str, Any]:
    """The delivery's columns after this attempt."""
    delivery, reply = outcome.delivery, outcome.reply
    changes: dict[str, Any] = {
        "attempts": delivery.attempts + 1,
        "response_status": reply.status,
        "error": _storable(reply.error)[:500],
        "lease_token": "",
        "leased_until": None,
        "next_attempt_at": None,
    }
    if reply.succeeded:
        return changes | {"status": DeliveryStatus.SUCCEEDED, "delivered_at": now}
    again = next_attempt(delivery.step, failed_at=now, random=random)
    if again is None or reply.status == GONE:
        return changes | {"status": DeliveryStatus.FAILED, "failed_at": now}
    return changes | {"step": delivery.step + 1, "next_attempt_at": again}


def _attempt(outcome: Outcome) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery=outcome.delivery,
        number=outcome.delivery.attempts + 1,
        started_at=outcome.started_at,
        duration_ms=outcome.duration_ms,
        response_status=outcome.reply.status,
        error=_storable(outcome.reply.error)[:500],
        response=_storable(outcome.reply.body.decode("utf-8", "replace")),
    )


def _attempted(outcome: Outcome) -> Attempted:
    return Attempted(
        outcome.delivery.endpoint_id,
        succeeded=outcome.reply.succeeded,
        answered=outcome.reply.status is not None,
        duration_ms=outcome.duration_ms,
    )


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL, and neither database a lone surrogate."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _locked(endpoint_ids: Iterable[int]) -> list[WebhookEndpoint]:
    endpoints = WebhookEndpoint.objects.filter(pk__in=set(endpoint_ids)).order_by("pk")
    return list(endpoints.select_for_update(no_key=True))


def _judge_endpoint(
    endpoint: WebhookEndpoint, outcomes: Sequence[Outcome], now: datetime.datetime
) -> None:
    """Keep `failing_since`, and disable an endpoint that is gone or failed for too long."""
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    if any(outcome.reply.status == GONE for outcome in outcomes):
        disable_endpoint(endpoint.pk, reason=DisabledReason.GONE, now=now, actor=_WORKER)
    elif any(outcome.reply.succeeded for outcome in outcomes):
        if endpoint.failing_since is not None:
            row.note_failing(since=None, last=None)
    # A test is a person trying something out, perhaps before the receiver is there.
    elif not all(outcome.of_a_test for outcome in outcomes):
        since = _failing_since(endpoint, now)
        row.note_failing(since=since, last=now)
        if since <= now - PATIENCE:
            disable_endpoint(endpoint.pk, reason=DisabledReason.FAILING, now=now, actor=_WORKER)


def _failing_since(endpoint: WebhookEndpoint, now: datetime.datetime) -> datetime.datetime:
    """Since when one attempt after the other failed. A silence proves nothing: after one that is
    longer than the schedule's gaps the count begins again."""
    tried_lately = (
        endpoint.last_failed_at is not None and endpoint.last_failed_at >= now - LONGEST_GAP
    )
    return endpoint.failing_since if endpoint.failing_since and tried_lately else now
