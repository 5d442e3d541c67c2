"""What is sent together, in which order, and what must not stop the rest."""

import asyncio
import json
from collections import defaultdict

import pytest
from asgiref.sync import sync_to_async
from cryptography.fernet import Fernet

from customers.models import Customer
from tests.webhooks.factories import (
    FAILURE,
    Clock,
    Receiver,
    deliver,
    fan_out,
    happen,
    make_delivery,
    make_endpoint,
)
from webhooks.claiming import LEASE
from webhooks.models import Delivery, DeliveryStatus
from webhooks.sending import Reply

pytestmark = pytest.mark.django_db


class Overlapping(Receiver):
    """Takes its time, and notes what was in flight together."""

    def __init__(self, *answers):
        super().__init__(*answers)
        self.now, self.together = [], []

    async def post(self, url, *, headers, body):
        self.now.append(body)
        self.together.append(len(self.now))
        await asyncio.sleep(0.01)
        self.now.remove(body)
        return await super().post(url, headers=headers, body=body)


def test_first_attempts_about_one_record_go_out_in_the_order_of_its_versions():
    make_endpoint()
    events = []
    for version in range(1, 6):
        customer = Customer(pk=5, version=version)
        events.append(happen("customer.updated", customer, {"version": version}))
    fan_out()
    receiver = Overlapping()

    deliver(receiver, Clock())

    assert [body[-3:-2] for _, _, body in receiver.received] == [b"1", b"2", b"3", b"4", b"5"]
    assert max(receiver.together) == 1


def test_messages_about_different_records_go_out_together_a_few_to_each_endpoint():
    make_endpoint()
    for number in range(20):
        happen("customer.updated", Customer(pk=number + 1, version=1))
    fan_out()
    receiver = Overlapping()

    deliver(receiver, Clock())

    assert len(set(receiver.message_ids)) == len(receiver.received) == 20
    assert max(receiver.together) == 8


def test_versions_keep_their_order_while_everything_else_is_in_flight_together():
    class Uneven(Receiver):
        """Takes longer over the odd records, so that others overtake them."""

        async def post(self, url, *, headers, body):
            number = json.loads(body)["data"]["customer"]
            await asyncio.sleep(0.01 if number % 2 else 0)
            return await super().post(url, headers=headers, body=body)

    for number in range(3):
        make_endpoint(url=f"https://receiver.example.com/{number}")
    for version in range(1, 5):
        for number in range(1, 11):
            data = {"customer": number, "version": version}
            happen("customer.updated", Customer(pk=number, version=version), data)
    fan_out()
    receiver = Uneven()

    deliver(receiver, Clock())

    seen = defaultdict(list)
    for url, _, body in receiver.received:
        data = json.loads(body)["data"]
        seen[url, data["customer"]].append(data["version"])
    assert len(seen) == 30
    assert set(map(tuple, seen.values())) == {(1, 2, 3, 4)}


def test_a_message_that_must_be_repeated_does_not_hold_back_the_next():
    make_endpoint()
    first = happen(data={"n": 1})
    happen("customer.updated", data={"n": 2})
    fan_out()
    receiver = Receiver(FAILURE, Reply(200))

    deliver(receiver, Clock())

    assert [body[-3:-2] for _, _, body in receiver.received] == [b"1", b"2"]
    assert Delivery.objects.get(event=first).status == DeliveryStatus.PENDING


class OneSlow(Receiver):
    """Answers at once, but at /slow only when `over` is set; then at /fast nobody may wait."""

    def __init__(self, enough):
        super().__init__()
        self.enough, self.over = enough, asyncio.Event()

    async def post(self, url, *, headers, body):
        if url.endswith("/slow"):
            await self.begin_slowness()
            await asyncio.wait_for(self.over.wait(), 10)
        reply = await super().post(url, headers=headers, body=body)
        if len(self.received) == self.enough:
            self.over.set()
        return reply

    async def begin_slowness(self):
        pass


def test_a_slow_receiver_costs_the_others_nothing():
    make_endpoint(url="https://a.example.com/slow")
    make_endpoint(url="https://b.example.com/fast")
    for number in range(30):
        happen("customer.updated", Customer(pk=number + 1, version=1))
    fan_out()
    receiver = OneSlow(enough=30)

    deliver(receiver, Clock())

    assert {url[-4:] for url, _, _ in receiver.received[:30]} == {"fast"}
    assert len(receiver.received) == 60


def test_what_happens_while_all_in_flight_is_slow_is_sent_meanwhile():
    class Meanwhile(OneSlow):
        async def begin_slowness(self):
            await sync_to_async(happen)("customer.deleted")
            await sync_to_async(fan_out)()

    make_endpoint(url="https://a.example.com/slow", events=["customer.created"])
    make_endpoint(url="https://b.example.com/fast", events=["customer.deleted"])
    happen("customer.created")
    fan_out()
    receiver = Meanwhile(enough=1)

    deliver(receiver, Clock())

    assert [url[-4:] for url, _, _ in receiver.received] == ["fast", "slow"]


def test_a_secret_that_cannot_be_decrypted_fails_that_message_alone(settings):
    lost = make_delivery()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    fine = make_delivery(make_endpoint(), event="customer.updated")
    receiver = Receiver()

    deliver(receiver, Clock())

    lost.refresh_from_db()
    assert (lost.status, lost.attempts) == (DeliveryStatus.PENDING, 1)
    assert "BIZSUITE_ENCRYPTION_KEYS" in lost.error
    assert fine.message_id in receiver.message_ids
    assert lost.message_id not in receiver.message_ids


def test_an_unforeseen_error_fails_that_message_alone():
    class Exploding(Receiver):
        async def post(self, url, *, headers, body):
            if b"customer.created" in body:
                raise ZeroDivisionError
            return await super().post(url, headers=headers, body=body)

    endpoint = make_endpoint()
    lost = make_delivery(endpoint)
    fine = make_delivery(endpoint, event="customer.updated")
    receiver = Exploding()

    deliver(receiver, Clock())

    lost.refresh_from_db()
    assert (lost.attempts, lost.error) == (1, "An unforeseen error; the log has the details")
    assert receiver.message_ids == [fine.message_id]


def test_a_send_that_is_cut_off_from_within_ends_the_run_and_holds_nothing_for_good():
    class CutOff(Receiver):
        async def post(self, url, *, headers, body):
            raise asyncio.CancelledError

    delivery, clock, receiver = make_delivery(), Clock(), Receiver()

    with pytest.raises(RuntimeError, match="without an outcome"):
        deliver(CutOff(), clock)
    clock.now += LEASE
    deliver(receiver, clock)

    assert receiver.message_ids == [delivery.message_id]
