"""Finding rows that were copied together with their seals: by themselves they are genuine."""

import contextlib
import struct
import tempfile
from collections.abc import Iterator
from typing import Self

from bizsuite.events.sealing import NONCE_BYTES

_ENTRY = struct.Struct(f">{NONCE_BYTES}sq")
# So that one at a time fits well into memory, of many millions of events.
_FILES = 64


class SealsSeen(contextlib.ExitStack):
    """The seals along the way, on disk; use as `with`.

    Not one statement over all rows: on SQLite nobody could commit while it runs.
    """

    def __enter__(self) -> Self:
        super().__enter__()
        files = (tempfile.TemporaryFile() for _ in range(_FILES))  # noqa: SIM115  the stack closes them
        self._files = [self.enter_context(file) for file in files]
        return self

    def note(self, seal: bytes, event_id: int) -> None:
        if len(seal) > NONCE_BYTES:
            entry = _ENTRY.pack(seal[:NONCE_BYTES], event_id)
            self._files[seal[0] % _FILES].write(entry)

    def copies(self) -> Iterator[tuple[int, int]]:
        """(the first event, another one) of each two with the same seal."""
        for file in self._files:
            file.seek(0)
            first: dict[bytes, int] = {}
            for nonce, event_id in _ENTRY.iter_unpack(file.read()):
                earlier = first.setdefault(nonce, event_id)
                if earlier != event_id:
                    yield earlier, event_id
