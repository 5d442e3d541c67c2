"""The three ways to count requests, each exact however many count at once."""

import itertools
import os
import shutil
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator

import pytest
import redis
from django.db import OperationalError, connection

from bizsuite.api.counters import CounterFile, DatabaseCounter, RedisCounter, request_counter
from bizsuite.api.models import RateWindow
from bizsuite.api.tasks import prune_rate_windows
from tests.concurrency import at_once

NOW = 1_705_312_800
HOUR = 3600


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    """REDIS_URL, or a server of our own when there is a program for it."""
    if given := os.environ.get("REDIS_URL"):
        yield given
        return
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("There is no Redis here: set REDIS_URL or install redis-server.")
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        url = f"redis://127.0.0.1:{port}/0"
        await_answer(url)
        yield url
        server.terminate()


def await_answer(url: str) -> None:
    patience = time.monotonic() + 60
    while time.monotonic() < patience:
        try:
            redis.Redis.from_url(url, retry=None).ping()
            return
        except redis.RedisError:
            time.sleep(0.02)
    pytest.fail("Redis did not start.")


@pytest.fixture(params=["file", "database", "redis"])
def counter(request, tmp_path, settings):
    if request.param == "file":
        return CounterFile(tmp_path / "counters.sqlite3")
    if request.param == "database":
        return DatabaseCounter()
    return RedisCounter(
        request.getfixturevalue("redis_url"),
        prefix=settings.REDIS_KEY_PREFIX,
        stand_in=CounterFile(tmp_path / "unused.sqlite3"),
    )


def add(counter, subject="key:1", now=NOW):
    return tuple(counter.add(subject, now=now, window_seconds=HOUR))


@pytest.mark.django_db
def test_a_window_starts_with_its_first_request(counter):
    assert add(counter) == (1, NOW + HOUR)
    assert add(counter, now=NOW + 1) == (2, NOW + HOUR)
    assert add(counter, now=NOW + HOUR - 1) == (3, NOW + HOUR)


@pytest.mark.django_db
def test_the_next_window_starts_after_it(counter):
    add(counter)
    assert add(counter, now=NOW + HOUR) == (1, NOW + 2 * HOUR)
    assert add(counter, now=NOW + HOUR + 5) == (2, NOW + 2 * HOUR)


@pytest.mark.django_db
def test_subjects_are_counted_apart(counter):
    add(counter, "key:1")
    assert add(counter, "key:2") == (1, NOW + HOUR)
    assert add(counter, "address:2001:db8::/64") == (1, NOW + HOUR)


@pytest.mark.django_db
def test_one_can_be_taken_back_and_no_more_than_there_were(counter):
    add(counter)
    add(counter)
    for _ in range(3):
        counter.take_back("key:1")
    counter.take_back("key:2")

    assert add(counter) == (1, NOW + HOUR)
    assert add(counter, "key:2") == (1, NOW + HOUR)


@pytest.mark.django_db
def test_what_begins_alike_can_be_forgotten_together(counter):
    for subject in ("sign-in:a:1", "sign-in:a:2", "sign-in:b:1", "key:1"):
        add(counter, subject)

    counter.forget("sign-in:a:")

    counts = [add(counter, each)[0] for each in ("sign-in:a:1", "sign-in:a:2", "sign-in:b:1")]
    assert (counts, add(counter)[0]) == ([1, 1, 2], 2)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_no_request_is_missed_or_counted_twice(counter):
    def twenty_five() -> list[int]:
        return [add(counter)[0] for _ in range(25)]

    counted = at_once([twenty_five] * 8)

    assert sorted(itertools.chain(*counted)) == list(range(1, 201))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_first_requests_one_starts_the_window(counter):
    moments = range(NOW, NOW + 8)

    answers = at_once([lambda now=now: add(counter, now=now) for now in moments])

    assert sorted(used for used, _ in answers) == list(range(1, 9))
    assert len({ends for _, ends in answers}) == 1


