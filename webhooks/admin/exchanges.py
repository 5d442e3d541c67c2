"""What went over the wire, made fit to look at: our requests, and answers that we do not trust."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import responses

import msgspec
from django.utils.translation import gettext as _

from webhooks.admin.display import duration
from webhooks.messages import message_body, message_headers
from webhooks.models import Delivery, DeliveryAttempt

# Of an answer's body: as much as anybody reads here. The API has all that is kept.
SHOWN_CHARACTERS = 4000
# With more than this share of them unreadable, it is no text.
BINARY_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Request:
    """url, headers: empty before the first attempt, which writes them. body: indented."""

    url: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An attempt and what came of it. note: what is not shown of the body, and why."""

    attempt: DeliveryAttempt
    body: str
    note: str

    @property
    def succeeded(self) -> bool:
        return not self.attempt.error

    @property
    def status(self) -> str:
        """`502 Bad Gateway`; without an answer, that."""
        code = self.attempt.response_status
        return _("No answer") if code is None else f"{code} {responses.get(code, '')}".strip()

    @property
    def trouble(self) -> str:
        """What went wrong, where the status does not say it all."""
        code, error = self.attempt.response_status, self.attempt.error
        return "" if code is not None and error.endswith(f" {code}") else error

    @property
    def took(self) -> str:
        return duration(self.attempt.duration_ms)


def request_of(delivery: Delivery, attempt: DeliveryAttempt | None) -> Request:
    """What was sent at an attempt, as it was sent."""
    body = message_body(delivery.event).decode()
    headers: Mapping[str, str] = {}
    if attempt is not None and attempt.url:
        headers = message_headers(
            delivery, started_at=attempt.started_at, signature=attempt.signature
        )
    url = attempt.url if attempt is not None else ""
    return Request(url, headers, msgspec.json.format(body, indent=2))


def answer_of(attempt: DeliveryAttempt) -> Answer:
    text = attempt.response
    if not text:
        return Answer(attempt, "", _("The answer had no body.") if attempt.response_status else "")
    shown = text[:SHOWN_CHARACTERS]
    visible = readable(shown)
    unreadable = sum(
        before != after or after == "\ufffd" for before, after in zip(shown, visible, strict=True)
    )
    if unreadable > BINARY_SHARE * len(shown):
        note = _("The body is not text (%(count)d characters) and is not shown.")
        return Answer(attempt, "", note % {"count": len(text)})
    if len(text) > SHOWN_CHARACTERS:
        note = _("The first %(shown)d of %(count)d characters.")
        return Answer(attempt, visible, note % {"shown": SHOWN_CHARACTERS, "count": len(text)})
    return Answer(attempt, visible, "")


def readable(text: str) -> str:
    """Every character as something that can be seen where it stands.

    Control characters could drive a terminal that this is pasted into, and those that turn the
    direction of writing make one name look like another.
    """
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    if character in "\n\t":
        return character
    if character < " ":
        return chr(0x2400 + ord(character))  # the sign for it: ␛ for escape
    return "\ufffd" if unicodedata.category(character) in ("Cc", "Cf", "Co", "Cn") else character
