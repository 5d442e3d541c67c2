"""What the web server refuses before the framework sees it, and clients that are slow."""

import http.client
import json
import socket
import time
from contextlib import closing

import httpx
import pytest

from bizsuite.operations import web_worker
from bizsuite.operations.web_worker import PatientReader
from tests.product import Product

HEAD = b"GET /api/v2/customers HTTP/1.1\r\nHost: localhost\r\n"


def answer(product: Product, request: bytes) -> tuple[int, dict, http.client.HTTPMessage]:
    """Status, body and headers of the answer to a request that no client library would send."""
    address = httpx.URL(product.url)
    with closing(socket.create_connection((address.host, address.port), timeout=20)) as line:
        line.sendall(request)
        response = http.client.HTTPResponse(line)
        response.begin()
        return response.status, json.loads(response.read()), response.headers


# The middleware refuses the first, the server the others, and nobody sees a difference.
@pytest.mark.parametrize("length", [8_001, 8_500, 100_000])
def test_an_over_long_url_is_refused_in_the_envelope(product, length):
    path = "/api/v2/customers?search=".ljust(length, "x")
    status, body, headers = answer(
        product, f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    )
    assert status == 414
    assert body == {
        "success": False,
        "message": "The address is too long.",
        "code": "uri_too_long",
        "request_id": headers["X-Request-ID"],
    }


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"GARBAGE\r\n\r\n", 400, "bad_request"),
        (HEAD + b"Bad Header: 1\r\n\r\n", 400, "bad_request"),
        (HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "bad_request"),
        (HEAD + b"Big: " + b"x" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (HEAD + b"N: 1\r\n" * 200 + b"\r\n", 431, "headers_too_large"),
        (HEAD + b"Expect: magic\r\n\r\n", 417, "expectation_failed"),
        (HEAD + b"Transfer-Encoding: magic\r\n\r\n", 501, "unsupported_transfer_encoding"),
    ],
)
def test_what_is_no_proper_http_is_refused_in_the_envelope(product, request_bytes, status, code):
    got_status, body, headers = answer(product, request_bytes)
    assert (got_status, body["code"], body["success"]) == (status, code, False)
    assert body["request_id"] == headers["X-Request-ID"]
    assert headers["Content-Type"] == "application/json"


def test_a_malformed_chunk_is_the_clients_mistake(product):
    status, body, _ = answer(
        product,
        b"POST /api/v2/customers HTTP/1.1\r\nHost: localhost\r\n"
        b"X-API-Key: " + product.key.encode() + b"\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
    )
    assert (status, body["success"]) == (400, False)


def test_whole_chunks_are_a_body(product):
    status, body, _ = answer(
        product,
        b"POST /api/v2/customers HTTP/1.1\r\nHost: localhost\r\n"
        b"X-API-Key: " + product.key.encode() + b"\r\nContent-Type: application/json\r\n"
        b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"account\r\n9\r\n": "Jane"\r\n1\r\n}\r\n0\r\n\r\n',
    )
    assert (status, body["data"]["account"]) == (201, "Jane")


def test_a_key_in_a_malformed_header_does_not_reach_the_log(product):
    answer(product, HEAD + b"X-API-Key bs_live_secretsecret\r\n\r\n")
    assert "secretsecret" not in product.log.read_text()


@pytest.fixture
def line(monkeypatch):
    """Both ends of a connection: the client's, and a reader that waits 0.2 s for a request."""
    monkeypatch.setattr(web_worker, "REQUEST_SECONDS", 0.2)
    client, server = socket.socketpair()
    with closing(client), closing(server):
        reader = PatientReader(server)
        reader.start_request()
        yield client, reader


def test_a_client_that_stops_in_the_middle_is_cut(line):
    client, reader = line
    client.sendall(b"GET / HT")
    assert reader.chunk() == b"GET / HT"
    started = time.monotonic()
    with pytest.raises(ConnectionResetError):
        reader.chunk()
    assert time.monotonic() - started < 1


def test_a_trickle_does_not_buy_time(line):
    client, reader = line

    def trickle() -> None:
        for _ in range(100):
            client.sendall(b"x")
            reader.chunk()
            time.sleep(0.02)

    started = time.monotonic()
    with pytest.raises(ConnectionResetError):
        trickle()
    assert time.monotonic() - started < 1


def test_a_slow_line_that_keeps_sending_gets_the_time_it_needs(line, monkeypatch):
    monkeypatch.setattr(web_worker, "BYTES_PER_FURTHER_SECOND", 1000)
    client, reader = line
    received = 0
    for _ in range(10):
        client.sendall(b"x" * 100)
        received += len(reader.chunk())
        time.sleep(0.05)
    assert received == 1000


def test_the_next_request_on_a_connection_has_its_own_time(line):
    client, reader = line
    time.sleep(0.25)
    reader.start_request()
    client.sendall(b"GET")
    assert reader.chunk() == b"GET"
