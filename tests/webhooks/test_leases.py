"""Whose delivery it is, and whose turn to send."""

import asyncio
import datetime
from collections import Counter

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from tests.factories import SYSTEM
from tests.webhooks.factories import (
    FAILURE,
    NOW,
    Clock,
    Receiver,
    deliver,
    fan_out,
    happen,
    make_delivery,
    make_endpoint,
)
from webhooks import claiming, dispatching
from webhooks.claiming import claim_due
from webhooks.endpoints import delete_endpoint
from webhooks.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    DispatchTurn,
    PausedReason,
)
from webhooks.sending import Reply
from webhooks.settling import Outcome, record_outcomes
from webhooks.turns import Turn

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)


class CountingClock(Clock):
    readings = 0

    def __call__(self):
        self.readings += 1
        return super().__call__()


DAY = datetime.timedelta(days=1)


def test_a_lease_that_ran_out_is_taken_over_and_its_late_outcome_dropped():
    delivery = make_delivery()
    (first,) = claim_due(now=NOW, busy={}, limit=10)
    assert claim_due(now=NOW + 29 * SECOND, busy={}, limit=10) == []

    (second,) = claim_due(now=NOW + 30 * SECOND, busy={}, limit=10)
    assert (first.pk, first.message_id) == (second.pk, second.message_id)
    assert first.lease_token != second.lease_token

    late = Outcome(first, FAILURE, started_at=NOW, duration_ms=1)
    record_outcomes([late], now=NOW, random=lambda: 0.5)
    delivery.refresh_from_db()
    assert (delivery.attempts, delivery.lease_token) == (0, second.lease_token)
    assert not DeliveryAttempt.objects.exists()


def test_a_worker_that_died_between_claiming_and_sending_loses_nothing():
    delivery = make_delivery()
    claim_due(now=NOW, busy={}, limit=10)
    receiver = Receiver()

    deliver(receiver, Clock(NOW + 29 * SECOND))
    assert receiver.received == []
    deliver(receiver, Clock(NOW + 30 * SECOND))

    assert receiver.message_ids == [delivery.message_id]


def test_an_endpoint_deleted_in_flight_leaves_nothing_behind():
    make_delivery()
    (claimed,) = claim_due(now=NOW, busy={}, limit=10)
    delete_endpoint(claimed.endpoint, actor=SYSTEM)

    outcome = Outcome(claimed, Reply(200), started_at=NOW, duration_ms=1)
    record_outcomes([outcome], now=NOW, random=lambda: 0.5)

    assert not Delivery.objects.exists()
    assert not DeliveryAttempt.objects.exists()


def test_a_claim_leaves_room_for_what_is_already_in_flight():
    endpoint = make_endpoint()
    for number in range(12):
        happen("customer.updated", Customer(pk=number + 1, version=1))
    fan_out()

    assert len(claim_due(now=NOW, busy={endpoint.pk: 6}, limit=100)) == 2
    assert len(claim_due(now=NOW, busy={}, limit=3)) == 3


def test_healthy_endpoints_come_first():
    failing = make_endpoint()
    type(failing).objects.filter(pk=failing.pk).note_failing(since=NOW, last=NOW)
    healthy = make_endpoint()
    happen()
    fan_out()

    (claimed,) = claim_due(now=NOW, busy={}, limit=1)

    assert claimed.endpoint_id == healthy.pk


def test_those_that_fail_fill_no_more_than_half_of_the_room():
    for number in range(9):
        endpoint = make_endpoint()
        if number:
            type(endpoint).objects.filter(pk=endpoint.pk).note_failing(since=NOW, last=NOW)
    for number in range(3):
        happen("customer.updated", Customer(pk=number + 1, version=1))
    fan_out()

    claimed = Counter(each.endpoint_id for each in claim_due(now=NOW, busy={}, limit=10))
    assert sorted(claimed.values()) == [2, 3]
    again = Counter(each.endpoint_id for each in claim_due(now=NOW, busy=claimed, limit=100))
    assert sorted(again.values()) == [2] * 7


def test_who_has_least_comes_first():
    first, second = make_endpoint(), make_endpoint()
    for number in range(20):
        happen("customer.updated", Customer(pk=number + 1, version=1))
    fan_out()
    busy, wanted = {first.pk: 9, second.pk: 0}, {first.pk: 100}

    claimed = claim_due(now=NOW, busy=busy, wanted=wanted, limit=3)

    assert {each.endpoint_id for each in claimed} == {second.pk}


def test_large_messages_are_claimed_as_the_memory_has_room(monkeypatch):
    monkeypatch.setattr(claiming, "HELD_SIZE", 5000)
    monkeypatch.setattr(claiming, "SIZE_PER_ENDPOINT", 2500)
    endpoints = [make_endpoint() for _ in range(4)]
    for number in range(4):
        happen("customer.updated", Customer(pk=number + 1, version=1), {"text": "x" * 1000})
    fan_out()
    failing = type(endpoints[1]).objects.filter(pk=endpoints[1].pk)
    failing.note_failing(since=NOW, last=NOW)

    first = claim_due(now=NOW, busy={}, limit=100)
    assert Counter(each.endpoint_id for each in first) == {endpoints[0].pk: 2, endpoints[2].pk: 2}
    held = {endpoints[0].pk: 1000, endpoints[2].pk: 1000}
    second = claim_due(now=NOW, busy={}, limit=100, held_sizes=held)
    assert Counter(each.endpoint_id for each in second) == {
        endpoints[0].pk: 1,
        endpoints[2].pk: 1,
    }


