"""What is done is forgotten after a while; what is pending, and every event, never."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bizsuite.errors import Invalid
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
from webhooks import pruning, replaying, tasks
from webhooks.endpoints import update_endpoint
from webhooks.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryStatus,
    HourlyFigures,
    WebhookEndpoint,
)
from webhooks.pruning import Retention, count_prunable, prune_deliveries
from webhooks.states import EndpointEnabled
from webhooks.switching import disable_endpoint, enable_endpoint

pytestmark = pytest.mark.django_db

DAY = datetime.timedelta(days=1)
RETENTION = Retention.of_days(30, 90)


def delivered(at: datetime.datetime, endpoint: WebhookEndpoint) -> Delivery:
    delivery = make_delivery(endpoint)
    deliver(Receiver(), Clock())
    Delivery.objects.filter(pk=delivery.pk).update(delivered_at=at)
    return delivery


def given_up(at: datetime.datetime, endpoint: WebhookEndpoint) -> Delivery:
    delivery = make_delivery(endpoint)
    deliver(Receiver(FAILURE), Clock())
    Delivery.objects.filter(pk=delivery.pk).update(
        status=DeliveryStatus.FAILED, next_attempt_at=None, failed_at=at
    )
    return delivery


def prune(now: datetime.datetime = NOW, retention: Retention = RETENTION) -> int:
    return sum(removed for _, removed in prune_deliveries(retention, now=now))


def kept() -> set[int]:
    return set(Delivery.objects.values_list("pk", flat=True))


def test_what_arrived_is_kept_for_thirty_days_and_what_failed_for_ninety():
    endpoint = make_endpoint()
    second = datetime.timedelta(seconds=1)
    delivered(NOW - 30 * DAY - second, endpoint)
    recent = delivered(NOW - 30 * DAY + second, endpoint)
    given_up(NOW - 90 * DAY - second, endpoint)
    missed = given_up(NOW - 90 * DAY + second, endpoint)
    events = Event.objects.count()
    assert DeliveryAttempt.objects.count() == 4
    assert count_prunable(RETENTION, now=NOW) == {"succeeded": 1, "failed": 1}

    assert prune() == 2

    assert kept() == {recent.pk, missed.pk}
    assert set(DeliveryAttempt.objects.values_list("delivery", flat=True)) == kept()
    assert Event.objects.count() == events
    assert prune() == 0


def test_what_is_pending_is_never_forgotten():
    endpoint = make_endpoint()
    waiting = make_delivery(endpoint)
    being_retried = make_delivery(endpoint)
    deliver(Receiver(FAILURE), Clock())

    assert prune(NOW + 3650 * DAY) == 0

    assert kept() == {waiting.pk, being_retried.pk}


def test_what_failed_is_never_forgotten_before_what_arrived():
    assert Retention.of_days(400, 90).failed == 400 * DAY


def test_it_goes_by_batches_from_the_oldest_and_can_stop_after_each(monkeypatch):
    monkeypatch.setattr(pruning, "BATCH", 2)
    endpoint = make_endpoint()
    made = [delivered(NOW - (100 - number) * DAY, endpoint) for number in range(5)]

    assert next(prune_deliveries(RETENTION, now=NOW)) == ("succeeded", 2)
    assert kept() == {delivery.pk for delivery in made[2:]}

    assert list(prune_deliveries(RETENTION, now=NOW)) == [("succeeded", 2), ("succeeded", 1)]
    assert kept() == set()


def test_a_batch_costs_the_same_few_queries_however_many_it_removes():
    endpoint = make_endpoint()

    def queries(count: int) -> int:
        for _ in range(count):
            delivered(NOW - 31 * DAY, endpoint)
        with CaptureQueriesContext(connection) as asked:
            assert prune() == count
        return len(asked)

    assert queries(1) == queries(5) < 30


def test_what_is_old_is_found_by_an_index():
    endpoint = make_endpoint()
    delivered(NOW - 31 * DAY, endpoint)
    with CaptureQueriesContext(connection) as asked:
        prune()
    looked = [
        query["sql"] for query in asked if "ORDER BY" in query["sql"] and "LIMIT" in query["sql"]
    ]
    assert len(looked) >= 2

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Of a table with one row PostgreSQL would read that row.
            cursor.execute("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        for sql in looked:
            if "webhooks_delivery" in sql:
                cursor.execute(f"{explain} {sql}")
                plan = "\n".join(str(row) for row in cursor.fetchall())
                assert "webhooks_delivery_succeeded" in plan or "webhooks_delivery_failed" in plan


def test_a_replay_does_not_bring_back_what_arrived_and_was_forgotten():
    """It would come under another id, and be taken for something new."""
    endpoint = make_endpoint()
    delivered(NOW - 31 * DAY, endpoint)
    failed = given_up(NOW - 31 * DAY, endpoint)
    prune()
    update_endpoint(endpoint, active=False, actor=SYSTEM)
    missed = happen()
    fan_out()
    update_endpoint(endpoint, active=True, actor=SYSTEM)

    def replayed(since):
        return replaying.replay_deliveries(endpoint, since=since, now=NOW, actor=SYSTEM)

    forgotten = Event.objects.get(sequence=1)
    with pytest.raises(Invalid, match="Validation failed") as refusal:
        replayed(forgotten.occurred_at)
    assert str(forgotten.occurred_at.year) in refusal.value.errors["since"]
    assert replayed(failed.event.occurred_at) == 2
    assert set(Delivery.objects.values_list("event", flat=True)) == {failed.event_id, missed.pk}


def test_pruning_is_no_change_of_the_webhook():
    endpoint = make_endpoint()
    delivered(NOW - 31 * DAY, endpoint)
    before = WebhookEndpoint.objects.get()

    assert prune() == 1

    after = WebhookEndpoint.objects.get()
    assert (after.version, after.updated_at) == (before.version, before.updated_at)
    assert after.pruned_through > before.pruned_through


class TestTheTask:
    def test_it_forgets_by_the_settings_deliveries_and_figures(self, settings):
        settings.WEBHOOK_RETENTION_DAYS, settings.WEBHOOK_FAILED_RETENTION_DAYS = 7, 8
        endpoint, now = make_endpoint(), datetime.datetime.now(datetime.UTC)
        recent = [delivered(now - 6 * DAY, endpoint), given_up(now - 7 * DAY, endpoint)]
        delivered(now - 8 * DAY, endpoint)
        given_up(now - 9 * DAY, endpoint)
        assert HourlyFigures.objects.filter(hour__lt=now - 90 * DAY).exists()

        tasks.prune()

        assert kept() == {delivery.pk for delivery in recent}
        assert not HourlyFigures.objects.filter(hour__lt=now - 90 * DAY).exists()

    def test_a_run_out_of_time_asks_for_another_turn(self, monkeypatch):
        asked = []
        monkeypatch.setattr(tasks, "nudge", asked.append)
        monkeypatch.setattr(tasks, "PRUNING_SECONDS", 0.0)
        monkeypatch.setattr(pruning, "BATCH", 1)
        endpoint = make_endpoint()
        for _ in range(2):
            delivered(NOW, endpoint)

        for expected in ([tasks.PRUNE_TASK], [tasks.PRUNE_TASK] * 2, [tasks.PRUNE_TASK] * 2):
            tasks.prune()
            assert asked == expected
        assert kept() == set()


class TestWhatWasMissed:
    """By one that was switched on again without saying what is to become of it."""

    def switched_on_again(self, *, given_up_before: int = 0) -> WebhookEndpoint:
        endpoint = make_endpoint()
        for _ in range(given_up_before):
            given_up(NOW, endpoint)
        disable_endpoint(endpoint, now=NOW, actor=SYSTEM)
        happen()
        fan_out()
        return update_endpoint(endpoint, active=True, actor=SYSTEM)

    def test_is_not_offered_any_more_once_nobody_knows_whether_it_arrived(self):
        endpoint = self.switched_on_again()
        delivered(NOW, endpoint)
        assert prune(NOW + 29 * DAY) == 0
        endpoint.refresh_from_db()
        assert endpoint.missed_since is not None

        assert prune(NOW + 31 * DAY) == 1
        endpoint.refresh_from_db()
        assert (endpoint.missed_from, endpoint.missed_since) == (None, None)
        with pytest.raises(EndpointEnabled):
            enable_endpoint(endpoint, replay=True, now=NOW, actor=SYSTEM)

    def test_and_what_came_later_is_offered_still(self):
        endpoint = self.switched_on_again()
        delivered(NOW, endpoint)
        disable_endpoint(endpoint, now=NOW, actor=SYSTEM)
        later = happen()
        fan_out()
        assert prune(NOW + 31 * DAY) == 1

        endpoint.refresh_from_db()
        later.refresh_from_db()
        assert (endpoint.missed_from, endpoint.missed_since) == (later.sequence, later.occurred_at)

    def test_nor_does_what_was_given_up_and_is_kept_lapse(self):
        endpoint = self.switched_on_again(given_up_before=1)
        endpoint.refresh_from_db()
        given_up_event = Delivery.objects.get(endpoint=endpoint).event
        assert endpoint.missed_from == given_up_event.sequence
        delivered(NOW, endpoint)
        assert prune(NOW + 31 * DAY) == 1
        endpoint.refresh_from_db()
        assert endpoint.missed_from == given_up_event.sequence

        assert prune(NOW + 91 * DAY) == 1
        endpoint.refresh_from_db()
        assert endpoint.missed_from is None
