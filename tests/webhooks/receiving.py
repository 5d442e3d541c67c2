"""A real HTTP server for the tests, on this machine, that does what the test says."""

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from webhooks.sending import HttpSender, Reply


@dataclass(frozen=True)
class Received:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    port: int
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


Answer = Callable[[BaseHTTPRequestHandler], None]


def accept(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(204)
    handler.end_headers()


def answer_with(status: int, body: bytes = b"", **headers: str) -> Answer:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        # The client may hang up on us in the middle; that is what some tests are about.
        with contextlib.suppress(ConnectionError):
            handler.wfile.write(body)

    return respond


@contextlib.contextmanager
def serving(
    respond: Answer = accept, *, tls: ssl.SSLContext | None = None, port: int = 0
) -> Iterator[Server]:
    """Serve on a port of 127.0.0.1, a free one unless it is given; each connection in a thread
    of its own."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            body = self.rfile.read(length)
            if len(body) < length:
                return  # the sender died in the middle of it
            server.received.append(Received(self.path, dict(self.headers), body))
            respond(self)

        def log_message(self, *args: object) -> None:
            pass

    class QuietServer(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *args: object) -> None:
            pass  # clients that hang up or distrust us

    http = QuietServer(("127.0.0.1", port), Handler)
    if tls is not None:
        http.socket = tls.wrap_socket(http.socket, server_side=True)
    server = Server(http.server_address[1])
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def post(url: str, *, body: bytes = b"{}", times: int = 1, **sender: Any) -> Reply:
    """Send over a real connection and return the last reply."""

    async def send() -> Reply:
        async with HttpSender(**sender) as http:
            for _ in range(times):
                reply = await http.post(url, headers={"X-One": "1"}, body=body)
            return reply

    return asyncio.run(send())
