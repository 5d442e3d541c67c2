"""Gunicorn's threaded worker, with two habits of ours.

What never reaches the framework is refused in the API's envelope too, and slow clients are cut.
"""

import errno
import socket
import time
import uuid
from http import HTTPStatus
from typing import Any

from django.conf import settings
from gunicorn import util
from gunicorn.http import errors, get_parser
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

# The first that matches decides the status.
_STATUSES: list[tuple[type[Exception], int]] = [
    # What the application tried to send is not the client's fault, though gunicorn derives it so.
    (errors.InvalidResponseHeader, 500),
    (errors.InvalidResponseHeaderName, 500),
    (errors.LimitRequestLine, 414),
    (errors.LimitRequestHeaders, 431),
    (errors.ExpectationFailed, 417),
    (errors.UnsupportedTransferCoding, 501),
    (errors.ParseException, 400),
    (Exception, 500),
]
_WORDS = PLAIN_MESSAGES | {
    417: ("expectation_failed", "Only Expect: 100-continue is understood."),
    431: ("headers_too_large", "The headers are too large."),
    501: ("unsupported_transfer_encoding", "The only transfer encoding understood is chunked."),
}


def refusal(error: Exception) -> bytes:
    """The whole HTTP answer to a request that could not be read or answered."""
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    code, message = _WORDS[status]
    request_id = uuid.uuid4().hex
    body = encode(failure(message, code=code, request_id=request_id))
    environment = settings.ENVIRONMENT
    mark = "" if environment == "production" else f"X-Environment: {environment}\r\n"
    head = (
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/json\r\n"
        "Cache-Control: no-store\r\n"
        f"X-Request-ID: {request_id}\r\n"
        f"{mark}"
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
        try:
            self.sock.settimeout(self._remaining_seconds())
            data: bytes = super().chunk(size_hint)
        except TimeoutError as error:
            # As if the client had hung up: gunicorn closes the connection without ado.
            raise ConnectionResetError(errno.ECONNRESET, str(error)) from None
        finally:
            self.sock.settimeout(SEND_SECONDS)
        self.deadline += len(data) / BYTES_PER_FURTHER_SECOND
        return data

    def _remaining_seconds(self) -> float:
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("The request took too long to arrive.")
        return remaining


class BodyReader:
    """Reports a malformed body as a failed read, which the framework knows how to refuse."""

    def __init__(self, reader: Any) -> None:
        self.reader = reader

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self.reader.read(size)
        except errors.ParseException as error:
            raise OSError(errno.EBADMSG, "The body is malformed.") from error
        return data


class EnvelopeWorker(ThreadWorker):
    def enqueue_req(self, conn: TConn) -> None:
        if conn.parser is None:
            conn.parser = get_parser(conn.cfg, conn.sock, conn.client)
            conn.parser.unreader = PatientReader(conn.sock)
        conn.parser.unreader.start_request()
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: TConn) -> bool:
        req.body.reader = BodyReader(req.body.reader)
        keep_alive: bool = super().handle_request(req, conn)
        return keep_alive

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