@pytest.mark.django_db
def test_pruning_drops_what_has_ended_and_nothing_else(tmp_path):
    for counter in (CounterFile(tmp_path / "counters.sqlite3"), DatabaseCounter()):
        add(counter, "old", now=NOW - HOUR)
        add(counter, "current", now=NOW)

        counter.prune(now=NOW)

        assert add(counter, "old", now=NOW - HOUR) == (1, NOW)
        assert add(counter, "current")[0] == 2


@pytest.mark.django_db
def test_the_task_prunes_the_counter_in_use(settings):
    settings.REDIS_URL = ""  # Redis lets its own keys expire
    request_counter.cache_clear()
    request_counter().add("old", now=NOW, window_seconds=HOUR)

    prune_rate_windows()

    assert request_counter().add("old", now=NOW, window_seconds=HOUR)[0] == 1


class TestTheCounterFile:
    def test_is_counted_afresh_when_it_is_broken(self, tmp_path, caplog):
        path = tmp_path / "counters.sqlite3"
        path.write_bytes(b"this is no database" * 1000)

        assert add(CounterFile(path)) == (1, NOW + HOUR)
        assert "begun afresh" in caplog.text

    def test_that_one_process_begins_afresh_is_still_shared(self, tmp_path):
        path = tmp_path / "counters.sqlite3"
        first, second = CounterFile(path), CounterFile(path)
        add(first)
        add(second)
        path.write_bytes(b"this is no database" * 1000)

        counted = [add(counter)[0] for counter in (first, second, first, second)]

        assert counted == [1, 2, 3, 4]

    def test_that_cannot_be_opened_is_a_database_error(self, tmp_path):
        with pytest.raises(OperationalError):
            add(CounterFile(tmp_path / "missing" / "counters.sqlite3"))

    def test_is_shared_by_processes(self, tmp_path):
        path = tmp_path / "counters.sqlite3"
        add(CounterFile(path))

        assert add(CounterFile(path)) == (2, NOW + HOUR)
        assert sqlite3.connect(path).execute("SELECT count(*) FROM api_ratewindow").fetchone() == (
            1,
        )


class TestRedisAway:
    @pytest.fixture
    def away(self, tmp_path):
        """A counter whose Redis refuses connections."""
        return RedisCounter(
            f"redis://127.0.0.1:{free_port()}/0",
            prefix="tests",
            stand_in=CounterFile(tmp_path / "counters.sqlite3"),
        )

    def test_the_stand_in_counts(self, away, caplog):
        assert [add(away)[0] for _ in range(3)] == [1, 2, 3]
        assert caplog.text.count("Redis does not answer") == 1  # and not once per request

    def test_it_is_asked_again_after_a_moment(self, away, caplog):
        away.PAUSE_SECONDS = 0.0
        add(away)
        add(away)

        assert caplog.text.count("Redis does not answer") == 2

    def test_requests_are_answered_and_limited(self, client_with, settings):
        settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
        request_counter.cache_clear()
        client = client_with(rate_limit=2)

        assert [client.get("/customers").status for _ in range(3)] == [200, 200, 429]


@pytest.mark.django_db
def test_the_settings_choose_the_counter(settings):
    settings.REDIS_URL = ""
    request_counter.cache_clear()
    embedded = CounterFile if connection.vendor == "sqlite" else DatabaseCounter
    assert isinstance(request_counter(), embedded)

    settings.REDIS_URL = "redis://127.0.0.1:6379/0"
    request_counter.cache_clear()
    assert isinstance(request_counter(), RedisCounter)


@pytest.mark.django_db
def test_on_postgresql_the_windows_are_rows():
    DatabaseCounter().add("key:1", now=NOW, window_seconds=HOUR)

    window = RateWindow.objects.get()
    assert (str(window), window.used, window.resets_at) == ("key:1", 1, NOW + HOUR)