def test_a_message_larger_than_the_memory_for_all_goes_out_alone(monkeypatch):
    monkeypatch.setattr(claiming, "HELD_SIZE", 500)
    monkeypatch.setattr(claiming, "SIZE_PER_ENDPOINT", 100)
    make_endpoint()
    for number in range(4):
        happen("customer.updated", Customer(pk=number + 1, version=1), {"text": "x" * 1000})
    fan_out()
    receiver = Receiver()

    deliver(receiver, Clock())

    assert len(set(receiver.message_ids)) == 4


def test_a_run_of_sending_keeps_the_leases_of_all_that_it_holds():
    class Slow(Receiver):
        async def post(self, url, *, headers, body):
            self.begun = getattr(self, "begun", 0) + 1
            if self.begun == 1:
                for _ in range(5):
                    clock.now += 9 * SECOND
                    await visits(2)
                others.extend(await sync_to_async(claim_elsewhere)())
            return await super().post(url, headers=headers, body=body)

    def claim_elsewhere():
        return claim_due(now=clock.now, busy={}, limit=100)

    async def visits(count):
        seen = clock.readings + 2 * count
        async with asyncio.timeout(10):
            while clock.readings < seen:
                await asyncio.sleep(0.01)

    make_endpoint()
    for number in range(12):
        happen("customer.updated", Customer(pk=number + 1, version=1))
    fan_out()
    clock, others, receiver = CountingClock(), [], Slow()

    deliver(receiver, clock)

    assert others == []
    assert len(set(receiver.message_ids)) == len(receiver.message_ids) == 12
    assert Delivery.objects.filter(status=DeliveryStatus.SUCCEEDED, attempts=1).count() == 12


def test_what_waits_is_given_back_when_its_endpoint_is_paused():
    class PausedMeanwhile(Receiver):
        async def post(self, url, *, headers, body):
            if not self.received:
                paused = {"paused_at": NOW, "paused_reason": PausedReason.BY_HAND}
                await sync_to_async(endpoints.note)(**paused)
            return await super().post(url, headers=headers, body=body)

    endpoints = type(make_endpoint()).objects.all()
    for number in range(40):
        happen("customer.updated", Customer(pk=number + 1, version=1))
    fan_out()
    receiver = PausedMeanwhile()

    deliver(receiver, Clock())

    assert len(receiver.received) < 40
    waiting = Delivery.objects.filter(status=DeliveryStatus.PENDING)
    assert waiting.count() == 40 - len(receiver.received)
    assert set(waiting.values_list("lease_token", "attempts")) == {("", 0)}


def test_nothing_is_sent_while_it_is_another_process_s_turn():
    delivery, receiver = make_delivery(), Receiver()
    DispatchTurn.objects.create(pk=1, token="another", until=NOW + 5 * SECOND)

    deliver(receiver, Clock(NOW + 4 * SECOND))
    assert receiver.received == []
    deliver(receiver, Clock(NOW + 5 * SECOND))

    assert receiver.message_ids == [delivery.message_id]
    turn = DispatchTurn.objects.get()
    assert (turn.token, turn.until) == ("", None)


def test_a_turn_that_was_lost_sends_nothing_more():
    """A process that stalled for longer than its turn finishes what it has and stops."""

    class Stalling(Receiver):
        async def post(self, url, *, headers, body):
            clock.now += datetime.timedelta(minutes=1)
            taken = {"token": "another", "until": clock.now + DAY}
            await sync_to_async(DispatchTurn.objects.update)(**taken)
            return await super().post(url, headers=headers, body=body)

    make_endpoint()
    happen(data={"n": 1})
    happen("customer.updated", data={"n": 2})
    fan_out()
    clock, receiver = Clock(), Stalling()

    deliver(receiver, clock)

    assert len(receiver.received) == 1
    assert DispatchTurn.objects.get().token == "another"
    assert Delivery.objects.filter(status=DeliveryStatus.SUCCEEDED).count() == 1


def test_a_turn_is_kept_while_all_that_is_sent_is_slow(monkeypatch):
    """Also when there is nothing more to claim: then the turn is all that the polls are for."""

    class Slow(Receiver):
        async def post(self, url, *, headers, body):
            for _ in range(3):
                clock.now += 6 * SECOND
                # The poll that reads the clock first is over when it is read again.
                polled = clock.readings + 2
                async with asyncio.timeout(10):
                    while clock.readings < polled:
                        await asyncio.sleep(0.01)
                taken.append(await sync_to_async(Turn.take)(clock.now))
            return await super().post(url, headers=headers, body=body)

    monkeypatch.setattr(dispatching, "POLL_SECONDS", 0.01)
    delivery, clock, taken = make_delivery(), CountingClock(), []
    receiver = Slow()

    deliver(receiver, clock)

    assert taken == [None, None, None]
    assert receiver.message_ids == [delivery.message_id]


def test_looking_for_work_in_vain_writes_nothing():
    make_delivery()
    deliver(Receiver(), Clock())

    with CaptureQueriesContext(connection) as queries:
        deliver(Receiver(), Clock())

    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "SELECT"]


def test_a_turn_is_one_process_s_until_it_is_given_back_or_runs_out():
    first = Turn.take(NOW)
    assert first is not None
    assert Turn.take(NOW + 9 * SECOND) is None
    assert first.keep(NOW + 9 * SECOND)
    assert Turn.take(NOW + 18 * SECOND) is None

    second = Turn.take(NOW + 19 * SECOND)
    assert second is not None
    assert not first.keep(NOW + 20 * SECOND)
    assert not first.keep(NOW + 21 * SECOND)
    first.release()
    assert Turn.take(NOW + 22 * SECOND) is None
    second.release()
    assert Turn.take(NOW + 22 * SECOND) is not None
