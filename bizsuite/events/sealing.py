"""What makes the audit trail tamper-evident: a chain of hashes, and seals under a key.

The chain alone proves little: whoever can write to the database can compute it anew. The seals are
made with a key that the database does not hold. One is made when an event is recorded, so that a
row put in by SQL is none of ours though the relay numbers it; one when it is numbered, so that the
chain cannot be computed anew.
"""

import datetime
import hashlib
import secrets
from typing import Protocol

from bizsuite.crypto import UnknownKey, fits_seal, seal
from bizsuite.exact_json import encode, instant

_RECORDED = "recorded event"
_CHAINED = "chained event"
_BEFORE = "events before seals"
# So that no two seals are the same: a row that was copied together with its seal is found by that.
NONCE_BYTES = 12


class Facts(Protocol):
    """What is fixed of an event once it is recorded; of a row of the table or of the model."""

    @property
    def id(self) -> int: ...
    @property
    def sequence(self) -> int | None: ...
    @property
    def type(self) -> str: ...
    @property
    def resource(self) -> str: ...
    @property
    def object_id(self) -> int: ...
    @property
    def object_version(self) -> int: ...
    @property
    def payload_sha256(self) -> str: ...
    @property
    def occurred_at(self) -> datetime.datetime: ...
    @property
    def actor_name(self) -> str: ...
    @property
    def actor_user_id(self) -> int | None: ...
    @property
    def actor_key_id(self) -> int | None: ...
    @property
    def source(self) -> str: ...
    @property
    def request_id(self) -> str: ...
    @property
    def causation_depth(self) -> int: ...


def facts(event: Facts) -> tuple[str | int | None, ...]:
    """All that is known when an event is recorded. A released formula: changed, no seal fits.

    The payload's hash and not the payload: a person's data can be erased and all still holds.
    """
    return (
        event.type,
        event.resource,
        event.object_id,
        event.object_version,
        event.payload_sha256,
        event.occurred_at.astimezone(datetime.UTC).isoformat(timespec="microseconds"),
        event.actor_name,
        event.actor_user_id,
        event.actor_key_id,
        event.source,
        event.request_id,
        event.causation_depth,
    )


def seal_facts(event: Facts) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + seal(nonce + encode(facts(event)), purpose=_RECORDED)


def fits_facts(event: Facts, sealed: bytes) -> bool:
    """Whether the product recorded this event as it stands. Raises UnknownKey."""
    nonce, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    return fits_seal(nonce + encode(facts(event)), tag, purpose=_RECORDED)


def is_recorded(event: Facts, sealed: bytes | memoryview | None) -> bool:
    """`fits_facts` for who needs a yes: no with a key that is unknown, and with anything odd."""
    try:
        return sealed is not None and fits_facts(event, stored_bytes(sealed))
    except (UnknownKey, TypeError):
        return False


def stored_bytes(value: bytes | memoryview) -> bytes:
    """What a column of bytes holds. Raises TypeError for anything else, which SQLite may keep
    there: of a number `bytes` would make as many zeros."""
    return bytes(memoryview(value))


def chain_hash(previous: str, event: Facts) -> str:
    """Tie a numbered event to the one before it. Anybody can compute it who can read the table."""
    # As JSON, so that no two lists of facts look the same.
    tied = encode((previous, event.id, event.sequence, *facts(event)))
    return hashlib.sha256(tied).hexdigest()


def first_chain_hash(previous: str, event: Facts) -> str:
    """The chain's formula before events were sealed; rows from then keep their hashes."""
    tied = (
        previous,
        str(event.sequence),
        event.type,
        str(event.object_id),
        str(event.object_version),
        event.payload_sha256,
        instant(event.occurred_at),
        f"{event.actor_user_id}:{event.actor_key_id}",
        event.request_id,
    )
    return hashlib.sha256("\n".join(tied).encode()).hexdigest()


def seal_chain(chain_sha256: str) -> bytes:
    return seal(chain_sha256.encode(), purpose=_CHAINED)


def fits_chain(chain_sha256: str, sealed: bytes) -> bool:
    """Whether the relay gave an event this place in the chain. Raises UnknownKey."""
    return fits_seal(chain_sha256.encode(), sealed, purpose=_CHAINED)


def seal_before(sealed_from: int, before_sha256: str) -> bytes:
    """Fix, once and for all, which events are older than seals, and what they say."""
    return seal(encode((sealed_from, before_sha256)), purpose=_BEFORE)


def fits_before(sealed_from: int, before_sha256: str, sealed: bytes) -> bool:
    """Raises UnknownKey."""
    return fits_seal(encode((sealed_from, before_sha256)), sealed, purpose=_BEFORE)
