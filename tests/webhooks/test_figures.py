"""What is counted of attempts, hour by hour, and how exact it is."""

import datetime
import random

import pytest

from tests.factories import SYSTEM
from tests.webhooks.factories import (
    FAILURE,
    NOW,
    Clock,
    Receiver,
    deliver,
    fan_out,
    happen,
    make_endpoint,
)
from webhooks.endpoints import delete_endpoint
from webhooks.figures import Attempted, count_attempts, prune_figures
from webhooks.latencies import Latencies, bucket_of, milliseconds_of
from webhooks.models import HourlyFigures
from webhooks.replaying import send_test
from webhooks.sending import Reply

HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def counted() -> list[tuple[int, datetime.datetime, int, int]]:
    rows = HourlyFigures.objects.order_by("endpoint", "hour")
    return list(rows.values_list("endpoint", "hour", "succeeded", "failed"))


def attempted(endpoint, duration_ms=20, *, succeeded=True, answered=True) -> Attempted:
    return Attempted(endpoint.pk, succeeded=succeeded, answered=answered, duration_ms=duration_ms)


@pytest.mark.django_db
class TestCounting:
    def test_attempts_are_counted_in_the_hour_in_which_they_were_over(self):
        endpoint, clock = make_endpoint(), Clock(NOW)
        for answer in (Reply(200), FAILURE, Reply(204)):
            happen()
            fan_out(clock.now)
            deliver(Receiver(answer), clock)
        clock.now = NOW + 59 * datetime.timedelta(minutes=1)
        deliver(Receiver(FAILURE), clock)
        clock.now = NOW + HOUR + 30 * datetime.timedelta(minutes=1)
        deliver(Receiver(), clock)

        assert counted() == [(endpoint.pk, NOW, 2, 2), (endpoint.pk, NOW + HOUR, 1, 0)]

    def test_each_endpoint_has_its_own(self):
        first, second = make_endpoint(), make_endpoint(url="https://other.example.com/")
        happen()
        fan_out()

        deliver(Receiver(), Clock())

        assert counted() == [(first.pk, NOW, 1, 0), (second.pk, NOW, 1, 0)]

    def test_tests_are_not_counted(self):
        send_test(make_endpoint(), now=NOW, actor=SYSTEM)

        deliver(Receiver(FAILURE), Clock())

        assert counted() == []

    def test_a_silence_is_a_failure_and_no_latency(self):
        endpoint = make_endpoint()

        count_attempts(
            [
                attempted(endpoint, 15_000, succeeded=False, answered=False),
                attempted(endpoint, 40, succeeded=False),
                attempted(endpoint, 40),
            ],
            now=NOW,
        )

        row = HourlyFigures.objects.get()
        assert (row.succeeded, row.failed) == (1, 2)
        assert row.latencies == {str(bucket_of(40)): 2}

    def test_batches_add_up_and_ask_two_questions(self, django_assert_num_queries):
        endpoints = [make_endpoint(url=f"https://a{each}.example.com/") for each in range(5)]
        for _ in range(2):
            with django_assert_num_queries(2):
                count_attempts([attempted(each) for each in endpoints] * 30, now=NOW)

        assert counted() == [(each.pk, NOW, 60, 0) for each in endpoints]
        for row in HourlyFigures.objects.all():
            assert Latencies.stored(row.latencies).total() == 60

    def test_they_go_with_their_endpoint(self):
        endpoint = make_endpoint()
        count_attempts([attempted(endpoint)], now=NOW)

        delete_endpoint(endpoint, actor=SYSTEM)

        assert counted() == []

    def test_what_is_older_than_ninety_days_is_removed(self):
        endpoint = make_endpoint()
        for moment in (NOW, NOW + HOUR, NOW + DAY):
            count_attempts([attempted(endpoint)], now=moment)

        assert prune_figures(now=NOW + 90 * DAY + HOUR) == 1

        assert [hour for _, hour, _, _ in counted()] == [NOW + HOUR, NOW + DAY]
        assert prune_figures(now=NOW + 90 * DAY + HOUR) == 0


class TestLatencies:
    @pytest.mark.parametrize("percent", [50, 95, 99])
    @pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
    def test_a_percentile_is_right_to_within_two_and_a_half_per_cent(self, percent, spread):
        numbers = random.Random(42)
        durations = [round(numbers.lognormvariate(5, spread)) for _ in range(9_999)]
        latencies = Latencies()
        latencies.add(durations)

        exact = sorted(durations)[-(-len(durations) * percent // 100) - 1]
        # Half a millisecond: the answer is a whole number.
        assert latencies.percentile(percent) == pytest.approx(exact, rel=0.025, abs=0.5)

    @pytest.mark.parametrize("duration_ms", [1, 2, 9, 84, 999, 1_000, 15_000, 86_400_000])
    def test_one_answer_is_every_percentile(self, duration_ms):
        latencies = Latencies()
        latencies.add([duration_ms])

        assert latencies.percentile(1) == latencies.percentile(100)
        assert latencies.percentile(50) == pytest.approx(duration_ms, rel=0.025, abs=0.5)

    def test_none_have_no_percentile(self):
        assert Latencies().percentile(50) is None

    def test_adding_two_is_counting_all_at_once(self):
        both, first, second = Latencies(), Latencies(), Latencies()
        first.add(range(0, 4000, 7))
        second.add(range(3000, 9000, 5))
        both.add([*range(0, 4000, 7), *range(3000, 9000, 5)])

        first.update(Latencies.stored(second.storable()))

        assert first == both

    def test_there_are_few_buckets(self):
        """So a row stays small: every answer that is waited for fits into two hundred."""
        assert bucket_of(0) == bucket_of(1) == 0
        assert bucket_of(15_000) < 200
        assert milliseconds_of(0) == 1
