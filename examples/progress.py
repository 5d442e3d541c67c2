"""How far something has come: a bar on a terminal, a line now and then in a log."""

import threading
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

Item = TypeVar("Item")

BAR_WIDTH = 30
LINES = 4  # as many in a log


class Progress:
    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self._lock = threading.Lock()

    def follow(self, what: str, items: Iterable[Item], total: int) -> Iterator[Item]:
        """The items as they are, while showing how many of `total` there have been."""
        if total:
            self._show(what, 0, total)
        for count, item in enumerate(items, start=1):
            yield item
            self._show(what, count, total)

    def tell(self, message: str) -> None:
        """A line between the bars. May be called from any thread."""
        with self._lock:
            clear = "\r\x1b[K" if self.is_terminal else ""
            self.stream.write(f"{clear}{message}\n")
            self.stream.flush()

    def _show(self, what: str, count: int, total: int) -> None:
        with self._lock:
            if self.is_terminal:
                full = BAR_WIDTH * count // total
                bar = "█" * full + "░" * (BAR_WIDTH - full)
                end = "\n" if count == total else ""
                self.stream.write(f"\r{what:10} {bar} {count:,} of {total:,}{end}")
            elif count * LINES // total > (count - 1) * LINES // total:
                self.stream.write(f"{what} {count:,} of {total:,}\n")
            self.stream.flush()
