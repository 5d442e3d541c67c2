"""Kombu's file transport for the embedded mode, with its two rough edges taken off."""

import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps

# How long the worker listens before it looks up: stopping should not wait for kombu's two seconds.
LONGEST_WAIT_SECONDS = 0.2


class Channel(filesystem.Channel):
    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:
        """Put a whole message in place at once.

        Kombu opens the final name and then writes: a reader in between finds half a message, and
        the worker ends of it.
        """
        folder = Path(self.data_folder_out)
        name = f"{round(monotonic() * 1000)}_{uuid.uuid4()}.{queue}.msg"
        draft = folder / f".{name}.draft"
        draft.write_text(dumps(payload))
        draft.replace(folder / name)


class Transport(filesystem.Transport):
    Channel = Channel

    def drain_events(self, connection: Any, timeout: float | None = None) -> None:
        wait = LONGEST_WAIT_SECONDS if timeout is None else min(timeout, LONGEST_WAIT_SECONDS)
        super().drain_events(connection, timeout=wait)
