"""Counting what keys are used for, without a request ever waiting for it.

A request adds to a dictionary in its process. A thread writes what has come together to the
database every few seconds, in one statement; a killed process loses those seconds.
"""

import atexit
import datetime
import logging
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction

from bizsuite.identity.models import ApiKey
from bizsuite.usage.models import HourlyUsage

logger = logging.getLogger(__name__)

ROWS_PER_STATEMENT = 500
_UPSERT = """
INSERT INTO usage_hourlyusage (api_key_id, hour, endpoint, status, requests, last_at) VALUES {rows}
ON CONFLICT (api_key_id, hour, endpoint, status) DO UPDATE SET
  requests = usage_hourlyusage.requests + excluded.requests,
  last_at = CASE WHEN usage_hourlyusage.last_at > excluded.last_at
                 THEN usage_hourlyusage.last_at ELSE excluded.last_at END
"""


@dataclass(frozen=True, slots=True, order=True)
class Kind:
    """What is counted together. hour: when it begins, in epoch seconds."""

    key_id: int
    hour: int
    endpoint: str
    status: int


@dataclass(slots=True)
class Count:
    requests: int
    last_at: datetime.datetime


class UsageBuffer:
    """Counts that are not written yet. Safe from several threads."""

    def __init__(self) -> None:
        self._counts: dict[Kind, Count] = {}
        self._lock = threading.Lock()
        self._writing = threading.Lock()

    def add(self, kind: Kind, *, requests: int = 1, at: datetime.datetime) -> None:
        with self._lock:
            count = self._counts.get(kind)
            if count is None:
                self._counts[kind] = Count(requests, at)
            else:
                count.requests += requests
                count.last_at = max(count.last_at, at)

    def write(self) -> int:
        """Add what has come together to the database; returns how many requests that were.

        Nothing is lost where it cannot be written: it stays for the next time. Waits for a write
        that is under way, so that a process which ends cuts none off.
        """
        with self._writing:
            with self._lock:
                counts, self._counts = self._counts, {}
            try:
                _add_to_rows(counts)
            except DatabaseError as error:
                logger.warning("Usage could not be written and is kept for later: %s", error)
                for kind, count in counts.items():
                    self.add(kind, requests=count.requests, at=count.last_at)
                return 0
            return sum(count.requests for count in counts.values())


def _add_to_rows(counts: dict[Kind, Count]) -> None:
    if not counts:
        return
    with transaction.atomic():
        keys = {kind.key_id for kind in counts}
        # A key that was removed with its user meanwhile has no usage any more.
        known = set(ApiKey.objects.filter(pk__in=keys).values_list("pk", flat=True))
        # In one order in every process: two that lock rows crosswise would wait for each other.
        kinds = sorted(kind for kind in counts if kind.key_id in known)
        for start in range(0, len(kinds), ROWS_PER_STATEMENT):
            _upsert((kind, counts[kind]) for kind in kinds[start : start + ROWS_PER_STATEMENT])


def _upsert(rows: Iterable[tuple[Kind, Count]]) -> None:
    instant = HourlyUsage._meta.get_field("hour").get_db_prep_value
    parameters: list[Any] = []
    for kind, count in rows:
        hour = datetime.datetime.fromtimestamp(kind.hour, datetime.UTC)
        parameters += [kind.key_id, instant(hour, connection), kind.endpoint, kind.status]
        parameters += [count.requests, instant(count.last_at, connection)]
    rows_of_six = ", ".join(["(%s, %s, %s, %s, %s, %s)"] * (len(parameters) // 6))
    with connection.cursor() as cursor:
        cursor.execute(_UPSERT.format(rows=rows_of_six), parameters)


class BackgroundWriter:
    """The thread of a process that writes its buffer; started by the first request.

    Not earlier: a web server forks its processes from one that has loaded all this already, and
    threads stay behind.
    """

    def __init__(self, buffer: UsageBuffer) -> None:
        self._buffer = buffer
        self._wanted = threading.Event()
        self._process_id = 0
        self._lock = threading.Lock()

    def wake(self) -> None:
        """Something is to be written, in a few seconds, together with what comes until then."""
        if self._process_id != os.getpid():
            self._start()
        self._wanted.set()

    def _start(self) -> None:
        with self._lock:
            if self._process_id == os.getpid():
                return
            self._process_id = os.getpid()
            threading.Thread(target=self._run, name="usage", daemon=True).start()
            atexit.register(self._buffer.write)

    def _run(self) -> None:
        pause = threading.Event()  # nobody sets it: a sleep by another name
        while self._wanted.wait():
            pause.wait(settings.USAGE_WRITE_SECONDS)
            self._wanted.clear()
            self._buffer.write()
            connection.close()  # an idle process keeps none open for this


usage_buffer = UsageBuffer()
_writer = BackgroundWriter(usage_buffer)


def record_request(key: ApiKey, endpoint: str, status: int, *, now: datetime.datetime) -> None:
    """Count one answered request."""
    seconds = int(now.timestamp())
    usage_buffer.add(Kind(key.pk, seconds - seconds % 3600, endpoint, status), at=now)
    if settings.USAGE_WRITE_SECONDS is not None:
        _writer.wake()
