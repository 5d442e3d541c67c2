"""Doing something often enough, and not once per request."""

import threading
import time
from collections.abc import Callable

Later = Callable[[float, Callable[[], None]], None]


def start_timer(seconds: float, act: Callable[[], None]) -> None:
    """Run `act` in a thread of its own, `seconds` from now. A program that ends waits for it."""
    threading.Timer(seconds, act).start()


class Paced:
    """Acts at once, and then at most once per pause.

    What is asked for during a pause is covered by one act at its end, after the last asking. So
    nobody waits longer than a pause, and a thousand askings in a second cost as much as ten.
    """

    def __init__(
        self,
        act: Callable[[], None],
        *,
        clock: Callable[[], float] = time.monotonic,
        later: Later = start_timer,
    ) -> None:
        self._act = act
        self._clock = clock
        self._later = later
        self._lock = threading.Lock()
        self._free_from = 0.0
        # Until then an act is certain to come. A moment and not a flag: in a process forked
        # before the timer ran out, where no timer runs, it passes all the same.
        self._promised_until = 0.0

    def ask(self, *, pause_seconds: float) -> None:
        with self._lock:
            now = self._clock()
            if now < self._promised_until:
                return
            wait = self._free_from - now
            if wait > 0:
                self._promised_until = self._free_from
            self._free_from = max(now, self._free_from) + pause_seconds
        if wait > 0:
            self._later(wait, self._act)
        else:
            self._act()
