"""Gunicorn's threaded worker, with two habits of ours: requests that never reach the framework are
refused in the API's envelope too, and slow clients are cut."""

import errno
import socket
import time
import uuid
from typing import Any

from gunicorn import http, util
from gunicorn.http import errors
from gunicorn.http.unreader import SocketUnreader
from gunicorn.workers.gthread import TConn, ThreadWorker

from bizsuite.api.envelope import PLAIN_MESSAGES, failure
from bizsuite.exact_json import encode

# A request's first byte to its last, and a further second for each of these many bytes, so that
# a large batch over a slow line arrives and a trickle does not.
REQUEST_SECONDS = 30.0
BYTES_PER_FURTHER_SECOND = 16 * 1024
# How long a client may leave a part of its answer unread.
SEND_SECONDS = 30.0

# The first that matches: status, reason, code and message; None takes the API's own words.
_REFUSALS: list[tuple[tuple[type[Exception], ...], int, str, tuple[str, str] | None]] = [
    # What the application tried to send is not the client's fault, though gunicorn derives it so.
    (
        (errors.InvalidResponseHeader, errors.InvalidResponseHeaderName),
        500,
        "Internal Server Error",
        None,
    ),
    ((errors.LimitRequestLine,), 414, "URI Too Long", None),
    (
        (errors.LimitRequestHeaders,),
        431,
        "Request Header Fields Too Large",
        ("headers_too_large", "The headers are too large."),
    ),
    (
        (errors.ExpectationFailed,),
        417,
        "Expectation Failed",
        ("expectation_failed", "Only Expect: 100-continue is understood."),
    ),
    (
        (errors.UnsupportedTransferCoding,),
        501,
        "Not Implemented",
        ("unsupported_transfer_encoding", "The only transfer encoding understood is chunked."),
    ),
    ((errors.ParseException,), 400, "Bad Request", None),
    ((Exception,), 500, "Internal Server Error", None),
]


def refusal(error: Exception) -> bytes:
    """The whole HTTP answer to a request that could not be read or answered."""
    status, reason, words = next(
        (status, reason, words)
        for kinds, status, reason, words in _REFUSALS
        if isinstance(error, kinds)
    )
    code, message = words or PLAIN_MESSAGES[status]
    request_id = uuid.uuid4().hex
    body = encode(failure(message, code=code, request_id=request_id))
    head = (
        f"HTTP/1.1 {status} {reason}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/json\r\n"
        "Cache-Control: no-store\r\n"
        f"X-Request-ID: {request_id}\r\n"
        f"Content-Length: {len(body)}\r\n"
        "\r\n"
    )
    return head.encode("ascii") + body


class PatientReader(SocketUnreader):
    """Reads a connection; each request on it has to arrive in reasonable time.

    Gunicorn waits for ever between two bytes, and its threads are few.
    """

    sock: socket.socket

    def start_request(self) -> None:
        self.deadline = time.monotonic() + REQUEST_SECONDS

    def chunk(self, size_hint: int | None = None) -> bytes:
        remaining = self.deadline - time.monotonic()
        try:
            # Never 0: that would mean "do not wait at all" and raise another error.
            self.sock.settimeout(max(remaining, 0.001))
            data: bytes = super().chunk(size_hint)
        except TimeoutError:
            # As if the client had hung up: gunicorn closes the connection without ado.
            message = "The request took too long to arrive."
            raise ConnectionResetError(errno.ECONNRESET, message) from None
        finally:
            self.sock.settimeout(SEND_SECONDS)
        self.deadline += len(data) / BYTES_PER_FURTHER_SECOND
        return data


class EnvelopeWorker(ThreadWorker):
    def enqueue_req(self, conn: TConn) -> None:
        if conn.parser is None:
            conn.parser = http.get_parser(conn.cfg, conn.sock, conn.client)
            conn.parser.unreader = PatientReader(conn.sock)
        conn.parser.unreader.start_request()
        super().enqueue_req(conn)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Exception) -> None:
        answer = refusal(exc)
        if isinstance(exc, errors.ParseException):
            # The error's text may quote a header, and so a key.
            self.log.info("Refused a request from %s: %s", addr, type(exc).__name__)
        else:
            self.log.error("Error handling a request", exc_info=exc)
        try:
            util.write(client, answer)
        except OSError:
            self.log.debug("The client had gone before it could be refused.")
