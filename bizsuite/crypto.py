"""Secrets at rest: encryption for what we must read back, keyed hashes for what we only compare."""

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


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing to misread


def random_token(length: int) -> str:
    """A random identifier that survives being read aloud; 5 bits per character."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
