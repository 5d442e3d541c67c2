"""Sending over real connections: to a server on this machine, or to nobody."""

import datetime
import gzip
import socket
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.webhooks.receiving import answer_with, post, serving
from tests.webhooks.test_targets import REFUSED
from webhooks import connecting
from webhooks.sending import Reply

PUBLIC = "93.184.215.14"


# ── Where it connects ────────────────────────────────────────────────────────


@pytest.mark.parametrize("url", [url for url, _ in REFUSED], ids=lambda url: repr(url)[:40])
def test_a_hostile_url_is_not_connected_to_and_not_even_resolved(connections, url):
    asked = []

    reply = post(url, resolve=lambda host: asked.append(host) or [PUBLIC])

    assert (reply.status, reply.succeeded) == (None, False)
    assert reply.error.startswith("Not sent: the URL must")
    assert (connections, asked) == ([], [])


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["::1"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["100.100.100.200"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["2002:7f00:1::"],
        ["fe80::1%2"],
        ["0.0.0.0"],
        [PUBLIC, "127.0.0.1"],  # one bad address spoils the name
        ["192.168.0.1", PUBLIC],
        ["not an address"],
    ],
)
def test_a_name_with_a_private_address_is_not_connected_to(connections, answers):
    reply = post("https://rebound.example.com/", resolve=lambda host: answers)

    assert reply == Reply(None, "Not sent: the URL must lead to a public address")
    assert connections == []


def test_a_name_that_resolves_publicly_is_connected_to_at_the_address_that_was_checked(connections):
    answers = [[PUBLIC], ["127.0.0.1"]]  # rebinding: the second question would get the other

    reply = post("https://rebound.example.com:8443/", resolve=lambda host: answers.pop(0))

    assert connections == [(PUBLIC, 8443)]
    assert len(answers) == 1
    assert reply.status is None


def test_an_address_that_slipped_past_the_resolver_is_not_connected_to(connections, monkeypatch):
    """Whatever else should resolve names one day: each socket is judged again when it is made."""

    async def slip(self, host, port=0, family=socket.AF_UNSPEC):
        return [connecting._result(host, "127.0.0.1", port)]

    monkeypatch.setattr(connecting.CheckedResolver, "resolve", slip)

    reply = post("https://slipped.example.com/", resolve=lambda host: [PUBLIC])

    assert reply == Reply(None, "Not sent: the URL must lead to a public address")
    assert connections == []


def test_the_next_address_is_tried_when_the_first_is_dead(connections):
    post("https://two.example.com/", resolve=lambda host: ["93.184.215.14", "93.184.215.15"])

    assert [host for host, _ in connections[:2]] == ["93.184.215.14", "93.184.215.15"]
    assert len(set(connections)) == 2


@pytest.mark.parametrize("answer", [[], None])
def test_a_name_without_an_address_is_a_failure(connections, answer):
    def resolve(host):
        if answer is None:
            raise socket.gaierror("Name or service not known")
        return answer

    reply = post("https://nowhere.example.com/", resolve=resolve)

    assert reply == Reply(None, "Could not connect: nowhere.example.com does not resolve")
    assert connections == []


