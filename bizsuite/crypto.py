"""Secrets at rest: encryption for what we must read back, keyed hashes for what we only compare,
seals on what must not be altered unseen."""

import base64
import functools
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class CannotDecrypt(RuntimeError):
    """None of BIZSUITE_ENCRYPTION_KEYS fits: a key was lost or the value was altered."""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.ENCRYPTION_KEYS])


def encrypt(text: str) -> str:
    """Encrypt with the first key of BIZSUITE_ENCRYPTION_KEYS."""
    return _fernet().encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Decrypt what `encrypt` made, with any key of the list. Raises CannotDecrypt."""
    try:
        return _fernet().decrypt(token.encode()).decode()
    except InvalidToken:
        raise CannotDecrypt(
            "A stored secret fits none of BIZSUITE_ENCRYPTION_KEYS; restore the missing key."
        ) from None


def keyed_hash(secret: str | bytes) -> str:
    """HMAC-SHA256 under the pepper. Fast on purpose: API secrets are random, not passwords."""
    message = secret if isinstance(secret, bytes) else secret.encode()
    return hmac.new(settings.API_KEY_PEPPER.encode(), message, hashlib.sha256).hexdigest()


def matches_hash(secret: str, stored_hash: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(keyed_hash(secret), stored_hash)


class UnknownKey(RuntimeError):
    """A seal was made under a key that is not in BIZSUITE_ENCRYPTION_KEYS."""


_NAME_BYTES = 4


@functools.lru_cache
def _seal_keys(keys: tuple[str, ...], purpose: str) -> dict[bytes, bytes]:
    """For each key of the list the one derived for a purpose, by its name; the first one seals."""
    derived = [
        hmac.digest(base64.urlsafe_b64decode(key), f"bizsuite {purpose}".encode(), "sha256")
        for key in keys
    ]
    return {hmac.digest(key, b"name", "sha256")[:_NAME_BYTES]: key for key in derived}


def seal(message: bytes, *, purpose: str) -> bytes:
    """HMAC-SHA256 with the first of BIZSUITE_ENCRYPTION_KEYS, after 4 bytes that name the key.

    purpose: what for; each has a key of its own, so that no seal fits anywhere else.
    """
    name, key = next(iter(_seal_keys(tuple(settings.ENCRYPTION_KEYS), purpose).items()))
    return name + hmac.digest(key, message, "sha256")


def fits_seal(message: bytes, sealed: bytes, *, purpose: str) -> bool:
    """Whether `seal` made this of the message, with any key of the list.

    Raises UnknownKey where it names none of them: nothing can be said then.
    """
    keys = _seal_keys(tuple(settings.ENCRYPTION_KEYS), purpose)
    key = keys.get(sealed[:_NAME_BYTES])
    if key is None:
        raise UnknownKey(sealed[:_NAME_BYTES].hex())
    return hmac.compare_digest(hmac.digest(key, message, "sha256"), sealed[_NAME_BYTES:])


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing to misread


def random_token(length: int) -> str:
    """A random identifier that survives being read aloud; 5 bits per character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
