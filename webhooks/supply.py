"""What a run of sending lives on: deliveries of what happens while it goes on."""

import logging
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

# How often to look for new work while nothing is to be settled.
POLL_SECONDS = 0.05
# How long to go on looking once nothing is left to do: who sends one after the other finds
# somebody at it, and not the way through the queue of jobs each time.
LINGER_SECONDS = 3.0


class Supply:
    """Where deliveries come from while a run of sending goes on.

    fetch: makes deliveries of what has happened, in bounded time. ends: whether no more should be
    sent, because the worker is told to stop. linger_seconds: how long a run waits for more
    after it has last found something to send.
    """

    def __init__(
        self,
        fetch: Callable[[], object] = lambda: None,
        *,
        ends: Callable[[], bool] = lambda: False,
        linger_seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._ends = ends
        self._linger_seconds = linger_seconds
        self._clock = clock
        self._next_look = self._last_found = clock()

    def fetch(self) -> None:
        """Look for events, unless somebody did a moment ago."""
        now = self._clock()
        if now < self._next_look:
            return
        # Less than a poll: the one after a visit that came too early must not come too early too.
        self._next_look = now + POLL_SECONDS / 2
        try:
            self._fetch()
        except Exception:  # what is due goes out all the same; the relay's job will fail too
            logger.exception("New events could not be fetched")
            self._next_look = now + self._linger_seconds

    def note_found(self) -> None:
        self._last_found = self._clock()

    def may_bring_more(self) -> bool:
        return self._clock() < self._last_found + self._linger_seconds

    def has_ended(self) -> bool:
        return self._ends()
