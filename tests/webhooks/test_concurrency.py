"""Two workers at the same moment, each with a database connection of its own."""

import contextlib
import datetime

import pytest

from bizsuite.errors import NotFound
from bizsuite.events.models import Event
from customers.models import Customer
from tests.concurrency import at_once
from tests.factories import SYSTEM
from tests.webhooks.factories import NOW, Clock, Receiver, deliver, fan_out, happen, make_endpoint
from webhooks import pruning
from webhooks.claiming import claim_due
from webhooks.endpoints import delete_endpoint
from webhooks.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    HourlyFigures,
    WebhookEndpoint,
)
from webhooks.pruning import Retention, prune_deliveries
from webhooks.replaying import DeliveryUnderWay, resend_delivery

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)

RETENTION = Retention.of_days(30, 90)


@pytest.fixture
def forty_deliveries() -> set[int]:
    for _ in range(5):
        make_endpoint()
    for number in range(8):
        happen("customer.updated", Customer(pk=number + 1, version=1))
    return {delivery.pk for delivery in fan_out()}


def test_no_delivery_is_claimed_twice(forty_deliveries):
    claims = at_once([lambda: claim_due(now=NOW, busy={}, limit=15)] * 4)
    claims.append(claim_due(now=NOW, busy={}, limit=100))

    claimed = [delivery.pk for claim in claims for delivery in claim]
    assert sorted(claimed) == sorted(forty_deliveries)
    assert len({delivery.lease_token for claim in claims for delivery in claim}) >= 2


def test_workers_that_are_woken_together_send_each_message_once(forty_deliveries):
    receivers = [Receiver() for _ in range(3)]

    at_once([lambda receiver=receiver: deliver(receiver, Clock()) for receiver in receivers])

    sent = [message for receiver in receivers for message in receiver.message_ids]
    assert len(sent) == len(set(sent)) == len(forty_deliveries) == 40
    assert Delivery.objects.filter(status=DeliveryStatus.SUCCEEDED, attempts=1).count() == 40
    assert DeliveryAttempt.objects.count() == 40


def test_workers_that_fan_out_together_make_each_delivery_once():
    endpoint = make_endpoint()
    events = [happen().pk for _ in range(5)]

    at_once([fan_out] * 3)

    made = Delivery.objects.filter(endpoint=endpoint).order_by("event_id")
    assert list(made.values_list("event_id", flat=True)) == events


def test_an_endpoint_that_two_delete_is_recorded_as_deleted_once():
    endpoint = make_endpoint()
    happen()
    fan_out()
    deliver(Receiver(), Clock())
    same = WebhookEndpoint.objects.get(pk=endpoint.pk)

    def delete(mine: WebhookEndpoint) -> bool:
        try:
            delete_endpoint(mine, actor=SYSTEM)
        except NotFound:
            return False
        return True

    assert sorted(at_once([lambda: delete(endpoint), lambda: delete(same)])) == [False, True]

    deleted = Event.objects.get(type="webhook.deleted")
    assert (deleted.object_id, deleted.object_version) == (endpoint.pk, 2)
    for model in (Delivery, DeliveryAttempt, HourlyFigures):
        assert not model.objects.exists()


def test_a_message_that_is_sent_again_while_old_ones_are_pruned_is_not_lost(monkeypatch):
    monkeypatch.setattr(pruning, "BATCH", 2)
    make_endpoint()
    for _ in range(12):
        happen()
    old = fan_out()
    deliver(Receiver(), Clock())
    long_after, again = NOW + datetime.timedelta(days=31), []

    def send_again() -> None:
        for delivery in reversed(old):
            # Pruned a moment ago.
            with contextlib.suppress(DeliveryUnderWay):
                again.append(resend_delivery(delivery, now=long_after, actor=SYSTEM).pk)

    at_once([send_again, lambda: list(prune_deliveries(RETENTION, now=long_after))])

    pending = Delivery.objects.filter(status=DeliveryStatus.PENDING)
    assert sorted(again) == sorted(pending.values_list("pk", flat=True))
    assert len(again) == Delivery.objects.count()
