"""What docs/webhooks.md shows beside the verifiers: its example, its receiver, its header."""

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from bizsuite.events.models import Event
from tests.documentation.pages import GUIDE
from tests.documentation.snippets import Arrival, RuntimeMissing, snippets, verdicts
from tests.documentation.webhook_parts import SECRET, SENT_AT
from tests.factories import SYSTEM
from tests.webhooks import receiving
from tests.webhooks.factories import deliver, fan_out, happen, make_endpoint
from webhooks.endpoints import ROTATION
from webhooks.making import LOOP_DEPTH
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint
from webhooks.replaying import resend_delivery
from webhooks.sending import CONNECT_SECONDS, DEADLINE_SECONDS, RESPONSE_LIMIT, HttpSender
from webhooks.settling import PATIENCE
from webhooks.signing import new_secret
from webhooks.targets import PUBLIC_PORTS, UrlRefused, parse_target

VERIFIERS = sorted(snippets().keys() - {"receiver", "causing"})


def message_on_the_page() -> tuple[dict[str, str], bytes]:
    (shown,) = re.findall(r"```http\n(.*?)\n```", GUIDE.read_text(), re.DOTALL)
    head, body = shown.split("\n\n")
    headers = dict(line.split(": ") for line in head.splitlines()[1:])
    return {name.lower(): value for name, value in headers.items()}, body.encode()


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_the_message_on_the_page_is_genuine(verifier, tmp_path):
    headers, body = message_on_the_page()
    arrival = Arrival(headers, body, SECRET, int(SENT_AT.timestamp()))

    try:
        judged = verdicts(verifier, [arrival], tmp_path)
    except RuntimeMissing as missing:
        pytest.skip(str(missing))

    assert judged == [True]
    assert f"`{SECRET}`" in GUIDE.read_text()


class PageReceiver:
    """The page's receiver, running, as the receiver of an endpoint."""

    def __init__(self, folder: Path, port: int, program: dict[str, Any]) -> None:
        self.endpoint = make_endpoint(url=f"http://127.0.0.1:{port}/webhook")
        self.program = program
        program["INBOX"] = str(folder / "inbox.sqlite3")
        program["SECRET"] = self.endpoint.secret

    def worked_off(self) -> list[tuple[str, Any, int]]:
        """What its worker is given now."""
        handled: list[tuple[str, Any, int]] = []
        self.program["work"](lambda *message: handled.append(message))
        return handled


@pytest.fixture
def receiver(db, settings, monkeypatch, tmp_path) -> Iterator[PageReceiver]:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    monkeypatch.setenv("WEBHOOK_SECRET", "the endpoint's, once it is registered")
    program: dict[str, Any] = {"__name__": "receiver"}
    exec(snippets()["python"] + snippets()["receiver"], program)
    with serving(program["Receiver"]) as port:
        yield PageReceiver(tmp_path, port, program)


@contextlib.contextmanager
def serving(handler: Any) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def sent_to(endpoint: WebhookEndpoint) -> Delivery:
    """The newest delivery, after it was tried."""
    deliver(HttpSender())
    return Delivery.objects.filter(endpoint=endpoint).latest("id")


def test_the_receiver_of_the_page_keeps_a_message_once_and_hands_it_over_once(receiver):
    happen(data={"id": 7, "amount": Decimal("1500.00"), "name": "Ärger"})
    Event.objects.update(object_version=3)
    fan_out(timezone.now())
    delivery = sent_to(receiver.endpoint)
    resend_delivery(delivery, now=timezone.now(), actor=SYSTEM)
    delivery = sent_to(receiver.endpoint)

    assert (delivery.status, delivery.attempts) == (DeliveryStatus.SUCCEEDED, 2)
    assert delivery.response_status == 204
    ((told, data, version),) = receiver.worked_off()
    assert (told, version) == ("customer.created", 3)
    assert data == {"id": 7, "amount": Decimal("1500.00"), "name": "Ärger"}
    assert str(data["amount"]) == "1500.00"
    assert receiver.worked_off() == []


def test_the_receiver_of_the_page_refuses_a_message_by_another_secret(receiver):
    receiver.program["SECRET"] = new_secret()
    happen()
    fan_out(timezone.now())

    delivery = sent_to(receiver.endpoint)

    assert (delivery.status, delivery.response_status) == (DeliveryStatus.PENDING, 401)
    receiver.program["open_inbox"]().close()
    assert receiver.worked_off() == []


def test_what_is_written_back_with_the_header_of_the_page_is_one_deeper(api):
    program: dict[str, Any] = {}
    exec(snippets()["causing"], program)

    headers = program["headers_for_writing_back"]({"X-Causation-Depth": "2"}, "bs_live_key")
    assert headers.pop("Authorization") == "Bearer bs_live_key"
    assert api.request("POST", "/customers", {"account": "Jo"}, headers=headers).status == 201

    assert Event.objects.get(type="customer.created").causation_depth == 3


def replied(url: str, **sender: Any) -> str:
    """What a delivery to this URL would show as its error."""

    async def post() -> str:
        async with HttpSender(**sender) as http:
            return (await http.post(url, headers={}, body=b"{}")).error

    return asyncio.run(post())


def test_the_errors_that_the_page_explains_are_those_that_are_shown(settings):
    def unknown(host: str) -> list[str]:
        raise OSError

    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    shop = "https://shop.example/webhook"
    errors = [
        replied(shop, resolve=unknown),
        replied(shop, resolve=lambda host: ["10.0.0.7"]),
    ]
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with receiving.serving(receiving.answer_with(301)) as server:
        errors.append(replied(server.url))
    with receiving.serving(receiving.answer_with(413)) as server:
        errors.append(replied(server.url))
    with receiving.serving(lambda handler: handler.connection.close()) as server:
        errors.append(replied(server.url))
    refused = replied(nobody)

    explained = GUIDE.read_text()
    assert [error for error in errors if f"| `{error}` |" not in explained] == []
    assert refused.startswith("Could not connect: ")
    assert "Connect call failed" in refused
    for seconds, text in (
        (CONNECT_SECONDS, "Could not connect within {:g} seconds"),
        (DEADLINE_SECONDS, "No complete answer within {:g} seconds"),
    ):
        assert f"| `{text.format(seconds)}` |" in explained


@pytest.mark.parametrize(
    "url", ["https://10.0.0.7/", "http://shop.example/", "https://shop.example:444/"]
)
def test_the_refusals_that_the_page_explains_are_those_that_are_answered(url):
    with pytest.raises(UrlRefused) as refused:
        parse_target(url)

    assert f"`{refused.value}`" in GUIDE.read_text()


def test_the_limits_that_the_page_names_are_those_of_the_code():
    page = GUIDE.read_text()

    assert f"Up to {settings.WEBHOOK_BACKLOG_LIMIT:,} messages may wait" in page
    assert f"{settings.WEBHOOK_RETENTION_DAYS} days after it arrived" in page
    assert f"{settings.WEBHOOK_FAILED_RETENTION_DAYS} after it was given up" in page
    assert f"For {ROTATION // timedelta(hours=1)} hours each message" in page
    assert f"at depth {LOOP_DEPTH} is not sent" in page
    assert f"({RESPONSE_LIMIT // 1024} kB at most)" in page
    assert (PATIENCE // timedelta(days=1), PUBLIC_PORTS) == (5, (443, 8443))
