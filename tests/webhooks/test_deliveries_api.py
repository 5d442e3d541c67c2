import datetime

import pytest

from bizsuite.events.models import Event
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
from webhooks.claiming import claim_due
from webhooks.models import Delivery, DeliveryStatus

pytestmark = pytest.mark.django_db


def test_deliveries_are_listed_and_filtered(api):
    endpoint = make_endpoint()
    make_delivery(endpoint)
    deliver(Receiver(), Clock())
    waiting = make_delivery(endpoint, event="customer.updated")
    elsewhere = make_delivery(make_endpoint(events=["customer.deleted"]), event="customer.deleted")
    path = f"/webhooks/{endpoint.pk}/deliveries"

    assert api.get(path).meta["total_records"] == 3
    assert [row["id"] for row in api.get(f"{path}?status=succeeded").data][:1] != [waiting.pk]
    (row,) = api.get(f"{path}?event=customer.updated").data
    assert row == {
        "id": waiting.pk,
        "webhook_id": endpoint.pk,
        "message_id": waiting.message_id,
        "event": "customer.updated",
        "subject": "customer:1000",
        "status": "pending",
        "attempts": 0,
        "next_attempt_at": "2024-01-15T10:00:00Z",
        "response_status": None,
        "error": None,
        "delivered_at": None,
        "created_at": "2024-01-15T10:00:00Z",
    }
    everywhere = api.get(f"/webhooks/deliveries?webhook_id={elsewhere.endpoint_id}").data
    assert [row["id"] for row in everywhere] == [elsewhere.pk]
    assert api.get(f"{path}?status=lost").errors == {
        "status": "Must be one of: pending, succeeded, failed"
    }
    assert api.get(f"{path}?colour=red").errors == {"colour": "Unknown parameter"}


def test_a_page_of_deliveries_takes_the_same_queries_however_long(
    api, django_assert_max_num_queries
):
    endpoint = make_endpoint()
    for _ in range(12):
        happen()
    fan_out()

    with django_assert_max_num_queries(7):
        assert len(api.get(f"/webhooks/{endpoint.pk}/deliveries").data) == 12


def test_a_delivery_shows_its_attempts(api):
    delivery = make_delivery()
    deliver(Receiver(FAILURE), Clock())

    shown = api.get(f"/webhooks/deliveries/{delivery.pk}").data

    assert (shown["status"], shown["attempts"], shown["response_status"]) == ("pending", 1, 500)
    assert shown["error"] == "The receiver answered 500"
    assert shown["next_attempt_at"] == "2024-01-15T10:00:05Z"
    (attempt,) = shown["attempt_log"]
    assert attempt == {
        "number": 1,
        "started_at": "2024-01-15T10:00:00Z",
        "duration_ms": attempt["duration_ms"],
        "response_status": 500,
        "error": "The receiver answered 500",
        "response": "sorry",
    }


def test_a_message_is_sent_once_more_under_its_id(api):
    delivery = make_delivery()
    receiver = Receiver()
    deliver(receiver, Clock())

    answer = api.post(f"/webhooks/deliveries/{delivery.pk}/resend")
    deliver(receiver)

    assert (answer.status, answer.data["status"]) == (200, "pending")
    assert receiver.message_ids == [delivery.message_id] * 2
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.SUCCEEDED, 2)
    assert Event.objects.filter(type="webhook.resent").count() == 1


def test_a_message_under_way_is_not_sent_twice(api):
    delivery = make_delivery()
    soon = datetime.datetime.now(datetime.UTC)
    assert claim_due(now=soon, busy={}, limit=1) == [delivery]

    answer = api.post(f"/webhooks/deliveries/{delivery.pk}/resend")

    assert (answer.status, answer.body["code"]) == (409, "delivery_under_way")


def test_a_replay_sends_what_did_not_arrive_and_no_more(api):
    endpoint = make_endpoint(events=["customer.created"])
    arrived = make_delivery(endpoint)
    deliver(Receiver(), Clock())
    failed = make_delivery(endpoint)
    deliver(Receiver(FAILURE), Clock())
    Delivery.objects.filter(pk=failed.pk).update(
        status=DeliveryStatus.FAILED, next_attempt_at=None, failed_at=NOW, step=9
    )
    api.patch(f"/webhooks/{endpoint.pk}", {"active": False})
    missed, unwanted = happen(), happen("customer.deleted")
    fan_out()
    api.patch(f"/webhooks/{endpoint.pk}", {"active": True})

    early = Event.objects.earliest("occurred_at").occurred_at
    answer = api.post(
        f"/webhooks/{endpoint.pk}/replay", {"since": early.strftime("%Y-%m-%dT%H:%M:%SZ")}
    )
    receiver = Receiver()
    deliver(receiver)

    assert (answer.status, answer.data) == (200, {"queued": 2})
    again = Delivery.objects.get(event=missed)
    assert receiver.message_ids == [failed.message_id, again.message_id]
    assert arrived.message_id not in receiver.message_ids
    assert not Delivery.objects.filter(event=unwanted).exists()


def test_a_replay_leaves_out_what_was_before(api):
    endpoint = make_endpoint(active=False)
    happen()
    fan_out()
    api.patch(f"/webhooks/{endpoint.pk}", {"active": True})

    path = f"/webhooks/{endpoint.pk}/replay"
    assert api.post(path, {"since": "2999-01-01T00:00:00Z"}).data == {"queued": 0}
    assert not Delivery.objects.exists()
    for wrong in ("2024-01-15", "2024-01-15T10:00:00", "2024-01-15T25:00:00Z", 5, ""):
        assert api.post(path, {"since": wrong}).errors == {
            "since": "Must be an instant such as 2024-01-15T10:00:00Z"
        }
