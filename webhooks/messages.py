"""What a receiver gets: the body and its headers."""

import datetime
import functools

from bizsuite.crypto import decrypt
from bizsuite.events.models import Event
from bizsuite.exact_json import encode, instant
from webhooks.models import Delivery
from webhooks.signing import signatures

# A receiver that writes back because of a message sends this header along (docs/webhooks.md).
CAUSATION_HEADER = "X-Causation-Depth"
# A retry may come after later messages: by this a receiver sees which tells of the newer state.
VERSION_HEADER = "X-Record-Version"


def message_body(event: Event) -> bytes:
    """`{"type", "timestamp", "data"}`.

    The data is the event's stored text, put in as it stands: read and written again, 1500.00
    would be at the mercy of every parser on the way.
    """
    return b'{"type":%b,"timestamp":%b,"data":%b}' % (
        encode(event.type),
        encode(instant(event.occurred_at)),
        event.payload.encode(),
    )


class Signer:
    """Signs many messages: each secret is decrypted once, and forgotten with the signer."""

    def __init__(self) -> None:
        self._decrypt = functools.cache(decrypt)

    def sign(self, delivery: Delivery, body: bytes, *, now: datetime.datetime) -> str:
        """The `webhook-signature` of an attempt that is made now.

        Raises CannotDecrypt when the endpoint's secret fits no key.
        """
        return signatures(
            delivery.endpoint.signing_secrets(now, decrypt=self._decrypt),
            message_id=delivery.message_id,
            timestamp=unix_seconds(now),
            body=body,
        )


def message_headers(
    delivery: Delivery, *, started_at: datetime.datetime, signature: str
) -> dict[str, str]:
    """Of the attempt that began at `started_at`; also of one made long ago, to show it again."""
    event = delivery.event
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "BusinessSuite-Webhooks/2",
        "webhook-id": delivery.message_id,
        "webhook-timestamp": str(unix_seconds(started_at)),
        "webhook-signature": signature,
        CAUSATION_HEADER: str(event.causation_depth),
        VERSION_HEADER: str(event.object_version),
    }
    if event.request_id:
        headers["X-Request-ID"] = event.request_id
    return headers


def unix_seconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp())