def test_an_allowed_host_may_be_private(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["erp.internal"]
    with serving() as server:
        url = f"http://erp.internal:{server.port}/a?b=c"

        reply = post(url, body=b'{"a":1500.00}', resolve=lambda host: ["127.0.0.1"])

    assert reply == Reply(204)
    (received,) = server.received
    assert (received.path, received.body) == ("/a?b=c", b'{"a":1500.00}')
    assert received.headers["Host"] == f"erp.internal:{server.port}"
    assert received.headers["Accept-Encoding"] == "identity"
    assert received.headers["X-One"] == "1"


def test_proxies_of_the_environment_are_ignored(allow_this_machine, monkeypatch, connections):
    with serving() as server:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")

        assert post(server.url).status == 204

    assert connections == [("127.0.0.1", server.port)]


# ── TLS ──────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for receiver.example.com, its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver.example.com")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("receiver.example.com")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "certificate.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + signed.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def receiver(certificate, monkeypatch):
    """A TLS server that stands in for the public address; and the names it was asked for."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    asked = []
    tls.sni_callback = lambda connection, name, context: asked.append(name)
    connect = socket.socket.connect
    with serving(tls=tls) as server:
        stand_ins = {(PUBLIC, 443): ("127.0.0.1", server.port)}
        monkeypatch.setattr(
            socket.socket, "connect", lambda self, address: connect(self, stand_ins[address])
        )
        yield server, asked


def test_tls_and_host_go_by_the_name_though_the_connection_goes_to_the_address(
    receiver, certificate
):
    server, asked = receiver
    trusting = ssl.create_default_context(cafile=str(certificate))

    reply = post("https://receiver.example.com/hook", resolve=lambda host: [PUBLIC], tls=trusting)

    assert reply == Reply(204)
    assert asked == ["receiver.example.com"]
    assert server.received[0].headers["Host"] == "receiver.example.com"


def test_a_certificate_for_another_name_is_refused(receiver, certificate, monkeypatch):
    server, _ = receiver
    trusting = ssl.create_default_context(cafile=str(certificate))

    reply = post("https://other.example.com/hook", resolve=lambda host: [PUBLIC], tls=trusting)

    assert reply.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in reply.error
    assert server.received == []


def test_a_certificate_of_nobody_known_is_refused(receiver):
    server, _ = receiver

    reply = post("https://receiver.example.com/hook", resolve=lambda host: [PUBLIC])

    assert reply.status is None
    assert "CERTIFICATE_VERIFY_FAILED" in reply.error
    assert server.received == []


# ── What it makes of answers ─────────────────────────────────────────────────


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_2xx_is_success(allow_this_machine, status):
    with serving(answer_with(status)) as server:
        assert post(server.url) == Reply(status)


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 503])
def test_all_else_is_failure(allow_this_machine, status):
    with serving(answer_with(status, b"no")) as server:
        assert post(server.url) == Reply(status, f"The receiver answered {status}", b"no")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_a_failure_and_not_followed(allow_this_machine, status):
    with serving() as elsewhere, serving(answer_with(status, Location=elsewhere.url)) as server:
        reply = post(server.url)

    assert reply.status == status
    assert reply.error == f"The receiver answered {status}; redirects are not followed"
    assert (len(server.received), elsewhere.received) == (1, [])


def test_a_receiver_that_does_not_answer_is_cut_off_at_the_deadline(allow_this_machine):
    over = threading.Event()

    def hang(handler):
        over.wait(10)

    with serving(hang) as server:
        reply = post(server.url, deadline_seconds=0.2)
        over.set()

    assert reply == Reply(None, "No complete answer within 0.2 seconds")


def test_a_body_that_trickles_does_not_stretch_the_deadline(allow_this_machine):
    over = threading.Event()

    def trickle(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not over.wait(0.05):
            handler.wfile.write(b".")

    with serving(trickle) as server:
        reply = post(server.url, deadline_seconds=0.4)
        over.set()

    assert reply == Reply(None, "No complete answer within 0.4 seconds")


def test_no_more_than_64_kb_of_an_answer_is_read(allow_this_machine):
    written = []

    def flood(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", str(10**9))
        handler.end_headers()
        try:
            for _ in range(1000):
                handler.wfile.write(b"x" * 10**6)
                written.append(10**6)
        except ConnectionError:
            pass  # the sender hung up, as it should

    with serving(flood) as server:
        reply = post(server.url)

    assert (reply.status, reply.succeeded) == (200, True)
    assert reply.body == b"x" * 65536
    assert sum(written) < 10**8


def test_a_compressed_answer_is_not_unpacked(allow_this_machine):
    bomb = gzip.compress(b"\0" * 20_000_000)
    assert len(bomb) < 64_000

    with serving(answer_with(200, bomb, Content_Encoding="gzip")) as server:
        reply = post(server.url)

    assert reply == Reply(200, "", bomb)


@pytest.mark.parametrize(
    ("nonsense", "error"),
    [
        (b"", "The receiver hung up without an answer"),
        (b"hello\r\n\r\n", "The answer is no valid HTTP: Bad status line"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhi",
            "The receiver hung up in the middle of its answer",
        ),
        (b"\x16\x03\x01", "The answer is no valid HTTP: Bad status line"),
    ],
)
def test_an_answer_that_is_no_http_is_a_failure(allow_this_machine, nonsense, error):
    def speak_nonsense(handler):
        handler.wfile.write(nonsense)
        handler.close_connection = True

    with serving(speak_nonsense) as server:
        reply = post(server.url)

    assert reply == Reply(None, error)


def test_endless_headers_are_a_failure(allow_this_machine):
    with serving(answer_with(200, X_Long="x" * 300_000)) as server:
        assert post(server.url).status is None


def test_nobody_listening_is_a_failure(allow_this_machine):
    with serving() as server:
        pass

    reply = post(server.url)

    assert reply.status is None
    assert reply.error.startswith("Could not connect: ")
