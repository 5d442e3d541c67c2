"""A tombstone is never sent as if it were data."""

import datetime

import pytest

from bizsuite.events.erasing import erase_events
from bizsuite.events.models import Event
from bizsuite.events.relay import relay_events
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
from webhooks import tasks
from webhooks.erasing import EventErased
from webhooks.models import Delivery, DeliveryStatus
from webhooks.reading import read_events
from webhooks.replaying import replay_deliveries, resend_delivery

pytestmark = pytest.mark.django_db

LATER = NOW + datetime.timedelta(hours=1)


def erase(event: Event) -> None:
    erase_events(event.resource, event.object_id, reason="Asked to", actor=SYSTEM)
    event.refresh_from_db()


def state(delivery: Delivery) -> tuple[str, int, str]:
    delivery.refresh_from_db()
    return delivery.status, delivery.attempts, delivery.error


GIVEN_UP = (DeliveryStatus.FAILED, 0, "The event's data was erased before it was sent")


def test_a_message_that_was_still_to_be_sent_is_given_up():
    delivery = make_delivery()
    receiver = Receiver()
    erase(delivery.event)

    deliver(receiver, Clock())

    assert receiver.received == []
    assert state(delivery) == GIVEN_UP
    assert delivery.failed_at == NOW
    assert not delivery.attempt_log.exists()


@pytest.mark.parametrize("payload", ["{}", "[]", "no json", '{"events": ["x"]}', None])
def test_an_erasure_that_sql_made_up_gives_up_nothing_and_holds_nobody_up(payload):
    delivery = make_delivery()
    forged = Event.objects.get(pk=delivery.event_id)
    forged.pk = forged.sequence = None
    forged.type = "event.erased"
    forged.payload = payload or f'{{"events": [{delivery.event_id}]}}'
    forged.save(force_insert=True)
    happen()
    relay_events(now=NOW)

    assert read_events(now=NOW) == 1
    assert state(delivery)[0] == DeliveryStatus.PENDING


def test_one_that_waits_for_a_retry_is_given_up_as_soon_as_the_erasure_is_read(monkeypatch):
    monkeypatch.setattr(tasks, "nudge", lambda name: None)
    delivery = make_delivery()
    deliver(Receiver(FAILURE), Clock())
    erase(delivery.event)
    relay_events(now=NOW)

    tasks.fan_out()

    assert state(delivery)[:2] == (DeliveryStatus.FAILED, 1)
    assert delivery.next_attempt_at is None


def test_others_of_the_same_moment_are_sent():
    endpoint = make_endpoint()
    erased, kept = make_delivery(endpoint), make_delivery(endpoint)
    Event.objects.filter(pk=kept.event_id).update(object_id=1001)
    receiver = Receiver()
    erase(erased.event)

    deliver(receiver, Clock())

    assert receiver.message_ids == [kept.message_id]
    assert state(erased) == GIVEN_UP


def test_what_was_delivered_stays_delivered(monkeypatch):
    monkeypatch.setattr(tasks, "nudge", lambda name: None)
    delivery = make_delivery()
    deliver(Receiver(), Clock())
    before = state(delivery)
    erase(delivery.event)
    relay_events(now=NOW)

    tasks.fan_out()

    assert state(delivery) == before == (DeliveryStatus.SUCCEEDED, 1, "")


def test_of_an_event_erased_before_its_turn_no_message_is_made():
    make_endpoint()
    erase(happen())
    assert fan_out() == []


def test_it_is_not_sent_again():
    delivery = make_delivery()
    deliver(Receiver(), Clock())
    erase(delivery.event)
    before = Event.objects.count()

    with pytest.raises(EventErased):
        resend_delivery(delivery, now=LATER, actor=SYSTEM)

    assert state(delivery)[0] == DeliveryStatus.SUCCEEDED
    assert Event.objects.count() == before


def test_a_replay_leaves_it_out():
    endpoint = make_endpoint()
    erased, kept = make_delivery(endpoint), make_delivery(endpoint)
    deliver(Receiver(FAILURE), Clock())
    Event.objects.filter(pk=kept.event_id).update(object_id=1001)
    erase(erased.event)
    since = Event.objects.earliest("occurred_at").occurred_at

    queued = replay_deliveries(endpoint, since=since, now=LATER, actor=SYSTEM)

    assert queued == 1
    assert state(kept)[0] == DeliveryStatus.PENDING
