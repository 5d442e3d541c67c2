"""Signatures as Standard Webhooks 1.0 has them (https://www.standardwebhooks.com)."""

import base64
import hmac
import secrets
from collections.abc import Iterable

_PREFIX = "whsec_"
_SECRET_BYTES = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signatures(
    signing_secrets: Iterable[str], *, message_id: str, timestamp: int, body: bytes
) -> str:
    """The `webhook-signature` header: one signature for each secret.

    timestamp: of this attempt, in Unix seconds; it is signed too, so that an old message cannot
    be sent again by somebody who has seen it.
    """
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_signature(secret, signed)}" for secret in signing_secrets)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
