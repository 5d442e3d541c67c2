"""The clock of retries, and when a receiver is given up."""

import datetime
import logging

import pytest

from bizsuite.events.models import Event
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
from webhooks.endpoints import update_endpoint
from webhooks.models import Delivery, DeliveryStatus
from webhooks.replaying import resend_delivery, send_test
from webhooks.sending import Reply

pytestmark = pytest.mark.django_db

SCHEDULE = [5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400]
SECOND = datetime.timedelta(seconds=1)
DAY = datetime.timedelta(days=1)


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


@pytest.mark.parametrize("status", [429, 503, 500])
@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        ("7", 7),
        ("0", 5),
        ("4", 5),
        ("10", 10),
        ("11", 10),
        ("99999999999999", 5),
        ("9999999999", 10),
        ("Mon, 15 Jan 2024 10:00:08 GMT", 8),
        ("Monday, 15-Jan-24 10:00:08 GMT", 8),
        ("Mon Jan 15 10:00:08 2024", 8),
        ("Mon, 15 Jan 2024 09:00:00 GMT", 5),
        ("Mon, 15 Jan 2034 10:00:00 GMT", 10),
        ("soon", 5),
        ("7.5", 5),
        ("-7", 5),
        ("٧", 5),
        ("", 5),
        # Numbers that no calendar holds.
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 5),
        ("1 Jan 2024 99999999999999:00:00 GMT", 5),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", 5),
    ],
)
def test_a_receiver_may_ask_for_up_to_twice_the_wait_and_never_for_less(status, asked, waits):
    delivery = make_delivery()
    answer = Reply(status, f"The receiver answered {status}", headers={"retry-after": asked})

    deliver(Receiver(answer), Clock())

    delivery.refresh_from_db()
    assert delivery.next_attempt_at == NOW + waits * SECOND


def test_what_a_receiver_asks_for_is_measured_at_each_step():
    delivery, clock = make_delivery(), Clock()
    answer = Reply(429, "The receiver answered 429", headers={"retry-after": "86400000"})
    for seconds in SCHEDULE:
        deliver(Receiver(answer), clock)
        delivery.refresh_from_db()
        assert delivery.next_attempt_at == clock.now + 2 * seconds * SECOND
        clock.now = delivery.next_attempt_at
    deliver(Receiver(answer), clock)

    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.FAILED, 10)


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
    assert f"Webhook {endpoint.pk} is disabled" in caplog.text


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


def send(endpoint, clock, answer):
    happen()
    fan_out(clock.now)
    deliver(Receiver(answer), clock)
    endpoint.refresh()


def test_two_failures_with_a_silence_between_do_not_disable():
    """Five days is how long it was tried, not how long ago the first failure was."""
    endpoint, clock = make_endpoint(), Clock()
    send(endpoint, clock, FAILURE)
    assert endpoint.failing_since == NOW
    Delivery.objects.update(status=DeliveryStatus.FAILED, next_attempt_at=None, failed_at=NOW)

    clock.now += 9 * DAY
    send(endpoint, clock, FAILURE)

    assert (endpoint.active, endpoint.failing_since) == (True, clock.now)
    assert Delivery.objects.filter(status=DeliveryStatus.PENDING).count() == 1


@pytest.mark.parametrize(("hours", "counts_on"), [(24 * 1.2, True), (30, False)])
def test_the_longest_wait_of_the_schedule_is_no_silence(hours, counts_on):
    endpoint, clock = make_endpoint(), Clock()
    send(endpoint, clock, FAILURE)

    clock.now += datetime.timedelta(hours=hours)
    send(endpoint, clock, FAILURE)

    assert endpoint.failing_since == (NOW if counts_on else clock.now)


def test_a_failed_test_is_not_held_against_a_receiver():
    endpoint, clock = make_endpoint(), Clock()
    for _ in range(7):
        send_test(endpoint, now=clock.now, actor=SYSTEM)
        deliver(Receiver(FAILURE), clock)
        endpoint.refresh()
        assert (endpoint.active, endpoint.failing_since) == (True, None)
        clock.now += DAY

    assert Delivery.objects.filter(status=DeliveryStatus.FAILED).count() == 7


def test_a_test_that_arrives_ends_the_failing():
    endpoint, clock = make_endpoint(), Clock()
    send(endpoint, clock, FAILURE)

    send_test(endpoint, now=clock.now, actor=SYSTEM)
    deliver(Receiver(Reply(200)), clock)

    endpoint.refresh()
    assert (endpoint.failing_since, endpoint.last_failed_at) == (None, None)


def test_a_receiver_that_comes_and_goes_leaves_the_version_alone():
    endpoint, clock = make_endpoint(), Clock()
    before = (endpoint.version, endpoint.updated_at)

    for answer in (FAILURE, Reply(200), FAILURE):
        send(endpoint, clock, answer)
        assert (endpoint.version, endpoint.updated_at) == before
        clock.now += datetime.timedelta(hours=1)

    assert endpoint.failing_since is not None
    update_endpoint(endpoint, actor=SYSTEM, if_version=before[0], events=["customer.created"])
    assert endpoint.version == before[0] + 1


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
