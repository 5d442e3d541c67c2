"""Finding the API key that a request carries."""

import datetime
import re

from django.http import HttpRequest

from bizsuite.crypto import matches_hash
from bizsuite.identity.models import Address, ApiKey, key_prefix

_KEY = re.compile(r"(?P<prefix>bs_(?:live|test))_(?P<id>[0-9a-z]{12})_(?P<secret>[0-9a-z]{32})")


def presented_key(request: HttpRequest) -> str:
    """The key in `Authorization: Bearer …` or `X-API-Key: …`; empty when there is none."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    return request.headers.get("X-API-Key", "").strip()


def find_key(presented: str, *, now: datetime.datetime, address: Address) -> ApiKey | None:
    """The usable key with its user, in one query and uncached: a revocation holds at once.

    address: the client's; a key with an allow list is no key to others.
    """
    match = _KEY.fullmatch(presented)
    if match is None or match["prefix"] != key_prefix():
        return None
    key = ApiKey.objects.select_related("user").filter(public_id=match["id"]).first()
    if key is None or not matches_hash(match["secret"], key.secret_hash):
        return None
    usable = key.is_usable(now) and key.user.is_active and key.allows(address)
    return key if usable else None
