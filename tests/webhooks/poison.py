"""A server that is bad to webhooks in every way, and good at one path; a program of its own.

    python -m tests.webhooks.poison

Prints its port. Then a line for each message to /healthy: how many seconds it took since the
monotonic instant that its data names, and the message's id.
"""

import asyncio
import contextlib
import gzip
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

from bizsuite.operations.processes import die_with_parent

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
BOMB = gzip.compress(b"\0" * 50_000_000)


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _ in range(1000):
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(1)


async def drip_headers(writer: asyncio.StreamWriter) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 1000:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def flood(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(1000):
        writer.write(b"x" * 1_000_000)
        await writer.drain()


async def flood_in_chunks(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(10_000):
        writer.write(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        await writer.drain()


async def flood_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for _ in range(100_000):
        writer.write(b"X-More: " + b"x" * 8000 + b"\r\n")
        await writer.drain()


async def reset(writer: asyncio.StreamWriter) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def hang(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    pass


def saying(answer: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    async def say(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()

    return say


def _answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


# By the path that asks for it.
POISONS: dict[str, Callable[[asyncio.StreamWriter], Awaitable[None]]] = {
    "drip": drip,
    "drip-headers": drip_headers,
    "flood": flood,
    "flood-in-chunks": flood_in_chunks,
    "flood-headers": flood_headers,
    "reset": reset,
    "hang": hang,
    "hang-up": hang_up,
    "bomb": saying(_answer("500 Oops", "Content-Encoding: gzip", body=BOMB)),
    "redirect": saying(_answer("302 Found", "Location: /healthy")),
    "redirect-within": saying(_answer("307 Temporary Redirect", "Location: //127.0.0.1:1/")),
    "failing": saying(_answer("500 Internal Server Error")),
    "busy": saying(_answer("429 Too Many Requests", "Retry-After: 7")),
    "unavailable": saying(_answer("503 Service Unavailable", "Retry-After: nonsense")),
    "not-http": saying(b"220 mail.example.com ESMTP\r\n"),
    "not-text": saying(b"\x16\x03\x01\x00\xff" * 100),
    "half": saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
    "bad-length": saying(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
    "bad-chunks": saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
}


@dataclass
class PoisonServer:
    """latencies: of the messages to /healthy, in seconds, known once the server is over."""

    port: int
    latencies: list[float] = field(default_factory=list)
    message_ids: list[str] = field(default_factory=list)

    @property
    def healthy_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/healthy"

    @property
    def poison_urls(self) -> list[str]:
        """One for each poison, and TLS to a server that has none."""
        here = f"127.0.0.1:{self.port}"
        return [*(f"http://{here}/{name}" for name in POISONS), f"https://{here}/no-tls"]


@contextlib.contextmanager
def poison_server(parent_id: int) -> Iterator[PoisonServer]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.webhooks.poison"],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: die_with_parent(parent_id),
    )
    assert process.stdout is not None
    server = PoisonServer(int(process.stdout.readline()))
    try:
        yield server
    finally:
        process.terminate()
        for line in process.stdout.read().splitlines():
            seconds, message_id = line.split()
            server.latencies.append(float(seconds))
            server.message_ids.append(message_id)
        process.wait()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ValueError):
        while head := (await reader.readuntil(b"\r\n\r\n")).decode("latin-1"):
            headers = dict(line.split(": ", 1) for line in head.splitlines()[1:] if line)
            body = await reader.readexactly(int(headers["Content-Length"]))
            path = head.split()[1].lstrip("/")
            if path != "healthy":
                await POISONS[path](writer)
                break
            seconds = time.monotonic() - json.loads(body)["data"]["at"]
            print(f"{seconds:.4f} {headers['webhook-id']}", flush=True)
            writer.write(_answer("200 OK"))
            await writer.drain()
    writer.close()


async def main() -> None:
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
