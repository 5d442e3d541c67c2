"""Messages that cause changes that cause messages: after five rounds it stops and says so."""

import datetime

import pytest

from bizsuite.events.models import Event
from bizsuite.mail.models import OutgoingMail
from tests.factories import SYSTEM, make_user
from tests.webhooks.factories import (
    FAILURE,
    NOW,
    Clock,
    Receiver,
    catch_up,
    deliver,
    fan_out,
    happen,
    make_endpoint,
)
from webhooks.models import Delivery, DeliveryStatus
from webhooks.replaying import replay_deliveries, resend_delivery
from webhooks.switching import disable_endpoint, enable_endpoint

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def happen_at(depth):
    event = happen()
    Event.objects.filter(pk=event.pk).update(causation_depth=depth)
    return event


def looped_events():
    return Event.objects.filter(type="webhook.looped")


def test_up_to_four_rounds_are_sent_and_the_fifth_is_not():
    make_endpoint()
    for depth in range(7):
        happen_at(depth)
    fan_out()
    deliver(receiver := Receiver(), Clock())

    depths = [int(headers["X-Causation-Depth"]) for _, headers, _ in receiver.received]
    assert depths == [0, 1, 2, 3, 4]
    stopped = Delivery.objects.filter(event__causation_depth__gte=5)
    assert [(each.status, each.attempts, each.failed_at) for each in stopped] == [
        (DeliveryStatus.FAILED, 0, NOW)
    ] * 2
    assert stopped[0].error.startswith("Not sent: a receiver reacted to our messages five times")


def test_a_receiver_that_echoes_the_header_is_stopped_after_five_rounds(api):
    """Each message makes it write back, with the depth that the message named."""
    endpoint = make_endpoint()
    customer = api.post("/customers", {"account": "Ada"}).data
    rounds = 0
    for _ in range(10):
        fan_out()
        deliver(receiver := Receiver(), Clock())
        for _, headers, _ in receiver.received:
            rounds += 1
            api.patch(
                f"/customers/{customer['id']}",
                {"account": f"Ada {rounds}"},
                headers={"X-Causation-Depth": headers["X-Causation-Depth"]},
            )
    assert rounds == 5
    (stopped,) = Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.FAILED)
    assert stopped.event.causation_depth == 5


def test_the_administrators_are_told_once_a_day_for_each_webhook(caplog):
    make_user(email="ada@example.com")
    first, second = make_endpoint(), make_endpoint(events=["customer.created"])
    for now in (NOW, NOW + DAY / 2, NOW + DAY - datetime.timedelta(seconds=1)):
        for _ in range(3):
            happen_at(5)
        fan_out(now)
    mails = OutgoingMail.objects.filter(to_address="ada@example.com").order_by("id")
    assert [mail.subject for mail in mails] == [
        f"Webhook {endpoint.pk} goes round in circles" for endpoint in (first, second)
    ]
    assert "Event: customer.created" in mails[0].body
    assert looped_events().count() == 2
    assert caplog.text.count("is part of a loop") == 2

    happen_at(6)
    fan_out(NOW + DAY)
    assert looped_events().count() == 4


def test_what_was_stopped_is_not_replayed_and_may_be_sent_by_hand_once():
    endpoint = make_endpoint()
    stopped = happen_at(5)
    (delivery,) = fan_out()

    since = stopped.occurred_at
    assert replay_deliveries(endpoint, since=since, now=NOW, actor=SYSTEM) == 0
    deliver(receiver := Receiver(FAILURE), Clock())
    assert receiver.received == []

    resend_delivery(delivery, now=NOW, actor=SYSTEM)
    deliver(receiver, Clock())
    assert receiver.message_ids == [delivery.message_id]
    delivery.refresh_from_db()
    assert (delivery.status, delivery.next_attempt_at) == (DeliveryStatus.FAILED, None)


def test_what_was_missed_says_so_too():
    endpoint = make_endpoint()
    disable_endpoint(endpoint, now=NOW, actor=SYSTEM)
    happen_at(5)
    fan_out()
    endpoint.refresh_from_db()
    enable_endpoint(endpoint, replay=True, now=NOW, actor=SYSTEM)

    assert catch_up() == 0
    assert Delivery.objects.get().status == DeliveryStatus.FAILED
    assert looped_events().count() == 1
