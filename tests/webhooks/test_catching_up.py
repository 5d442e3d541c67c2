"""A full queue, a large replay: what is behind is made in slices, in order, and nothing twice."""

import datetime

import pytest

from bizsuite.errors import Invalid
from bizsuite.events.models import Event
from bizsuite.events.relay import relay_events
from bizsuite.mail.models import OutgoingMail
from customers.models import Customer
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
from webhooks import catching_up, replaying, tasks
from webhooks import fan_out as fanning_out
from webhooks.catching_up import begin_replay
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint
from webhooks.pruning import Retention, prune_deliveries
from webhooks.replaying import replay_deliveries
from webhooks.switching import disable_endpoint, pause_endpoint, resume_endpoint

pytestmark = pytest.mark.django_db
LIMIT = 20
LATER = NOW + datetime.timedelta(days=4)


@pytest.fixture(autouse=True)
def small_queues(settings):
    settings.WEBHOOK_BACKLOG_LIMIT = LIMIT


def happened(count, *, record=None):
    return [
        happen("customer.updated", Customer(pk=record or number + 1, version=1))
        for number in range(count)
    ]


def waiting(endpoint):
    return Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING).count()


def told(receiver):
    return [int(body.split(b'"id":')[1].rstrip(b"}")) for _, _, body in receiver.received]


def drain(receiver, clock=None):
    """Send and catch up in turn until nothing is left to do."""
    while True:
        deliver(receiver, clock or Clock())
        if not catch_up():
            return


