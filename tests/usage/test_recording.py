"""Counting: nothing missed, nothing twice, and no request waits for it."""

import datetime
import threading
import time

import pytest
from django.db import OperationalError, connection

from bizsuite.team.users import delete_user
from bizsuite.usage import recording
from bizsuite.usage.models import HourlyUsage
from bizsuite.usage.recording import Kind, UsageBuffer, record_request
from bizsuite.usage.tasks import prune_usage
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_key, make_usage, make_user

pytestmark = pytest.mark.django_db

TEN = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)
HOUR = int(TEN.timestamp())
CUSTOMERS = "GET /api/v2/customers"


@pytest.fixture
def key():
    return make_key()[0]


def minutes(count: int) -> datetime.datetime:
    return TEN + datetime.timedelta(minutes=count)


def rows() -> list[tuple]:
    return list(
        HourlyUsage.objects.order_by("hour", "endpoint", "status").values_list(
            "hour", "endpoint", "status", "requests", "last_at"
        )
    )


def test_an_hour_is_one_row_per_endpoint_and_status(key, buffer):
    for minute in (0, 30, 59):
        record_request(key, CUSTOMERS, 200, now=minutes(minute))
    record_request(key, CUSTOMERS, 404, now=minutes(20))
    record_request(key, CUSTOMERS, 200, now=minutes(60))

    assert buffer.write() == 5

    assert rows() == [
        (TEN, CUSTOMERS, 200, 3, minutes(59)),
        (TEN, CUSTOMERS, 404, 1, minutes(20)),
        (minutes(60), CUSTOMERS, 200, 1, minutes(60)),
    ]


def test_what_several_processes_write_adds_up(key):
    for minute in (40, 10):
        buffer = UsageBuffer()
        buffer.add(Kind(key.pk, HOUR, CUSTOMERS, 200), requests=3, at=minutes(minute))
        buffer.write()

    assert rows() == [(TEN, CUSTOMERS, 200, 6, minutes(40))]


def test_nothing_to_write_asks_the_database_nothing(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert UsageBuffer().write() == 0


def test_many_kinds_are_written_in_few_statements(key, django_assert_max_num_queries):
    buffer = UsageBuffer()
    for number in range(1200):
        buffer.add(Kind(key.pk, HOUR, f"GET /{number}", 200), at=TEN)

    with django_assert_max_num_queries(6):  # a savepoint, the keys, three statements
        assert buffer.write() == 1200
    assert HourlyUsage.objects.count() == 1200


def test_what_cannot_be_written_is_kept_for_later(key, buffer, monkeypatch, caplog):
    record_request(key, CUSTOMERS, 200, now=TEN)

    def fail(counts):
        raise OperationalError("database is locked")

    with monkeypatch.context() as patch:
        patch.setattr(recording, "_add_to_rows", fail)
        assert buffer.write() == 0
    record_request(key, CUSTOMERS, 200, now=minutes(1))

    assert buffer.write() == 2
    assert rows() == [(TEN, CUSTOMERS, 200, 2, minutes(1))]
    assert "kept for later" in caplog.text


def test_who_writes_last_waits_for_what_is_being_written(key, buffer, monkeypatch):
    """A process that ends would otherwise cut its own thread off in the middle."""
    begun, ended = threading.Event(), threading.Event()
    cut_off = []

    def write_slowly(counts):
        if counts:
            begun.set()
            cut_off.append(ended.wait(timeout=0.3))

    monkeypatch.setattr(recording, "_add_to_rows", write_slowly)
    record_request(key, CUSTOMERS, 200, now=TEN)
    thread = threading.Thread(target=buffer.write)
    thread.start()
    assert begun.wait(timeout=20)

    buffer.write()
    ended.set()
    thread.join()

    assert cut_off == [False]


def test_a_key_that_is_gone_keeps_nobody_elses_from_being_written(key, buffer):
    user = make_user()
    gone, _ = make_key(user)
    record_request(gone, CUSTOMERS, 200, now=TEN)
    record_request(key, CUSTOMERS, 200, now=TEN)
    delete_user(user, actor=SYSTEM)

    buffer.write()

    assert [usage.api_key_id for usage in HourlyUsage.objects.all()] == [key.pk]
    assert buffer.write() == 0


@pytest.mark.django_db(transaction=True)
def test_no_request_is_missed_or_counted_twice(key):
    buffer = UsageBuffer()

    def count_and_write():
        for number in range(50):
            buffer.add(Kind(key.pk, HOUR, CUSTOMERS, 200 + number % 3), at=TEN)
            if number % 10 == 0:
                buffer.write()

    at_once([count_and_write] * 6)
    buffer.write()

    assert sum(usage.requests for usage in HourlyUsage.objects.all()) == 300


@pytest.mark.django_db(transaction=True)
def test_processes_that_write_the_same_rows_do_not_lock_each_other_out():
    keys = [make_key()[0].pk for _ in range(4)]

    def write_in_some_order(order):
        buffer = UsageBuffer()
        for pk in order:
            buffer.add(Kind(pk, HOUR, CUSTOMERS, 200), at=TEN)
        assert buffer.write() == 4

    orders = [keys, keys[::-1]] * 4
    at_once([lambda order=order: write_in_some_order(order) for order in orders])

    assert {usage.requests for usage in HourlyUsage.objects.all()} == {8}


@pytest.mark.django_db(transaction=True)
def test_a_thread_writes_by_itself(key, settings):
    settings.USAGE_WRITE_SECONDS = 0.0

    record_request(key, CUSTOMERS, 200, now=TEN)

    patience = time.monotonic() + 60
    while not HourlyUsage.objects.exists() and time.monotonic() < patience:
        connection.close()
    assert rows() == [(TEN, CUSTOMERS, 200, 1, TEN)]


def test_old_hours_are_dropped(settings):
    settings.USAGE_KEPT_DAYS = 90
    now = datetime.datetime.now(datetime.UTC)
    kept = make_usage(hour=now - datetime.timedelta(days=89))
    make_usage(hour=now - datetime.timedelta(days=91))

    prune_usage()

    assert list(HourlyUsage.objects.all()) == [kept]
