"""Nonces of signed requests: each is taken once, whichever worker sees it first.

In Redis when there is one, else in a file beside the embedded database or in the database. Each
backend does one atomic "take it unless it is taken"; looking first would let two workers through.
"""

import functools
from pathlib import Path

from django.conf import settings
from django.db import connection

from bizsuite.api.redis_link import RedisLink
from bizsuite.api.side_files import SideFile

NONCE_TABLE = (
    "CREATE TABLE IF NOT EXISTS api_usednonce (name TEXT PRIMARY KEY, expires_at INTEGER NOT NULL)"
)
# One that has expired and is not swept yet is free again.
TAKE = """
INSERT INTO api_usednonce (name, expires_at) VALUES ({0}, {0})
ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at
  WHERE api_usednonce.expires_at <= {0}
RETURNING name
"""
PRUNE = "DELETE FROM api_usednonce WHERE expires_at <= {0}"


class NonceFile:
    """A small SQLite file beside the embedded database, whose write lock signed reads need not."""

    def __init__(self, path: Path) -> None:
        self._file = SideFile(path, NONCE_TABLE)

    def take(self, name: str, *, now: int, expires_at: int) -> bool:
        return bool(self._file.execute(TAKE.format("?"), [name, expires_at, now]))

    def prune(self, *, now: int) -> None:
        self._file.execute(PRUNE.format("?"), [now])


class DatabaseNonces:
    """The table `api_usednonce` of the main database."""

    def take(self, name: str, *, now: int, expires_at: int) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(TAKE.format("%s"), [name, expires_at, now])
            return cursor.fetchone() is not None

    def prune(self, *, now: int) -> None:
        with connection.cursor() as cursor:
            cursor.execute(PRUNE.format("%s"), [now])


class RedisNonces(RedisLink):
    """Redis, with a stand-in for the time it is away.

    What was taken in the one is not known to the other: a request recorded in the last minutes
    before Redis goes away, or comes back, passes once more.
    """

    def __init__(self, url: str, *, prefix: str, stand_in: NonceFile | DatabaseNonces) -> None:
        super().__init__(url, prefix=prefix)
        self._stand_in = stand_in

    def take(self, name: str, *, now: int, expires_at: int) -> bool:
        """Take a nonce until `expires_at` (epoch seconds); False if somebody has it."""

        def set_unless_set() -> bool:
            seconds = expires_at - now
            return bool(self._client.set(f"{self._prefix}:nonce:{name}", "", nx=True, ex=seconds))

        return self.ask(
            set_unless_set,
            otherwise=lambda: self._stand_in.take(name, now=now, expires_at=expires_at),
        )

    def prune(self, *, now: int) -> None:
        self._stand_in.prune(now=now)  # Redis lets its own keys expire


@functools.cache
def used_nonces() -> NonceFile | DatabaseNonces | RedisNonces:
    """The store that the settings call for."""
    stand_in: NonceFile | DatabaseNonces = (
        NonceFile(settings.DATA_DIR / "nonces.sqlite3")
        if connection.vendor == "sqlite"
        else DatabaseNonces()
    )
    if not settings.REDIS_URL:
        return stand_in
    return RedisNonces(settings.REDIS_URL, prefix=settings.REDIS_KEY_PREFIX, stand_in=stand_in)
