import asyncio
import datetime
import logging
from decimal import Decimal

import pytest
from asgiref.sync import sync_to_async
from cryptography.fernet import Fernet
from django.db import connection
from django.test.utils import CaptureQueriesContext
from standardwebhooks import Webhook

from bizsuite.events.models import Event
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
from tests.webhooks.receiving import answer_with, serving
from webhooks import tasks
from webhooks.deliveries import Outcome, claim_due, record_outcomes, resend_delivery
from webhooks.endpoints import delete_endpoint, update_endpoint
from webhooks.models import Delivery, DeliveryAttempt, DeliveryStatus, DispatchTurn
from webhooks.sending import Reply

pytestmark = pytest.mark.django_db

SCHEDULE = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
SECOND = datetime.timedelta(seconds=1)
DAY = datetime.timedelta(days=1)


# ── One message, over a real connection ──────────────────────────────────────


def test_a_receiver_gets_exactly_the_bytes_that_verify(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with serving() as server:
        endpoint = make_endpoint(url=server.url)
        event = happen(data={"id": 7, "amount": Decimal("1500.00"), "name": "Ärger & <Söhne>"})
        delivery = fan_out()[0]

        tasks.deliver()

    (received,) = server.received
    assert (
        received.body
        == (
            b'{"type":"customer.created","timestamp":"%b",'
            b'"data":{"id":7,"amount":1500.00,"name":"\xc3\x84rger & <S\xc3\xb6hne>"}}'
        )
        % event.occurred_at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    )
    assert event.payload.encode() in received.body
    Webhook(endpoint.secret).verify(received.body, received.headers)
    assert received.headers["webhook-id"] == delivery.message_id
    assert received.headers["Content-Type"] == "application/json"
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.SUCCEEDED, 1)
    assert (delivery.response_status, delivery.error) == (204, "")
    assert (delivery.lease_token, delivery.next_attempt_at) == ("", None)


def test_a_message_carries_the_request_id_and_the_causation_depth():
    make_delivery()
    Event.objects.update(request_id="order-17", causation_depth=3)
    receiver = Receiver()

    deliver(receiver, Clock())

    ((_, headers, _),) = receiver.received
    assert (headers["X-Request-ID"], headers["X-Causation-Depth"]) == ("order-17", "3")


def test_the_answer_is_kept_whatever_bytes_it_has(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with serving(answer_with(500, b"\x00\xff\xfebad")) as server:
        make_delivery(make_endpoint(url=server.url))
        tasks.deliver()

    attempt = DeliveryAttempt.objects.get()
    assert attempt.response == "\ufffd\ufffd\ufffdbad"
    assert attempt.response_status == 500


# ── The retry clock ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(("random", "factor"), [(0.0, 0.8), (0.5, 1.0), (0.75, 1.1), (1.0, 1.2)])
def test_a_receiver_that_always_fails_gets_ten_attempts_on_schedule(random, factor):
    delivery, clock, receiver = make_delivery(), Clock(), Receiver(FAILURE)

    deliver(receiver, clock, random=random)
    for number, seconds in enumerate(SCHEDULE, start=1):
        due = clock.now + datetime.timedelta(seconds=seconds * factor)
        delivery.refresh_from_db()
        assert (delivery.attempts, delivery.step) == (number, number)
        assert (delivery.status, delivery.next_attempt_at) == (DeliveryStatus.PENDING, due)
        clock.now = due - datetime.timedelta(microseconds=1)
        deliver(receiver, clock, random=random)
        assert len(receiver.received) == number
        clock.now = due
        deliver(receiver, clock, random=random)
        assert len(receiver.received) == number + 1

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.FAILED, 10)
    assert delivery.next_attempt_at is None
    assert receiver.message_ids == [delivery.message_id] * 10
    clock.now += 400 * DAY
    deliver(receiver, clock)
    assert len(receiver.received) == 10
    assert list(delivery.attempt_log.values_list("number", flat=True)) == list(range(1, 11))


def test_a_retry_that_succeeds_is_the_last():
    delivery, clock = make_delivery(), Clock()
    receiver = Receiver(FAILURE, Reply(None, "No complete answer within 15 seconds"), Reply(201))

    for _ in range(3):
        deliver(receiver, clock)
        clock.now += DAY
    deliver(receiver, clock)

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.SUCCEEDED, 3)
    assert delivery.delivered_at == NOW + 2 * DAY
    assert [
        (attempt.number, attempt.started_at, attempt.response_status, attempt.error)
        for attempt in delivery.attempt_log.all()
    ] == [
        (1, NOW, 500, "The receiver answered 500"),
        (2, NOW + DAY, None, "No complete answer within 15 seconds"),
        (3, NOW + 2 * DAY, 201, ""),
    ]


