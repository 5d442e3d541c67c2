"""A run of sending brings in what happens meanwhile, and waits a little for more."""

import asyncio

import pytest

from customers.models import Customer
from tests.webhooks.factories import (
    Clock,
    Receiver,
    fan_out,
    happen,
    make_delivery,
    make_endpoint,
)
from webhooks import dispatching, supply
from webhooks.dispatching import deliver_due
from webhooks.models import Delivery, DispatchTurn
from webhooks.reading import fetch_events
from webhooks.sending import Reply
from webhooks.supply import Supply

pytestmark = pytest.mark.django_db


class Watch:
    """A monotonic clock that moves a twentieth of a second at each look."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 0.05
        return self.now


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    for module in (dispatching, supply):
        monkeypatch.setattr(module, "POLL_SECONDS", 0)


def deliver(receiver: Receiver, source: Supply) -> None:
    deliver_due(sender=receiver, clock=Clock(), random=lambda: 0.5, supply=source)


def test_what_happens_while_it_waits_is_sent_without_a_job_of_its_own():
    make_delivery(make_endpoint())
    receiver, looks = Receiver(), []

    def fetch() -> None:
        looks.append(len(receiver.received))
        if len(looks) == 10:
            happen()
        fetch_events(now=Clock().now)

    deliver(receiver, Supply(fetch, linger_seconds=3.0, clock=Watch()))

    assert len(receiver.received) == 2
    assert {delivery.status for delivery in Delivery.objects.all()} == {"succeeded"}
    assert looks[9] == 1


def test_it_waits_no_longer_than_it_should_after_the_last_message():
    make_delivery(make_endpoint())
    watch, looks = Watch(), []

    deliver(Receiver(), Supply(lambda: looks.append(watch.now), linger_seconds=3.0, clock=watch))

    assert 2.5 < looks[-1] - looks[0] < 3.5
    assert DispatchTurn.objects.get().until is None


def test_where_nothing_was_to_be_sent_it_waits_for_nothing():
    make_endpoint()
    looks: list[int] = []

    deliver(Receiver(), Supply(lambda: looks.append(1), linger_seconds=3.0, clock=Watch()))

    assert looks == []


class ToldMeanwhile(Receiver):
    """Its worker is told to stop when the first message arrives; then it answers after so many
    seconds."""

    told = False

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    async def post(self, url: str, *, headers: dict[str, str], body: bytes) -> Reply:
        self.told = True
        await asyncio.sleep(self.seconds)
        return await super().post(url, headers=headers, body=body)


def make_many(count: int) -> None:
    make_endpoint()
    for number in range(count):
        happen("customer.updated", Customer(pk=number + 1, version=1))
    fan_out()


def test_told_to_stop_it_ends_what_is_in_flight_and_gives_the_rest_back():
    make_many(30)
    receiver = ToldMeanwhile(0.01)

    deliver(receiver, Supply(ends=lambda: receiver.told, linger_seconds=3.0, clock=Watch()))

    assert len(receiver.received) < 30
    arrived = Delivery.objects.filter(status="succeeded", attempts=1)
    assert arrived.count() == len(receiver.received)
    waiting = Delivery.objects.filter(status="pending", attempts=0, lease_token="")
    assert waiting.count() == 30 - len(receiver.received)
    assert DispatchTurn.objects.get().until is None


def test_told_to_stop_it_waits_for_no_slow_receiver(monkeypatch):
    monkeypatch.setattr(dispatching, "STOPPING_SECONDS", 0.05)
    make_many(3)
    receiver = ToldMeanwhile(3600)

    deliver(receiver, Supply(ends=lambda: receiver.told, linger_seconds=3.0, clock=Watch()))

    assert receiver.received == []
    assert Delivery.objects.filter(status="pending", attempts=0, lease_token="").count() == 3
    assert DispatchTurn.objects.get().until is None


def test_told_to_stop_it_does_not_begin():
    make_many(1)
    receiver = Receiver()

    deliver(receiver, Supply(ends=lambda: True, linger_seconds=3.0, clock=Watch()))

    assert receiver.received == []
    assert Delivery.objects.filter(lease_token="").count() == 1


def test_events_that_cannot_be_fetched_hold_nothing_back(caplog):
    make_delivery(make_endpoint())
    receiver = Receiver()

    def fail() -> None:
        raise ZeroDivisionError

    deliver(receiver, Supply(fail, linger_seconds=3.0, clock=Watch()))

    assert len(receiver.received) == 1
    # And not at every look.
    assert 1 <= caplog.text.count("New events could not be fetched") <= 2


def test_who_has_lost_the_turn_waits_for_nothing(monkeypatch):
    make_delivery(make_endpoint())
    watch = Watch()
    monkeypatch.setattr(dispatching.Turn, "keep", lambda turn, now: watch.now < 1)

    deliver(Receiver(), Supply(linger_seconds=3.0, clock=watch))

    assert watch.now < 1.5