class TestAFullQueue:
    def test_it_pauses_the_webhook_and_tells_the_administrators_once(self):
        make_user(email="ada@example.com")
        endpoint, other = make_endpoint(), make_endpoint(events=["customer.deleted"])
        events = happened(LIMIT + 5)
        fan_out()
        happened(3)
        fan_out()

        endpoint.refresh_from_db()
        events[LIMIT].refresh_from_db()
        assert waiting(endpoint) == LIMIT
        assert (endpoint.paused_at, endpoint.paused_reason) == (NOW, "backlog")
        assert endpoint.catch_up_from == events[LIMIT].sequence
        assert endpoint.missed_from is None
        (mail,) = OutgoingMail.objects.filter(to_address="ada@example.com")
        assert mail.subject == f"Webhook {endpoint.pk} is paused: too much is waiting"
        assert f"{LIMIT} deliveries are waiting" in mail.body
        assert Event.objects.filter(type="webhook.paused").count() == 1
        other.refresh_from_db()
        assert other.paused_at is None

    def test_after_resuming_everything_arrives_in_order_and_once(self):
        endpoint, receiver = make_endpoint(), Receiver()
        happened(3 * LIMIT)
        fan_out()
        drain(receiver)
        assert receiver.received == []

        resume_endpoint(WebhookEndpoint.objects.get(), actor=SYSTEM)
        happened(1, record=999)
        fan_out()
        drain(receiver)

        assert told(receiver) == [*range(1, 3 * LIMIT + 1), 999]
        endpoint.refresh_from_db()
        assert not endpoint.catching_up
        happened(1, record=1000)
        fan_out()
        assert waiting(endpoint) == 1

    def test_the_catch_up_fills_the_queue_by_half_and_no_more(self):
        endpoint = make_endpoint()
        happened(3 * LIMIT)
        fan_out()
        endpoint.refresh_from_db()
        resume_endpoint(endpoint, actor=SYSTEM)
        assert catch_up() == 0
        Delivery.objects.filter(pk__in=Delivery.objects.order_by("id")[:15]).update(
            status=DeliveryStatus.SUCCEEDED, delivered_at=NOW, next_attempt_at=None
        )
        assert catch_up() == 5
        assert waiting(endpoint) == LIMIT // 2

    def test_one_that_drains_slowly_does_not_keep_it_from_the_others(self):
        slow, other = make_endpoint(), make_endpoint()
        happened(3 * LIMIT)
        fan_out()
        for endpoint in (slow, other):
            endpoint.refresh_from_db()
            resume_endpoint(endpoint, actor=SYSTEM)
        Delivery.objects.filter(endpoint=other).update(
            status=DeliveryStatus.SUCCEEDED, delivered_at=NOW, next_attempt_at=None
        )

        # Half of the limit waits, and one message less whenever the catch-up looks.
        waits = Delivery.objects.filter(endpoint=slow, status=DeliveryStatus.PENDING)
        for _ in range(40):
            most = list(waits.order_by("id")[LIMIT // 2 - 1 :].values_list("pk", flat=True))
            Delivery.objects.filter(pk__in=most).update(
                status=DeliveryStatus.SUCCEEDED, delivered_at=NOW, next_attempt_at=None
            )
            next(catching_up.catch_up(now=NOW), 0)
            if waiting(other):
                break
        assert waiting(other) == LIMIT // 2

    def test_one_that_is_paused_by_hand_and_fills_up_is_behind_too(self):
        endpoint, receiver = make_endpoint(), Receiver()
        pause_endpoint(endpoint, now=NOW - datetime.timedelta(hours=1), actor=SYSTEM)
        happened(LIMIT + 1)
        fan_out()
        endpoint.refresh_from_db()
        assert endpoint.paused_reason == "backlog"
        assert endpoint.paused_at == NOW - datetime.timedelta(hours=1)

        resume_endpoint(endpoint, actor=SYSTEM)
        drain(receiver)
        assert told(receiver) == [*range(1, LIMIT + 2)]

    def test_what_waits_is_counted_only_when_it_may_be_too_much(self, monkeypatch):
        counted = []
        count = fanning_out.count_waiting
        monkeypatch.setattr(
            fanning_out, "count_waiting", lambda e: counted.append(e.pk) or count(e)
        )
        make_endpoint()
        for _ in range(5):
            happened(2)
            fan_out()
        assert len(counted) == 1
        for _ in range(6):
            happened(2)
            fan_out()
        assert len(counted) == 2
        assert Delivery.objects.count() == LIMIT

    def test_switched_off_while_behind_what_was_not_made_is_offered(self):
        endpoint = make_endpoint()
        events = happened(LIMIT + 2)
        fan_out()
        endpoint.refresh_from_db()
        disable_endpoint(endpoint, now=NOW, actor=SYSTEM)
        events[LIMIT].refresh_from_db()
        assert endpoint.missed_from == events[LIMIT].sequence
        assert endpoint.missed_since == events[LIMIT].occurred_at
        assert not endpoint.catching_up

    def test_the_worker_goes_on_with_it_by_itself(self, monkeypatch):
        woken = []
        monkeypatch.setattr(tasks, "nudge", woken.append)
        endpoint = make_endpoint()
        happened(LIMIT + 2)
        fan_out()
        endpoint.refresh_from_db()
        Delivery.objects.update(
            status=DeliveryStatus.SUCCEEDED, delivered_at=NOW, next_attempt_at=None
        )
        resume_endpoint(endpoint, actor=SYSTEM)
        woken.clear()
        tasks.fan_out()
        assert waiting(endpoint) == 2
        assert woken == ["webhooks.tasks.deliver"]


class TestReplaying:
    @pytest.fixture
    def small_slices(self, monkeypatch):
        monkeypatch.setattr(catching_up, "SLICE", 3)
        monkeypatch.setattr(replaying, "SLICE", 3)

    def given_up(self, endpoint, count):
        events = happened(count)
        fan_out()
        deliver(Receiver(FAILURE), Clock())
        Delivery.objects.filter(endpoint=endpoint, status=DeliveryStatus.PENDING).update(
            status=DeliveryStatus.FAILED, next_attempt_at=None, failed_at=NOW
        )
        return events

    def replay(self, endpoint, since):
        return replay_deliveries(endpoint, since=since, now=LATER, actor=SYSTEM)

    def test_a_recovery_sends_each_failed_message_once_with_its_id(self, small_slices):
        endpoint, receiver = make_endpoint(), Receiver()
        events = self.given_up(endpoint, 8)
        ids = set(Delivery.objects.values_list("message_id", flat=True))

        assert self.replay(endpoint, events[0].occurred_at) == 8
        drain(receiver, Clock(LATER))

        assert len(receiver.message_ids) == 8
        assert set(receiver.message_ids) == ids
        assert told(receiver) == [*range(1, 9)]
        assert catch_up() == 0
        endpoint.refresh_from_db()
        assert (endpoint.catch_up_from, endpoint.replay_from) == (None, None)

    def test_what_fails_again_meanwhile_is_not_sent_a_third_time(self, small_slices):
        endpoint = make_endpoint()
        events = self.given_up(endpoint, 8)
        self.replay(endpoint, events[0].occurred_at)
        assert catch_up() == 8
        Delivery.objects.update(status=DeliveryStatus.FAILED, next_attempt_at=None, failed_at=NOW)
        assert catch_up() == 0

    def test_a_few_are_due_at_once_and_what_happens_goes_on_as_ever(self):
        endpoint = make_endpoint()
        events = self.given_up(endpoint, 2)
        assert self.replay(endpoint, events[1].occurred_at) == 1
        assert waiting(endpoint) == 1
        endpoint.refresh_from_db()
        assert not endpoint.catching_up

    def test_what_happens_during_a_large_one_follows_it(self, small_slices):
        endpoint, receiver = make_endpoint(), Receiver()
        events = self.given_up(endpoint, 6)
        self.replay(endpoint, events[0].occurred_at)
        happened(1, record=99)
        fan_out()
        drain(receiver, Clock(LATER))
        assert told(receiver) == [1, 2, 3, 4, 5, 6, 99]

    def test_what_the_fan_out_has_not_come_to_is_left_to_it(self, small_slices):
        """And nothing before it is passed over, should the catch-up be asked to begin there."""
        endpoint = make_endpoint()
        events = happened(9)
        relay_events(now=NOW)
        assert self.replay(endpoint, events[4].occurred_at) == 0
        assert not Delivery.objects.exists()

        events[4].refresh_from_db()
        begin_replay(endpoint, since=events[4].sequence)
        fan_out()
        catch_up()
        made = Delivery.objects.filter(endpoint=endpoint).values_list("event_id", flat=True)
        assert sorted(made) == [event.pk for event in events]
        endpoint.refresh_from_db()
        assert not endpoint.catching_up

    def test_what_arrived_is_not_sent_again(self, small_slices):
        endpoint, receiver = make_endpoint(), Receiver()
        events = happened(5)
        fan_out()
        deliver(receiver, Clock())
        assert self.replay(endpoint, events[0].occurred_at) == 0
        drain(receiver, Clock(LATER))
        assert told(receiver) == [1, 2, 3, 4, 5]

    def test_what_waits_for_a_retry_is_sent_at_once(self):
        endpoint, receiver = make_endpoint(), Receiver()
        events = happened(2)
        fan_out()
        deliver(Receiver(FAILURE), Clock())
        assert self.replay(endpoint, events[0].occurred_at) == 2
        deliver(receiver, Clock(LATER))
        assert told(receiver) == [1, 2]

    def test_what_arrived_and_is_forgotten_refuses_it_and_nothing_is_written(self):
        endpoint = make_endpoint()
        happened(1)
        fan_out()
        deliver(Receiver(), Clock())
        list(prune_deliveries(Retention.of_days(1, 1), now=LATER))
        forgotten = Event.objects.get(sequence=WebhookEndpoint.objects.get().pruned_through)

        with pytest.raises(Invalid) as refusal:
            self.replay(endpoint, forgotten.occurred_at)

        assert "is no longer known" in refusal.value.errors["since"]
        assert not Event.objects.filter(type="webhook.replayed").exists()

    def test_while_it_is_under_way_nothing_is_forgotten(self, small_slices):
        endpoint = make_endpoint()
        events = self.given_up(endpoint, 4)
        Delivery.objects.filter(event=events[3]).update(
            status=DeliveryStatus.SUCCEEDED, delivered_at=NOW, failed_at=None
        )
        self.given_up(endpoint, 4)
        self.replay(endpoint, events[0].occurred_at)
        assert list(prune_deliveries(Retention.of_days(1, 1), now=LATER)) == []
