"""`Idempotency-Key`: a POST that is sent again has no second effect and gets the first one's answer.

The claim of the key, the effect and the stored answer are one transaction. A repeat that comes
while the first is under way waits for its commit at the claim (on SQLite at the start of its
transaction); if the first fails, nothing of it is left and the repeat is carried out.
"""

import datetime
import re

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse

from bizsuite.api.models import IdempotentAnswer
from bizsuite.api.parsing import MEDIA_TYPE
from bizsuite.crypto import decrypt, encrypt, keyed_hash
from bizsuite.errors import Conflict, DomainError, Invalid

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_FOR = datetime.timedelta(hours=24)
# What a repeat gets of the first answer's headers; the others are about the request itself.
KEPT_HEADERS = ("Location", "ETag")

_VALID = re.compile(r"[\x21-\x7e]{1,255}")
_LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's code for a lock timeout


class KeyReused(DomainError):
    status = 422
    code = "idempotency_key_reused"


class KeyInFlight(Conflict):
    code = "idempotency_key_in_flight"


def requested_key(request: HttpRequest) -> str | None:
    """The key that a POST carries, if any. Raises Invalid for one that cannot be kept."""
    key: str | None = request.headers.get(HEADER) if request.method == "POST" else None
    if key is not None and not _VALID.fullmatch(key):
        raise Invalid({HEADER: "Must be 1 to 255 printable ASCII characters without spaces"})
    return key


def claim(
    request: HttpRequest, key: str, body: bytes, *, now: datetime.datetime
) -> IdempotentAnswer:
    """The answer kept under this key, or a new row for it, with status None, that is now ours.

    Call it first in the transaction of the effect. Raises KeyReused if the key stood with another
    request, and KeyInFlight if the first request is not over after the database's lock timeout.
    """
    rows = IdempotentAnswer.objects.filter(api_key=request.api_key, key=key)
    fingerprint = _fingerprint(request, body)
    try:
        rows.filter(created_at__lte=now - KEPT_FOR).delete()
        IdempotentAnswer.objects.bulk_create(
            [
                IdempotentAnswer(
                    api_key=request.api_key, key=key, fingerprint=fingerprint, created_at=now
                )
            ],
            ignore_conflicts=True,
        )
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) == _LOCK_NOT_AVAILABLE:
            raise KeyInFlight("The first request with this idempotency key is not over.") from None
        raise
    # Another's row is only seen when it is committed, and then it has a status.
    kept = rows.get()
    if kept.fingerprint != fingerprint:
        raise KeyReused("This idempotency key was used with another request.")
    return kept


def keep(row: IdempotentAnswer, response: HttpResponse) -> None:
    """Store the answer. Encrypted, because some show a secret (a webhook's, once)."""
    row.status = response.status_code
    row.headers = {name: response[name] for name in KEPT_HEADERS if response.has_header(name)}
    row.encrypted_body = encrypt(response.content.decode())
    row.save(update_fields=["status", "headers", "encrypted_body"])


def replay(row: IdempotentAnswer) -> HttpResponse:
    headers = row.headers | {REPLAYED: "true"}
    body = decrypt(row.encrypted_body)
    return HttpResponse(body, status=row.status, content_type=MEDIA_TYPE, headers=headers)


def prune(*, now: datetime.datetime) -> int:
    """Drop what is kept no longer; returns how many."""
    return IdempotentAnswer.objects.filter(created_at__lte=now - KEPT_FOR).delete()[0]


def _fingerprint(request: HttpRequest, body: bytes) -> str:
    """Keyed: of a body with a password in it a plain hash would let one be guessed at."""
    start = f"{request.method} {request.get_full_path()}\n".encode()
    return keyed_hash(start + body)
