"""The generated parts of docs/webhooks.md and docs/events.md: drawn from the code that sends."""

import datetime
from collections.abc import Iterator, Mapping
from itertools import groupby

from bizsuite.crypto import encrypt
from bizsuite.events.models import Event
from bizsuite.events.registry import EventType, event_type, event_types
from bizsuite.exact_json import encode
from tests.documentation.pages import laid_out, read_json
from tests.documentation.tables import table
from webhooks.messages import Signer, message_body, message_headers
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.retries import DELAYS, JITTER

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
HAPPENED_AT = datetime.datetime(2024, 1, 15, 10, 0, tzinfo=datetime.UTC)
SENT_AT = HAPPENED_AT + datetime.timedelta(seconds=1)
_UNITS = ((3600, "h"), (60, "min"), (1, "s"))


def message() -> str:
    """One message with its headers, as it goes on the wire to shop.example."""
    headers, body = sample_message(event_type("payment.received"))
    head = ["POST /webhook HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\n".join(("```http", *head, "", body.decode(), "```"))


def sample_message(told: EventType) -> tuple[Mapping[str, str], bytes]:
    """The headers and the body that the product would send of an event's example."""
    event = Event(
        type=told.name,
        object_version=1,
        payload=encode(told.example).decode(),
        occurred_at=HAPPENED_AT,
        request_id="8fef5fc3c5a7467fa5605df916804bcc",
    )
    endpoint = WebhookEndpoint(encrypted_secret=encrypt(SECRET))
    delivery = Delivery(event=event, endpoint=endpoint, message_id="msg_kdbcw6y26bd6ez0211z3hkdzb0")
    body = message_body(event)
    signature = Signer().sign(delivery, body, now=SENT_AT)
    return message_headers(delivery, started_at=SENT_AT, signature=signature), body


def retries() -> str:
    """When each attempt is made, as the schedule in the code has it."""
    rows, since = [("1", "at once", "0 s")], 0
    for number, delay in enumerate(DELAYS, start=2):
        seconds = int(delay.total_seconds())
        since += seconds
        rows.append((str(number), f"{_duration(seconds)} later", _duration(since)))
    text = table(("attempt", "when the one before has failed", "since the first"), rows)
    return f"{text}\n\nEach time is moved by up to {JITTER:.0%} either way, so that what waited does not all come at the same moment."


def _duration(seconds: int) -> str:
    """`2 h 35 min`; without seconds where there are hours."""
    words = []
    for size, name in _UNITS:
        count, seconds = divmod(seconds, size)
        if count and not (name == "s" and words and words[0].endswith("h")):
            words.append(f"{count} {name}")
    return " ".join(words)


def catalogue() -> str:
    """Every event that leaves: when it is sent, and its whole body."""
    public = [each for each in event_types() if each.public]
    groups = [
        (resource, list(events))
        for resource, events in groupby(public, lambda each: each.name.partition(".")[0])
    ]
    index = table(
        ("of", "events"),
        [
            (_title(resource), ", ".join(f"[`{each.name}`](#{_anchor(each)})" for each in events))
            for resource, events in groups
        ],
    )
    return "\n\n".join((index, *(part for group in groups for part in _section(*group))))


def _section(resource: str, events: list[EventType]) -> Iterator[str]:
    yield f"## {_title(resource)}"
    for each in events:
        body = message_body(
            Event(type=each.name, payload=encode(each.example).decode(), occurred_at=HAPPENED_AT)
        )
        shown = laid_out(read_json(body.decode()))
        yield f"### {each.name}\n\n{each.description}\n\n```json\n{shown}\n```"


def _title(resource: str) -> str:
    return resource.replace("_", " ").capitalize()


def _anchor(told: EventType) -> str:
    """As GitHub and others make it of the heading."""
    return told.name.replace(".", "")
