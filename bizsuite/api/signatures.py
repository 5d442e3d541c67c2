"""Signed requests: who sends one has the key's signing secret, and sends it once and now.

The signature covers when it was sent, a word that is used once, the method, the address as it
stands in the request line, and the body. `docs/signing.md` is the same for those who sign.
"""

import datetime
import hashlib
import hmac
import re
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.urls import Resolver404, resolve

from bizsuite.api.nonces import used_nonces
from bizsuite.api.parsing import read_body
from bizsuite.crypto import decrypt
from bizsuite.identity.models import ApiKey

SKEW_SECONDS = 300

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_NONCE = re.compile(r"[\x21-\x7e]{1,128}")
_SIGNATURE = re.compile(r"v1=(?P<hex>[0-9a-fA-F]{64})")


def signature_of(
    secret: str, *, timestamp: str, nonce: str, method: str, target: str, body: bytes
) -> str:
    """The hex HMAC-SHA256 of a request. target: path and query as they are sent."""
    parts = [timestamp, nonce, method, target, hashlib.sha256(body).hexdigest()]
    return hmac.new(secret.encode(), "\n".join(parts).encode(), hashlib.sha256).hexdigest()


def may_pass(request: HttpRequest, key: ApiKey, *, now: datetime.datetime) -> bool:
    """Whether the request is signed as its key demands. A signature that is there must be right.

    Takes the nonce of a right one. Reads no more of the body than the address takes; raises
    PayloadTooLarge and ParseError.
    """
    if "X-Signature" not in request.headers:
        return not key.signature_required
    if not key.encrypted_signing_secret:
        return False
    seconds = int(now.timestamp())
    sent = _sent(request, now=seconds)
    if sent is None:
        return False
    timestamp, nonce, signature = sent
    expected = signature_of(
        decrypt(key.encrypted_signing_secret),
        timestamp=timestamp,
        nonce=nonce,
        method=str(request.method),
        target=_target(request),
        body=read_body(request, limit=_body_limit(request)),
    )
    if not hmac.compare_digest(signature, expected):
        return False
    # Longer than that the timestamp alone refuses it.
    expires_at = int(timestamp) + SKEW_SECONDS + 1
    return used_nonces().take(f"{key.pk}:{nonce}", now=seconds, expires_at=expires_at)


def _sent(request: HttpRequest, *, now: int) -> tuple[str, str, str] | None:
    """Timestamp, nonce and signature; None unless all are well-formed and the time is ours."""
    timestamp = request.headers.get("X-Timestamp", "")
    nonce = request.headers.get("X-Nonce", "")
    signature = _SIGNATURE.fullmatch(request.headers["X-Signature"])
    if signature is None or not _NONCE.fullmatch(nonce) or not _TIMESTAMP.fullmatch(timestamp):
        return None
    if abs(now - int(timestamp)) > SKEW_SECONDS:
        return None
    return timestamp, nonce, signature["hex"].lower()


def _target(request: HttpRequest) -> str:
    """Path and query as the client wrote them: Django's own are decoded and encoded again."""
    raw: str = request.META.get("RAW_URI") or request.get_full_path()
    if raw.startswith("/"):
        return raw
    whole = urlsplit(raw)  # a proxy may ask for http://host/path
    return f"{whole.path}?{whole.query}" if whole.query else whole.path


def _body_limit(request: HttpRequest) -> int:
    """What the view behind the address takes, in bytes."""
    try:
        view = resolve(request.path_info).func
    except Resolver404:
        return settings.MAX_BODY_BYTES
    given = getattr(view, "initkwargs", {}).get("max_body_bytes")
    own = getattr(getattr(view, "cls", None), "max_body_bytes", settings.MAX_BODY_BYTES)
    return own if given is None else given