def test_a_message_sent_once_more_begins_the_schedule_anew():
    delivery, clock, receiver = make_delivery(), Clock(), Receiver(FAILURE)
    for seconds in (*SCHEDULE, 0):
        deliver(receiver, clock)
        clock.now += datetime.timedelta(seconds=seconds)
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.FAILED, 10)

    resend_delivery(delivery, now=clock.now, actor=SYSTEM)
    deliver(receiver, clock)

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts, delivery.step) == (DeliveryStatus.PENDING, 11, 1)
    assert delivery.next_attempt_at == clock.now + 5 * SECOND


# ── Order ────────────────────────────────────────────────────────────────────


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


def test_a_message_that_must_be_repeated_does_not_hold_back_the_next():
    make_endpoint()
    first = happen(data={"n": 1})
    happen("customer.updated", data={"n": 2})
    fan_out()
    receiver = Receiver(FAILURE, Reply(200))

    deliver(receiver, Clock())

    assert [body[-3:-2] for _, _, body in receiver.received] == [b"1", b"2"]
    assert Delivery.objects.get(event=first).status == DeliveryStatus.PENDING


# ── Trouble ──────────────────────────────────────────────────────────────────


def test_410_disables_at_once(caplog):
    endpoint = make_endpoint()
    gone, waiting = happen(), happen("customer.updated")
    fan_out()
    receiver = Receiver(Reply(410, "The receiver answered 410"))

    with caplog.at_level(logging.WARNING):
        deliver(receiver, Clock())

    endpoint.refresh()
    assert (endpoint.active, endpoint.disabled_reason) == (False, "gone")
    assert endpoint.disabled_at == NOW
    assert len(receiver.received) == 1
    assert Delivery.objects.get(event=gone).status == DeliveryStatus.FAILED
    assert Delivery.objects.get(event=waiting).status == DeliveryStatus.PENDING
    event = Event.objects.get(type="webhook.disabled")
    assert (event.object_id, event.object_version) == (endpoint.pk, endpoint.version)
    assert '"disabled_reason":"gone"' in event.payload
    assert endpoint.secret not in event.payload
    assert f"Webhook {endpoint.pk} to {endpoint.url} is disabled" in caplog.text


def test_five_days_of_failure_disable():
    endpoint, clock, receiver = make_endpoint(), Clock(), Receiver(FAILURE)
    for day in range(5):
        happen()
        fan_out(clock.now)
        deliver(receiver, clock)
        endpoint.refresh()
        assert (endpoint.active, endpoint.failing_since) == (True, NOW), day
        clock.now += DAY
    deliver(receiver, clock)

    endpoint.refresh()
    assert (endpoint.active, endpoint.disabled_reason) == (False, "failing")
    assert endpoint.disabled_at == NOW + 5 * DAY
    assert Event.objects.filter(type="webhook.disabled").count() == 1
    sent = len(receiver.received)
    clock.now += DAY
    deliver(receiver, clock)
    assert len(receiver.received) == sent


def test_one_success_in_five_days_is_enough():
    endpoint, clock = make_endpoint(), Clock()
    for answer in (FAILURE, Reply(200), FAILURE):
        happen()
        fan_out(clock.now)
        deliver(Receiver(answer), clock)
        endpoint.refresh()
        assert endpoint.failing_since == (None if answer.succeeded else clock.now)
        clock.now += 3 * DAY
    happen()
    fan_out(clock.now)
    deliver(Receiver(FAILURE), clock)

    endpoint.refresh()
    assert endpoint.active


def test_switched_on_again_it_goes_on_with_what_was_pending():
    endpoint = make_endpoint()
    delivery = make_delivery(endpoint)
    update_endpoint(endpoint, actor=SYSTEM, active=False)
    receiver = Receiver()
    deliver(receiver, Clock())
    assert receiver.received == []

    update_endpoint(endpoint, actor=SYSTEM, active=True)
    deliver(receiver, Clock())

    assert receiver.message_ids == [delivery.message_id]


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


# ── Leases and turns ─────────────────────────────────────────────────────────


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
    type(failing).objects.filter(pk=failing.pk).change(failing_since=NOW)
    healthy = make_endpoint()
    happen()
    fan_out()

    (claimed,) = claim_due(now=NOW, busy={}, limit=1)

    assert claimed.endpoint_id == healthy.pk


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


def test_looking_for_work_in_vain_writes_nothing():
    make_delivery()
    deliver(Receiver(), Clock())

    with CaptureQueriesContext(connection) as queries:
        deliver(Receiver(), Clock())

    assert len(queries) == 1
    assert queries[0]["sql"].startswith("SELECT")
