"""Whether the worker has been told to stop: a job that could go on for minutes asks.

Only the worker's main process is told, which then waits for the jobs in its children. A byte of
memory that they share passes it on: a lock could be held by a child that was killed.
"""

import mmap
from typing import Any

from celery import bootsteps

_told = mmap.mmap(-1, 1)


def worker_is_stopping() -> bool:
    return _told[0] != 0


class TellChildren(bootsteps.StartStopStep):  # type: ignore[misc]  # Celery has no types
    """A part of the worker that passes on that it is closing."""

    def close(self, worker: Any) -> None:
        _told[0] = 1
