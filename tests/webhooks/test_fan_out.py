import pytest
from django.db import IntegrityError, transaction

from bizsuite.events.registry import event_types
from bizsuite.events.relay import relay_events
from tests.webhooks.factories import NOW, fan_out, happen, make_endpoint
from webhooks import fan_out as fanning_out
from webhooks import reading, tasks
from webhooks.fan_out import fan_out_events
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint
from webhooks.reading import read_events

pytestmark = pytest.mark.django_db


def test_each_subscriber_gets_one_delivery():
    exact = make_endpoint(events=["customer.created"])
    family = make_endpoint(events=["customer.*"])
    everything = make_endpoint(events=["*"])
    make_endpoint(events=["customer.deleted", "user.*"])
    make_endpoint(events=["*"], active=False)
    event = happen("customer.created")

    made = fan_out()

    assert [(d.event_id, d.endpoint_id) for d in made] == [
        (event.pk, exact.pk),
        (event.pk, family.pk),
        (event.pk, everything.pk),
    ]
    for delivery in made:
        assert (delivery.status, delivery.attempts, delivery.step) == (DeliveryStatus.PENDING, 0, 0)
        assert (delivery.next_attempt_at, delivery.subject) == (NOW, "customer:1000")
        assert delivery.message_id.startswith("msg_")
    assert len({delivery.message_id for delivery in made}) == 3


def test_two_patterns_that_match_make_one_delivery():
    make_endpoint(events=["customer.created", "customer.*", "*"])
    happen("customer.created")

    assert len(fan_out()) == 1


def test_handling_an_event_twice_changes_nothing():
    make_endpoint()
    event = happen()
    (before,) = fan_out()

    fan_out_events([event], now=NOW)

    assert list(Delivery.objects.all()) == [before]
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(
            event=event,
            endpoint=before.endpoint,
            message_id="msg_other",
            subject="x",
            next_attempt_at=NOW,
            created_at=NOW,
        )


@pytest.mark.parametrize("private", [t.name for t in event_types() if not t.public])
def test_what_is_for_the_audit_alone_leaves_for_nobody(private):
    make_endpoint(events=["*"])
    happen(private)

    assert fan_out() == []


def test_an_event_of_a_type_that_is_gone_holds_nothing_up():
    make_endpoint(events=["*"])
    gone, following = happen(), happen()
    gone.type = "customer.forgotten"
    gone.save()

    assert [delivery.event_id for delivery in fan_out()] == [following.pk]


def test_the_task_wakes_the_dispatcher_when_there_was_something(monkeypatch):
    woken = []
    monkeypatch.setattr(tasks, "nudge", woken.append)
    make_endpoint()
    happen()
    fan_out()
    tasks.fan_out()
    assert woken == []

    event = happen()
    relay_events(now=NOW)
    tasks.fan_out()

    assert woken == ["webhooks.tasks.deliver"]
    assert Delivery.objects.filter(event=event).count() == 1


def test_events_that_nobody_wants_wake_no_dispatcher(monkeypatch):
    woken = []
    monkeypatch.setattr(tasks, "nudge", woken.append)
    make_endpoint(events=["customer.deleted"])
    happen("customer.created")
    relay_events(now=NOW)

    tasks.fan_out()

    assert woken == []


@pytest.mark.parametrize(("endpoints", "batches"), [(1, [4, 2]), (2, [2, 2, 2]), (5, [1] * 6)])
def test_the_more_endpoints_there_are_the_fewer_events_are_one_transaction(
    monkeypatch, endpoints, batches
):
    monkeypatch.setattr(fanning_out, "DELIVERIES_AT_ONCE", 4)
    for _ in range(endpoints):
        make_endpoint()
    make_endpoint(active=False)
    relay_events(now=NOW)
    read_events(now=NOW)
    events, handled = [happen() for _ in range(6)], []
    relay_events(now=NOW)
    fan_out_batch = reading.fan_out_events
    monkeypatch.setattr(
        reading,
        "fan_out_events",
        lambda batch, now: handled.append(len(batch)) or fan_out_batch(batch, now=now),
    )

    assert read_events(now=NOW) == 6 * endpoints

    assert handled == batches
    made = Delivery.objects.filter(endpoint=WebhookEndpoint.objects.earliest("pk"))
    assert set(made.values_list("event_id", flat=True)) == {event.pk for event in events}
