"""Counting exactly, over every worker: in Redis, else in the database.

Each backend does one atomic "start or continue the window and add one" and says what it became.
Reading first and writing after would let two workers through on the same number.
"""

import functools
from pathlib import Path

from django.conf import settings
from django.db import connection

from bizsuite.api.redis_link import RedisLink
from bizsuite.api.side_files import SideFile

COUNTER_TABLE = (
    "CREATE TABLE IF NOT EXISTS api_ratewindow"
    " (subject TEXT PRIMARY KEY, used INTEGER NOT NULL, resets_at INTEGER NOT NULL)"
)
UPSERT = """
INSERT INTO api_ratewindow (subject, used, resets_at) VALUES ({0}, 1, {0})
ON CONFLICT (subject) DO UPDATE SET
  used = CASE WHEN api_ratewindow.resets_at <= {0} THEN 1 ELSE api_ratewindow.used + 1 END,
  resets_at = CASE WHEN api_ratewindow.resets_at <= {0} THEN {0}
                   ELSE api_ratewindow.resets_at END
RETURNING used, resets_at
"""
TAKE_BACK = "UPDATE api_ratewindow SET used = used - 1 WHERE subject = {0} AND used > 0"
FORGET = "DELETE FROM api_ratewindow WHERE substr(subject, 1, length({0})) = {0}"
PRUNE = "DELETE FROM api_ratewindow WHERE resets_at <= {0}"

REDIS_SCRIPT = """
local resets_at = redis.call('HGET', KEYS[1], 'resets_at')
if not resets_at or tonumber(resets_at) <= tonumber(ARGV[2]) then
  resets_at = ARGV[1]
  redis.call('HSET', KEYS[1], 'used', 0, 'resets_at', resets_at)
  redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return {redis.call('HINCRBY', KEYS[1], 'used', 1), resets_at}
"""
REDIS_TAKE_BACK = """
local used = redis.call('HGET', KEYS[1], 'used')
if used and tonumber(used) > 0 then redis.call('HINCRBY', KEYS[1], 'used', -1) end
"""


class CounterFile:
    """A small SQLite file beside the embedded database.

    Not in the database itself: there every read of the API would wait for its write lock.
    What it forgets on a power cut costs a key at most one extra window.
    """

    def __init__(self, path: Path) -> None:
        self._file = SideFile(path, COUNTER_TABLE)

    def add(self, subject: str, *, now: int, window_seconds: int) -> tuple[int, int]:
        parameters = _parameters(subject, now, window_seconds)
        [(used, resets_at)] = self._file.execute(UPSERT.format("?"), parameters)
        return used, resets_at

    def take_back(self, subject: str) -> None:
        self._file.execute(TAKE_BACK.format("?"), [subject])

    def forget(self, beginning: str) -> None:
        self._file.execute(FORGET.format("?"), [beginning, beginning])

    def prune(self, *, now: int) -> None:
        self._file.execute(PRUNE.format("?"), [now])


class DatabaseCounter:
    """The table `api_ratewindow` of the main database."""

    def add(self, subject: str, *, now: int, window_seconds: int) -> tuple[int, int]:
        with connection.cursor() as cursor:
            cursor.execute(UPSERT.format("%s"), _parameters(subject, now, window_seconds))
            return cursor.fetchone()

    def take_back(self, subject: str) -> None:
        self._execute(TAKE_BACK, subject)

    def forget(self, beginning: str) -> None:
        self._execute(FORGET, beginning, beginning)

    def prune(self, *, now: int) -> None:
        self._execute(PRUNE, now)

    def _execute(self, statement: str, *parameters: str | int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement.format("%s"), parameters)


class RedisCounter(RedisLink):
    """Redis, with a stand-in for the time it is away."""

    def __init__(self, url: str, *, prefix: str, stand_in: CounterFile | DatabaseCounter) -> None:
        super().__init__(url, prefix=prefix)
        self._add = self._client.register_script(REDIS_SCRIPT)
        self._take_back = self._client.register_script(REDIS_TAKE_BACK)
        self._stand_in = stand_in

    def add(self, subject: str, *, now: int, window_seconds: int) -> tuple[int, int]:
        def count() -> tuple[int, int]:
            used, resets_at = self._add(
                keys=[self._name(subject)], args=[now + window_seconds, now, window_seconds]
            )
            return int(used), int(resets_at)

        return self.ask(
            count,
            otherwise=lambda: self._stand_in.add(subject, now=now, window_seconds=window_seconds),
        )

    def take_back(self, subject: str) -> None:
        """Uncount one, in the window that there is."""
        self.ask(
            lambda: self._take_back(keys=[self._name(subject)]),
            otherwise=lambda: self._stand_in.take_back(subject),
        )

    def forget(self, beginning: str) -> None:
        """Drop every window whose subject begins so."""

        def delete() -> None:
            for name in self._client.scan_iter(match=f"{self._name(beginning)}*", count=1000):
                self._client.delete(name)

        self.ask(delete, otherwise=lambda: None)
        self._stand_in.forget(beginning)  # what it counted while Redis was away

    def prune(self, *, now: int) -> None:
        self._stand_in.prune(now=now)  # Redis lets its own keys expire

    def _name(self, subject: str) -> str:
        return f"{self._prefix}:rate:{subject}"


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
