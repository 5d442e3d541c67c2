"""What came of attempts, written down: on deliveries, in their log, and on endpoints."""

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from webhooks.event_types import TEST_EVENT
from webhooks.figures import Attempted, count_attempts
from webhooks.holding import held_endpoints
from webhooks.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    DisabledReason,
    WebhookEndpoint,
)
from webhooks.retries import LONGEST_GAP, Random, next_attempt, retry_after
from webhooks.sending import Reply
from webhooks.switching import give_up_endpoint

PATIENCE = datetime.timedelta(days=5)
GONE = 410


@dataclass(frozen=True, slots=True)
class Outcome:
    """One attempt at a claimed delivery, over. signature, url: of the request; empty if none was
    sent."""

    delivery: Delivery
    reply: Reply
    started_at: datetime.datetime
    duration_ms: int
    url: str = ""
    signature: str = ""

    @property
    def of_a_test(self) -> bool:
        return self.delivery.event.type == TEST_EVENT


@transaction.atomic
def record_outcomes(outcomes: Sequence[Outcome], *, now: datetime.datetime, random: Random) -> None:
    """Settle what was claimed: done, to be tried again, or given up.

    An outcome whose lease was lost, or whose endpoint was deleted meanwhile, is dropped: whoever
    has the delivery now settles it.
    """
    # Locked in the order that deleting an endpoint locks in, endpoints and then deliveries, each
    # by id: so no two transactions wait for each other.
    endpoints = held_endpoints(outcome.delivery.endpoint_id for outcome in outcomes)
    settled = _still_ours(outcomes)
    _settle_successes([outcome for outcome in settled if outcome.reply.succeeded], now)
    for outcome in settled:
        if not outcome.reply.succeeded:
            changes = _after_failure(outcome, now, random)
            Delivery.objects.filter(pk=outcome.delivery.pk).update(**changes)
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


def _still_ours(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Those whose lease is held to this moment; their rows are locked."""
    rows = Delivery.objects.filter(pk__in=[outcome.delivery.pk for outcome in outcomes])
    locked = rows.select_for_update(no_key=True).order_by("pk")
    tokens = dict(locked.values_list("pk", "lease_token"))
    return [
        outcome
        for outcome in outcomes
        if tokens.get(outcome.delivery.pk) == outcome.delivery.lease_token
    ]


def _settle_successes(outcomes: Sequence[Outcome], now: datetime.datetime) -> None:
    """One update for all that got the same answer, which is nearly always 200."""
    of_status = defaultdict(list)
    for outcome in outcomes:
        of_status[outcome.reply.status].append(outcome.delivery.pk)
    for status, deliveries in of_status.items():
        Delivery.objects.filter(pk__in=deliveries).update(
            **_SETTLED,
            attempts=F("attempts") + 1,
            status=DeliveryStatus.SUCCEEDED,
            response_status=status,
            error="",
            delivered_at=now,
        )


def _after_failure(outcome: Outcome, now: datetime.datetime, random: Random) -> dict[str, Any]:
    """The delivery's columns after an attempt that failed."""
    delivery, reply = outcome.delivery, outcome.reply
    changes: dict[str, Any] = _SETTLED | {
        "attempts": delivery.attempts + 1,
        "response_status": reply.status,
        "error": _storable(reply.error)[:500],
    }
    asked_for = retry_after(reply.headers.get("retry-after", ""), now=now)
    again = next_attempt(delivery.step, failed_at=now, random=random, asked_for=asked_for)
    if again is None or reply.status == GONE:
        return changes | {"status": DeliveryStatus.FAILED, "failed_at": now}
    return changes | {"step": delivery.step + 1, "next_attempt_at": again}


_SETTLED = {"lease_token": "", "leased_until": None, "next_attempt_at": None}


def _attempt(outcome: Outcome) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=outcome.delivery.pk,
        number=outcome.delivery.attempts + 1,
        started_at=outcome.started_at,
        duration_ms=outcome.duration_ms,
        url=outcome.url,
        signature=outcome.signature,
        response_headers={name: _storable(value) for name, value in outcome.reply.headers.items()},
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


def _judge_endpoint(
    endpoint: WebhookEndpoint, outcomes: Sequence[Outcome], now: datetime.datetime
) -> None:
    """Keep `failing_since`, and disable an endpoint that is gone or failed for too long."""
    row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
    if any(outcome.reply.status == GONE for outcome in outcomes):
        give_up_endpoint(endpoint.pk, reason=DisabledReason.GONE, now=now)
    elif any(outcome.reply.succeeded for outcome in outcomes):
        if endpoint.failing_since is not None:
            row.note_failing(since=None, last=None)
    # A test is a person trying something out, perhaps before the receiver is there.
    elif not all(outcome.of_a_test for outcome in outcomes):
        since = _failing_since(endpoint, now)
        row.note_failing(since=since, last=now)
        if since <= now - PATIENCE:
            give_up_endpoint(endpoint.pk, reason=DisabledReason.FAILING, now=now)


def _failing_since(endpoint: WebhookEndpoint, now: datetime.datetime) -> datetime.datetime:
    """Since when one attempt after the other failed. A silence proves nothing: after one that is
    longer than the schedule's gaps the count begins again."""
    tried_lately = (
        endpoint.last_failed_at is not None and endpoint.last_failed_at >= now - LONGEST_GAP
    )
    return endpoint.failing_since if endpoint.failing_since and tried_lately else now
