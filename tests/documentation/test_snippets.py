"""The verifiers on docs/webhooks.md, and with them the packages of Standard Webhooks, tell our
messages from others. The product's own sender posts each over a socket; what came is judged.
"""

import dataclasses
import datetime
import re
import warnings
from decimal import Decimal

import pytest

from tests.documentation.pages import GUIDE
from tests.documentation.snippets import Arrival, RuntimeMissing, snippets, verdicts
from tests.factories import SYSTEM
from tests.webhooks.factories import Clock, deliver, fan_out, happen, make_endpoint
from tests.webhooks.receiving import Server, serving
from webhooks.endpoints import rotate_secret
from webhooks.sending import HttpSender
from webhooks.signing import new_secret

NOW = datetime.datetime(2024, 1, 15, 10, 0, tzinfo=datetime.UTC)
SMALL = {"id": 7, "amount": Decimal("1500.00"), "name": "Ärger & <Söhne> 日本語 🧾"}
LARGE = {"id": 8, "notes": "Zürich €\n" * 10_000}
VERIFIERS = ("python-package", "python", "node-package", "node", "php", "go", "shell")

# A message, and whether a receiver must take it for genuine.
Cases = dict[str, tuple[Arrival, bool]]


def after(seconds: int) -> datetime.datetime:
    return NOW + datetime.timedelta(seconds=seconds)


class Post:
    """An endpoint at a receiver on this machine, and what the product sends there."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.endpoint = make_endpoint(url=server.url)

    def arrival(
        self, *, sent: datetime.datetime, read: datetime.datetime = NOW, data: object = SMALL
    ) -> Arrival:
        """Let something happen and be sent; as the receiver has it, whose clock may differ."""
        happen(data=data)
        fan_out(sent)
        deliver(HttpSender(), Clock(sent))
        received = self._server.received[-1]
        headers = {name.lower(): value for name, value in received.headers.items()}
        return Arrival(headers, received.body, self.endpoint.secret, int(read.timestamp()))


def with_headers(arrival: Arrival, **changed: str | None) -> Arrival:
    """The message with other headers (`webhook_id=…`); None takes one away."""
    headers = arrival.headers | {name.replace("_", "-"): each for name, each in changed.items()}
    kept = {name: each for name, each in headers.items() if each is not None}
    return dataclasses.replace(arrival, headers=kept)


def with_secret(arrival: Arrival, secret: str) -> Arrival:
    return dataclasses.replace(arrival, secret=secret)


def messages_of(post: Post) -> Cases:
    """By clocks that agree and by others; and of every size."""
    return {
        "301 seconds old": (post.arrival(sent=after(-301)), False),
        "300 seconds old": (post.arrival(sent=after(-300)), True),
        "right": (post.arrival(sent=NOW), True),
        "large": (post.arrival(sent=NOW, data=LARGE), True),
        "300 seconds early": (post.arrival(sent=after(300)), True),
        "301 seconds early": (post.arrival(sent=after(301)), False),
    }


def tampered(right: Arrival) -> Cases:
    signature, sent_at = right.headers["webhook-signature"], right.headers["webhook-timestamp"]
    other_body = right.body.replace(b"1500.00", b"9500.00")
    assert other_body != right.body
    return {
        name: (arrival, False)
        for name, arrival in {
            "another body": dataclasses.replace(right, body=other_body),
            "a body written again": dataclasses.replace(right, body=right.body + b"\n"),
            "another id": with_headers(right, webhook_id="msg_another"),
            "another time": with_headers(right, webhook_timestamp=str(int(sent_at) + 1)),
            "no id": with_headers(right, webhook_id=None),
            "no time": with_headers(right, webhook_timestamp=None),
            "no signature": with_headers(right, webhook_signature=None),
            "an empty signature": with_headers(right, webhook_signature="v1,"),
            "half a signature": with_headers(right, webhook_signature=signature[:-20]),
            "one of another scheme": with_headers(
                right, webhook_signature=signature.replace("v1,", "v1a,")
            ),
            "what is no signature": with_headers(right, webhook_signature="sha256=ä"),
            "another secret": with_secret(right, new_secret()),
        }.items()
    }


def rotated(post: Post) -> Cases:
    """With the secret before and after it, within the day and when it is over."""
    before = post.endpoint.secret
    post.endpoint = rotate_secret(post.endpoint, now=NOW, actor=SYSTEM)
    during, over = post.arrival(sent=NOW), after(24 * 3600)
    afterwards = post.arrival(sent=over, read=over)
    assert len(during.headers["webhook-signature"].split(" ")) == 2
    return {
        "during a rotation, by the new secret": (during, True),
        "during a rotation, by the old secret": (with_secret(during, before), True),
        "during a rotation, by a third secret": (with_secret(during, new_secret()), False),
        "after a rotation, by the new secret": (afterwards, True),
        "after a rotation, by the old secret": (with_secret(afterwards, before), False),
    }


def headers_on_the_page() -> set[str]:
    (message,) = re.findall(
        r"^```http\n.*?\n(.*?)\n\n", GUIDE.read_text(), re.MULTILINE | re.DOTALL
    )
    return {line.partition(":")[0].lower() for line in message.splitlines()}


@pytest.fixture
def cases(db, settings) -> Cases:
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with serving() as server:
        post = Post(server)
        sent = messages_of(post)
        return sent | tampered(sent["right"][0]) | rotated(post)


def test_they_were_really_sent(cases):
    right, large = cases["right"][0], cases["large"][0]

    assert b'"amount":1500.00,"name":"\xc3\x84rger & <S\xc3\xb6hne> ' in right.body
    assert len(large.body) > 100_000
    assert right.headers["host"].startswith("127.0.0.1:")
    assert {genuine for _, genuine in cases.values()} == {True, False}


def test_the_page_shows_the_headers_that_arrive(cases):
    of_every_request = {"host", "content-length", "accept", "accept-encoding"}
    # Which only an event has that a request to the API caused.
    shown = headers_on_the_page() - {"x-request-id"}

    assert cases["right"][0].headers.keys() - of_every_request == shown


@pytest.mark.parametrize("verifier", VERIFIERS)
def test_the_verifier_tells_our_messages_from_others(verifier, cases, tmp_path):
    try:
        judged = verdicts(verifier, [arrival for arrival, _ in cases.values()], tmp_path)
    except RuntimeMissing as missing:
        warnings.warn(f"docs/webhooks.md: {verifier} was not tried: {missing}", stacklevel=1)
        pytest.skip(str(missing))

    assert dict(zip(cases, judged, strict=True)) == {
        name: genuine for name, (_, genuine) in cases.items()
    }


def test_every_program_of_the_page_is_tried():
    assert set(snippets()) - {"receiver", "causing"} == set(VERIFIERS)
