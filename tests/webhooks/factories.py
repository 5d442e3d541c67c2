"""Endpoints, events and receivers for the tests of webhooks."""

import datetime
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from django.db import transaction
from django.utils import timezone

from bizsuite.events.models import Event
from bizsuite.events.recording import record_event
from bizsuite.events.relay import consume, relay_events
from customers.models import Customer
from tests.factories import SYSTEM, make_customer
from webhooks import catching_up, endpoints
from webhooks.dispatching import deliver_due
from webhooks.fan_out import fan_out_events
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.sending import Reply, Sender

URL = "https://receiver.example.com/hook"
NOW = datetime.datetime(2024, 1, 15, 10, 0, tzinfo=datetime.UTC)


def make_endpoint(**fields: Any) -> WebhookEndpoint:
    return endpoints.create_endpoint(
        actor=SYSTEM, **({"url": URL, "events": ["customer.*"]} | fields)
    )


def happen(
    event: str = "customer.created", record: Any = None, data: dict[str, Any] | None = None
) -> Event:
    """Record an event; of a new customer unless a record is given (whose own event comes first)."""
    record = record or Customer(pk=1000, version=1)
    with transaction.atomic():
        return record_event(event, record, data=data or {"id": record.pk}, actor=SYSTEM)


def fan_out(now: datetime.datetime = NOW) -> list[Delivery]:
    """Number what happened and make its deliveries; returns all there are, oldest first."""
    relay_events(now=now)
    consume("webhooks", lambda events: fan_out_events(events, now=now), now=now)
    return list(Delivery.objects.order_by("event_id", "endpoint_id"))


def catch_up(now: datetime.datetime = NOW) -> int:
    """Make what is behind, as far as there is room; returns how many deliveries are due by it."""
    return sum(catching_up.catch_up(now=now))


def make_delivery(endpoint: WebhookEndpoint | None = None, **event: Any) -> Delivery:
    endpoint = endpoint or make_endpoint()
    happened = happen(**event)
    fan_out()
    return Delivery.objects.get(event=happened, endpoint=endpoint)


class Clock:
    """A clock that the test moves."""

    def __init__(self, now: datetime.datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime.datetime:
        return self.now


class Receiver:
    """A Sender whose other end answers what the test says and remembers what it was sent.

    answers: one Reply for each message in turn, the last for all that follow.
    """

    def __init__(self, *answers: Reply) -> None:
        self._answers = list(answers or [Reply(200)])
        self.received: list[tuple[str, dict[str, str], bytes]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    async def post(self, url: str, *, headers: dict[str, str], body: bytes) -> Reply:
        self.received.append((url, headers, body))
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    @property
    def message_ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.received]


FAILURE = Reply(500, "The receiver answered 500", b"sorry")


def deliver(sender: Sender, clock: Clock | None = None, *, random: float = 0.5) -> None:
    """Send what is due. random: 0.5 for no jitter."""
    deliver_due(sender=sender, clock=clock or timezone.now, random=lambda: random)


def make_customers(count: int) -> Iterable[Customer]:
    return [make_customer(account=f"Customer {number}") for number in range(count)]
