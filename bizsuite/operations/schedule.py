"""Celery's schedule in a file, of which damage is never the end."""

import logging
from typing import Any

from celery.beat import PersistentScheduler

logger = logging.getLogger(__name__)


class Scheduler(PersistentScheduler):  # type: ignore[misc]  # Celery has no types
    """Begins a new file when the one that is there cannot be read.

    Celery does so for some kinds of damage. Of others, such as a file that a power cut left empty,
    it ends, at every start again: nothing would be retried, relayed or reminded of until a person
    removes the file. All that is in it is when each task ran last.
    """

    def setup_schedule(self) -> None:
        try:
            super().setup_schedule()
        except Exception:  # reading a damaged pickle can raise anything
            logger.exception("The file of the schedule is damaged and begun anew")
            self._store: Any = None
            self._remove_db()
            super().setup_schedule()
