"""How the way of an event to its receivers fares, and what of it needs a person."""

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Aggregate, Count, Min, QuerySet, Sum

from bizsuite.events.models import ConsumerCursor, Event, RelayState
from bizsuite.events.rows import NOT_UNDERSTOOD
from bizsuite.exact_json import instant
from webhooks.event_types import TEST_EVENT
from webhooks.figures import Figures
from webhooks.models import (
    Delivery,
    DeliveryStatus,
    DisabledReason,
    DispatchTurn,
    HourlyFigures,
    PausedReason,
    WebhookEndpoint,
)
from webhooks.turns import has_ended

DAY = datetime.timedelta(days=1)
# Events are numbered and read within seconds; the sweep that finds forgotten ones comes every five.
LATE = datetime.timedelta(minutes=1)
# A receiver so far behind does not catch up by itself, or is out for longer than a restart.
BEHIND = datetime.timedelta(minutes=15)
FAILING_LONG = datetime.timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Relay:
    """sequence: the last that it gave. waiting: committed events without one, the oldest of them
    from `oldest_at`."""

    sequence: int
    ran_at: datetime.datetime | None
    waiting: int
    oldest_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Consumer:
    """lag: numbered events that it has not read, the oldest of them from `oldest_at`."""

    name: str
    sequence: int
    lag: int
    oldest_at: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """sending: whether somebody has the turn; then who, and since when."""

    sending: bool
    host: str
    process_id: int | None
    since: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class EndpointHealth:
    """One webhook. state: active, failing, paused or disabled. address: without the query, which
    may hold a password of the receiver's. failed: given up in the last day, of events since
    `failed_from`. success_rate: of that day's attempts, in per cent; None without any."""

    id: int
    address: str
    state: str
    reason: str
    since: datetime.datetime | None
    pending: int
    oldest_pending_at: datetime.datetime | None
    next_attempt_at: datetime.datetime | None
    failed: int
    failed_from: datetime.datetime | None
    success_rate: Decimal | None

    @property
    def sent_to(self) -> bool:
        return self.state in ("active", "failing")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that does not mend itself: what it is, and what a person can do about it.
    endpoint_id: of the webhook that it is about; None for one of the machinery."""

    what: str
    advice: str
    endpoint_id: int | None = None


@dataclass(frozen=True, slots=True)
class Health:
    at: datetime.datetime
    relay: Relay
    consumers: Sequence[Consumer]
    dispatcher: Dispatcher
    endpoints: Sequence[EndpointHealth]

    @property
    def problems(self) -> list[Problem]:
        return [*_problems_of_the_machinery(self), *_problems_of_endpoints(self)]


def current_health(*, now: datetime.datetime) -> Health:
    """A dozen questions, however many webhooks there are; none of them waits for a lock."""
    relay = _relay()
    return Health(now, relay, _consumers(relay), _dispatcher(now), _endpoints(now))


def _relay() -> Relay:
    state = RelayState.objects.filter(pk=1).first()
    waiting = Event.objects.filter(sequence=None)
    count = {"count": Count("id")}
    try:
        found = waiting.aggregate(**count, oldest=Min("occurred_at"))
    except NOT_UNDERSTOOD:
        # Put in by SQL: SQLite keeps as an instant what is none. verify_audit names it.
        found = waiting.aggregate(**count)
    return Relay(
        sequence=state.last_sequence if state else 0,
        ran_at=state.ran_at if state else None,
        waiting=found["count"],
        oldest_at=found.get("oldest"),
    )


def _consumers(relay: Relay) -> list[Consumer]:
    """By the settings: one that has never run has no cursor."""
    read = dict(ConsumerCursor.objects.values_list("consumer", "sequence"))
    consumers = []
    for name in sorted(settings.EVENT_CONSUMERS):
        sequence = read.get(name, 0)
        # Gapless, so the difference is the number. The first unread one is the oldest.
        lag = max(relay.sequence - sequence, 0)
        unread = Event.objects.filter(sequence=sequence + 1).values_list("occurred_at", flat=True)
        consumers.append(Consumer(name, sequence, lag, unread.first() if lag else None))
    return consumers


def _dispatcher(now: datetime.datetime) -> Dispatcher:
    turn = DispatchTurn.objects.filter(pk=1).exclude(token="").first()
    if turn is None or turn.until is None or turn.until <= now:
        return Dispatcher(False, "", None, None)
    if has_ended(turn.machine, turn.process_id):
        return Dispatcher(False, "", None, None)
    return Dispatcher(True, turn.host, turn.process_id, turn.taken_at)


def _endpoints(now: datetime.datetime) -> list[EndpointHealth]:
    pending = _by_endpoint(
        Delivery.objects.filter(status=DeliveryStatus.PENDING),
        count=Count("id"),
        oldest=Min("created_at"),
        next=Min("next_attempt_at"),
    )
    failed = _by_endpoint(
        # Tests are somebody trying something out; what was erased is to be sent to nobody.
        Delivery.objects.filter(status=DeliveryStatus.FAILED, failed_at__gte=now - DAY)
        .exclude(event__type=TEST_EVENT)
        .filter(event__erased_by=None),
        count=Count("id"),
        oldest=Min("event__occurred_at"),
    )
    attempts = _by_endpoint(
        HourlyFigures.objects.filter(hour__gte=now - DAY),
        succeeded=Sum("succeeded"),
        failed=Sum("failed"),
    )
    return [
        _endpoint(
            endpoint,
            pending.get(endpoint.pk, {}),
            failed.get(endpoint.pk, {}),
            attempts.get(endpoint.pk, {}),
        )
        for endpoint in WebhookEndpoint.objects.order_by("pk")
    ]


def _by_endpoint(rows: QuerySet[Any], **sums: Aggregate) -> dict[int, dict[str, Any]]:
    return {row["endpoint"]: row for row in rows.order_by().values("endpoint").annotate(**sums)}


def _endpoint(
    endpoint: WebhookEndpoint,
    pending: dict[str, Any],
    failed: dict[str, Any],
    attempts: dict[str, Any],
) -> EndpointHealth:
    state, reason, since = _state(endpoint)
    return EndpointHealth(
        id=endpoint.pk,
        address=endpoint.address,
        state=state,
        reason=reason,
        since=since,
        pending=pending.get("count", 0),
        oldest_pending_at=pending.get("oldest"),
        next_attempt_at=pending.get("next"),
        failed=failed.get("count", 0),
        failed_from=failed.get("oldest"),
        success_rate=Figures(attempts.get("succeeded", 0), attempts.get("failed", 0)).success_rate,
    )


def _state(endpoint: WebhookEndpoint) -> tuple[str, str, datetime.datetime | None]:
    if not endpoint.active:
        return "disabled", endpoint.disabled_reason, endpoint.disabled_at
    if endpoint.paused_at is not None:
        return "paused", endpoint.paused_reason, endpoint.paused_at
    if endpoint.failing_since is not None:
        return "failing", "", endpoint.failing_since
    # Making up for what it missed, in slices.
    return "active", "catching_up" if endpoint.catching_up else "", None


def _problems_of_the_machinery(health: Health) -> Iterator[Problem]:
    worker = "See whether `manage.py up` (or the worker and the scheduler) runs, and what it logs."
    if health.relay.oldest_at is not None and health.relay.oldest_at < health.at - LATE:
        yield Problem(
            f"Events that wait to be numbered: {health.relay.waiting}, the oldest since"
            f" {instant(health.relay.oldest_at)}.",
            worker,
        )
    for consumer in health.consumers:
        if consumer.oldest_at is not None and consumer.oldest_at < health.at - LATE:
            yield Problem(
                f"{consumer.name} has not read {consumer.lag} events, the oldest from"
                f" {instant(consumer.oldest_at)}.",
                worker,
            )
    due = [e.next_attempt_at for e in health.endpoints if e.sent_to and e.next_attempt_at]
    if not health.dispatcher.sending and due and min(due) < health.at - LATE:
        yield Problem(f"Nobody sends, and there is work since {instant(min(due))}.", worker)


def _problems_of_endpoints(health: Health) -> Iterator[Problem]:
    for endpoint in health.endpoints:
        name = f"Webhook {endpoint.id}"
        if what := _out_of_order(endpoint, health.at):
            yield Problem(f"{name} {what[0]}", what[1], endpoint.id)
        if endpoint.failed and endpoint.sent_to:
            since = instant(endpoint.failed_from) if endpoint.failed_from else "INSTANT"
            yield Problem(
                f"{name}: {endpoint.failed} messages were given up in the last 24 hours.",
                f"Once the receiver works: manage.py webhooks replay {endpoint.id} --since {since}",
                endpoint.id,
            )


def _out_of_order(endpoint: EndpointHealth, at: datetime.datetime) -> tuple[str, str] | None:
    """What is wrong with a webhook, and what to do. What a person did by hand is meant so."""
    since = instant(endpoint.since) if endpoint.since else ""
    match endpoint.state, endpoint.reason:
        case "disabled", DisabledReason.GONE:
            return (
                f"is off since {since}: the receiver answered 410 Gone.",
                "Delete it; or, if it is not gone, switch it on again in the admin.",
            )
        case "disabled", DisabledReason.FAILING:
            return (
                f"is off since {since}: nothing arrived for five days.",
                "Mend the receiver, switch it on again in the admin and say whether to make up"
                " for what it missed; or delete it.",
            )
        case "paused", PausedReason.BACKLOG:
            return (
                f"is paused since {since}: too many messages were waiting.",
                "See why the receiver is slower than what happens, then resume it in the admin.",
            )
        case "failing", _ if endpoint.since and endpoint.since < at - FAILING_LONG:
            return (
                f"has failed since {since}; after five days it is switched off.",
                "Ask whoever runs the receiver. Its last answers are in the admin, Deliveries.",
            )
        case "active", _ if endpoint.next_attempt_at and endpoint.next_attempt_at < at - BEHIND:
            return (
                f"is behind: what was due at {instant(endpoint.next_attempt_at)} is not sent yet.",
                "Its receiver answers slower than things happen; see its latency in the admin.",
            )
    return None
