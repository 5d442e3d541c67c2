"""The queue and a mail server, over a real connection."""

import datetime
import socket
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from django.utils import timezone

from bizsuite.mail.mails import named_address
from bizsuite.mail.models import OutgoingMail
from bizsuite.mail.sending import send_due
from tests.factories import make_mail
from tests.mail.smtp import smtp_server

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _real_backend(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port()


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


def run() -> int:
    soon = timezone.now() + datetime.timedelta(minutes=1)
    return send_due(clock=lambda: soon)


def state(mail: OutgoingMail) -> tuple[str, str]:
    mail.refresh_from_db()
    return mail.status, mail.last_error


def test_a_mail_arrives_whole(settings):
    sender = named_address("Müller, Ünal & Co", "hello@example.com")
    mail = make_mail(subject="Grüße\nBcc: x@y.z", body=".\nÄ 漢字\n.dot", sender=sender)
    with smtp_server() as server:
        settings.EMAIL_PORT = server.port
        assert run() == 1

    (taken,) = server.taken
    assert taken["To"] == "jane@example.com"
    assert taken["Message-ID"] == mail.message_id
    assert taken["Bcc"] is None
    assert taken.get_payload(decode=True).decode().splitlines() == [".", "Ä 漢字", ".dot"]
    assert state(mail) == ("sent", "")
    assert mail.sent_through == f"127.0.0.1:{server.port}"


@pytest.mark.parametrize(
    "name", ["Acme", 'Ann "the" \\ Smith', "Müller, Ünal & Co", "漢" * 200, "A\r\nBcc: x@y.z"]
)
def test_whoever_writes_is_named(settings, name):
    sender = named_address(name, "hello@example.com")
    mail = make_mail(sender=sender)
    with smtp_server() as server:
        settings.EMAIL_PORT = server.port
        run()

    assert state(mail) == ("sent", "")
    shown, address = parseaddr(server.taken[0]["From"])
    assert address == "hello@example.com"
    assert str(make_header(decode_header(shown))) == " ".join(name.split())[:150]
    assert server.taken[0]["Bcc"] is None


def test_what_the_server_says_of_one_address_does_not_stop_the_others(settings):
    unknown, busy, good = (
        make_mail("unknown@example.com"),
        make_mail("busy@example.com"),
        make_mail(),
    )
    refused = {"unknown@example.com": "550 No such user", "busy@example.com": "451 Later"}
    with smtp_server(refused) as server:
        settings.EMAIL_PORT = server.port
        assert run() == 1

    assert [message["To"] for message in server.taken] == ["jane@example.com"]
    assert state(unknown) == ("failed", "550 No such user")
    assert state(busy) == ("queued", "451 Later")
    assert state(good) == ("sent", "")


def test_a_server_that_wants_a_login_first_refuses_no_mail_for_good(settings):
    """A forgotten password in EMAIL_URL must not cost every mail that waits."""
    first, second = make_mail(), make_mail("joan@example.com")
    with smtp_server(sender_refused="530 5.7.0 Authentication required") as server:
        settings.EMAIL_PORT = server.port
        assert run() == 0

    assert state(first) == ("queued", "530 5.7.0 Authentication required")
    assert state(second) == ("queued", "")


def test_many_go_over_one_connection(settings):
    for number in range(5):
        make_mail(f"{number}@example.com")
    with smtp_server() as server:
        settings.EMAIL_PORT = server.port
        assert run() == 5

    assert server.conversations == 1


def test_a_server_that_is_away_costs_the_first_mail_one_attempt():
    first, second = make_mail(), make_mail("joan@example.com")

    assert run() == 0

    status, error = state(first)
    assert (status, error.split(":")[0]) == ("queued", "ConnectionRefusedError")
    assert state(second) == ("queued", "")
