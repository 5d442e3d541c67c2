"""Counting requests exactly, over every worker: in Redis, else in the database.

Each backend does one atomic "start or continue the window and add one" and says what it became.
Reading first and writing after would let two workers through on the same number.
"""

import functools
import logging
import sqlite3
import threading
import time
from pathlib import Path

import redis
from django.conf import settings
from django.db import OperationalError, connection

logger = logging.getLogger(__name__)

UPSERT = """
INSERT INTO api_ratewindow (subject, used, resets_at) VALUES ({0}, 1, {0})
ON CONFLICT (subject) DO UPDATE SET
  used = CASE WHEN api_ratewindow.resets_at <= {0} THEN 1 ELSE api_ratewindow.used + 1 END,
  resets_at = CASE WHEN api_ratewindow.resets_at <= {0} THEN {0}
                   ELSE api_ratewindow.resets_at END
RETURNING used, resets_at
"""

REDIS_SCRIPT = """
local resets_at = redis.call('HGET', KEYS[1], 'resets_at')
if not resets_at or tonumber(resets_at) <= tonumber(ARGV[2]) then
  resets_at = ARGV[1]
  redis.call('HSET', KEYS[1], 'used', 0, 'resets_at', resets_at)
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return {redis.call('HINCRBY', KEYS[1], 'used', 1), resets_at}
"""


class CounterFile:
    """A small SQLite file beside the embedded database.

    Not in the database itself: there every read of the API would wait for its write lock.
    It forgets on a power cut (synchronous=OFF), which costs a key at most one extra window.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()

    def add(self, subject: str, *, now: int, window_seconds: int) -> tuple[int, int]:
        parameters = _parameters(subject, now, window_seconds)
        try:
            return self._upsert(parameters)
        except sqlite3.OperationalError as error:
            raise OperationalError(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            logger.warning("The request counters were unreadable (%s); counting afresh.", error)
            self._local.connection = None
            self.path.unlink(missing_ok=True)
            return self._upsert(parameters)

    def _upsert(self, parameters: list[str | int]) -> tuple[int, int]:
        used, resets_at = self._connection().execute(UPSERT.format("?"), parameters).fetchone()
        return used, resets_at

    def prune(self, *, now: int) -> None:
        self._connection().execute("DELETE FROM api_ratewindow WHERE resets_at <= ?", [now])

    def _connection(self) -> sqlite3.Connection:
        existing = getattr(self._local, "connection", None)
        if existing is not None:
            return existing
        opened = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        opened.execute("PRAGMA synchronous=OFF")
        opened.execute(
            "CREATE TABLE IF NOT EXISTS api_ratewindow"
            " (subject TEXT PRIMARY KEY, used INTEGER NOT NULL, resets_at INTEGER NOT NULL)"
        )
        self._local.connection = opened
        return opened


class DatabaseCounter:
    """The table `api_ratewindow` of the main database."""

    def add(self, subject: str, *, now: int, window_seconds: int) -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute(UPSERT.format("%s"), _parameters(subject, now, window_seconds))
            return cursor.fetchone()

    def prune(self, *, now: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM api_ratewindow WHERE resets_at <= %s", [now])


class RedisCounter:
    """Redis, with a stand-in for the time it is away."""

    PAUSE_SECONDS = 1.0

    def __init__(self, url: str, *, prefix: str, stand_in: CounterFile | DatabaseCounter) -> None:
        self._prefix = prefix
        client = redis.Redis.from_url(
            url, socket_connect_timeout=0.2, socket_timeout=0.5, retry=None
        )
        self._script = client.register_script(REDIS_SCRIPT)
        self._stand_in = stand_in
        self._away_until = 0.0

    def add(self, subject: str, *, now: int, window_seconds: int) -> tuple[int, int]:
        if time.monotonic() >= self._away_until:
            try:
                used, resets_at = self._script(
                    keys=[f"{self._prefix}:rate:{subject}"],
                    args=[now + window_seconds, now, window_seconds],
                )
                return int(used), int(resets_at)
            except redis.RedisError as error:
                # Not asked again for a moment, so that not every request waits for the timeout.
                self._away_until = time.monotonic() + self.PAUSE_SECONDS
                logger.warning("Redis does not answer; the database counts requests: %s", error)
        return self._stand_in.add(subject, now=now, window_seconds=window_seconds)

    def prune(self, *, now: int) -> None:
        self._stand_in.prune(now=now)  # Redis lets its own keys expire


def _parameters(subject: str, now: int, window_seconds: int) -> list[str | int]:
    ends = now + window_seconds
    return [subject, ends, now, now, ends]


@functools.cache
def request_counter() -> CounterFile | DatabaseCounter | RedisCounter:
    """The counter that the settings call for."""
    stand_in: CounterFile | DatabaseCounter = (
        CounterFile(settings.DATA_DIR / "counters.sqlite3")
        if connection.vendor == "sqlite"
        else DatabaseCounter()
    )
    if not settings.REDIS_URL:
        return stand_in
    return RedisCounter(settings.REDIS_URL, prefix=settings.REDIS_KEY_PREFIX, stand_in=stand_in)
