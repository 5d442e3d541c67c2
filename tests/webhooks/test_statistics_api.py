"""GET /webhooks/{id}/stats: how a webhook fares."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bizsuite.exact_json import instant
from tests.webhooks.factories import fan_out, happen, make_endpoint
from webhooks.figures import Attempted, beginning_of_hour, count_attempts
from webhooks.models import Delivery

pytestmark = pytest.mark.django_db

HOUR = datetime.timedelta(hours=1)
NOTHING = {
    "attempts": 0,
    "succeeded": 0,
    "success_rate": None,
    "p50_ms": None,
    "p95_ms": None,
}


@pytest.fixture
def now() -> datetime.datetime:
    return timezone.now()


def attempts(endpoint, count: int, *, now, duration_ms: int = 100, succeeded: bool = True) -> None:
    one = Attempted(endpoint.pk, succeeded=succeeded, answered=True, duration_ms=duration_ms)
    count_attempts([one] * count, now=now)


def stats(api, endpoint) -> dict[str, Any]:
    answer = api.get(f"/webhooks/{endpoint.pk}/stats")
    assert answer.status == 200, answer.body
    return answer.data


def test_a_new_webhook_has_168_empty_hours(api, now):
    endpoint = make_endpoint()

    shown = stats(api, endpoint)

    hours = shown.pop("hours")
    assert shown == {
        "pending": 0,
        "failed": 0,
        "oldest_pending_at": None,
        "next_attempt_at": None,
        "last_24_hours": NOTHING,
        "last_7_days": NOTHING,
    }
    last = beginning_of_hour(now)
    assert hours == [
        {"hour": instant(last - HOUR * ago), "attempts": 0, "succeeded": 0, "p95_ms": None}
        for ago in reversed(range(168))
    ]


def test_a_day_and_a_week_are_added_up(api, now):
    endpoint, other = make_endpoint(), make_endpoint(url="https://other.example.com/")
    attempts(endpoint, 19, now=now)
    attempts(endpoint, 1, now=now, duration_ms=9_000, succeeded=False)
    attempts(endpoint, 10, now=now - 23 * HOUR)
    attempts(endpoint, 10, now=now - 24 * HOUR, succeeded=False)
    attempts(endpoint, 60, now=now - 167 * HOUR, duration_ms=1_000)
    attempts(endpoint, 99, now=now - 168 * HOUR, succeeded=False)
    attempts(other, 7, now=now, succeeded=False)

    shown = stats(api, endpoint)

    day, week = shown["last_24_hours"], shown["last_7_days"]
    assert (day["attempts"], day["succeeded"], day["success_rate"]) == (30, 29, Decimal("96.66"))
    assert day["p50_ms"] == day["p95_ms"] == pytest.approx(100, rel=0.025)
    assert (week["attempts"], week["succeeded"], week["success_rate"]) == (100, 89, 89)
    assert week["p95_ms"] == pytest.approx(1_000, rel=0.025)
    busy = [(at, hour) for at, hour in enumerate(shown["hours"]) if hour["attempts"]]
    assert [(at, hour["attempts"], hour["succeeded"]) for at, hour in busy] == [
        (0, 60, 60),
        (143, 10, 0),
        (144, 10, 10),
        (167, 20, 19),
    ]


def test_one_failure_in_a_hundred_thousand_is_not_hidden(api, now):
    endpoint = make_endpoint()
    attempts(endpoint, 99_999, now=now)
    attempts(endpoint, 1, now=now, succeeded=False)

    assert stats(api, endpoint)["last_24_hours"]["success_rate"] == Decimal("99.99")


def test_what_waits_and_what_was_given_up(api, now):
    endpoint = make_endpoint()
    make_endpoint(url="https://other.example.com/")
    for _ in range(4):
        happen()
    fan_out(now)
    retried, waiting, given_up, arrived = Delivery.objects.filter(endpoint=endpoint)
    change(retried, created_at=now - 5 * HOUR, next_attempt_at=now + HOUR, attempts=3)
    change(waiting, created_at=now - 3 * HOUR, next_attempt_at=now)
    change(given_up, status="failed", next_attempt_at=None, failed_at=now)
    change(arrived, status="succeeded", next_attempt_at=None, delivered_at=now)

    shown = stats(api, endpoint)

    assert (shown["pending"], shown["failed"]) == (2, 1)
    assert shown["oldest_pending_at"] == instant(now - 5 * HOUR)
    assert shown["next_attempt_at"] == instant(now)


def change(delivery: Delivery, **columns: Any) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(**columns)


def test_a_busy_week_asks_no_more_than_an_empty_one(api, now):
    endpoint = make_endpoint()
    with CaptureQueriesContext(connection) as empty:
        stats(api, endpoint)
    for ago in range(168):
        attempts(endpoint, 5, now=now - HOUR * ago)
        happen()
    fan_out(now)
    with CaptureQueriesContext(connection) as busy:
        stats(api, endpoint)

    assert len(busy) == len(empty) <= 8


def test_a_webhook_that_does_not_exist_has_none(api):
    assert api.get("/webhooks/999/stats").status == 404
