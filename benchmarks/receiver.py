"""A receiver of webhooks as fast as it gets, in a process of its own.

    python -m benchmarks.receiver [DELAY_SECONDS]

Prints its port, then answers every POST with 204 after the delay, until it is ended.
"""

import asyncio
import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator

from bizsuite.operations.processes import die_with_parent

_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


class Receiver(asyncio.Protocol):
    """Reads no more of a request than where it ends: the machine is for the sender."""

    def __init__(self, delay_seconds: float) -> None:
        self._delay_seconds = delay_seconds
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            length = _LENGTH.search(self._unread, 0, end + 2)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._unread) < whole:
                return
            self._unread = self._unread[whole:]
            if self._delay_seconds:
                loop = asyncio.get_running_loop()
                loop.call_later(self._delay_seconds, self._transport.write, _ANSWER)
            else:
                self._transport.write(_ANSWER)


@contextlib.contextmanager
def receiving(*, delay_seconds: float = 0.0) -> Iterator[str]:
    """The address of a running receiver, without a slash at the end."""
    parent_id = os.getpid()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.receiver", str(delay_seconds)],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: die_with_parent(parent_id),
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.terminate()
        process.wait()


async def serve(delay_seconds: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiver(delay_seconds), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
