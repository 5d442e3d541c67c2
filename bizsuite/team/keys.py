"""API keys: made, shown once, revoked."""

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from bizsuite.crypto import keyed_hash, random_token
from bizsuite.errors import Forbidden, Invalid
from bizsuite.events.recording import record_event
from bizsuite.exact_json import instant
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import ApiKey, User, key_prefix
from bizsuite.identity.roles import unknown_scopes


@transaction.atomic
def create_api_key(
    user: User,
    *,
    name: str,
    scopes: Sequence[str] = (),
    rate_limit: int | None = None,
    expires_at: datetime.datetime | None = None,
    actor: Actor,
) -> tuple[ApiKey, str]:
    """Make a key for `user`; the second part is the key itself, which cannot be shown again.

    scopes: rights such as "invoices:write" that cut down the user's role; none leaves all of it.
    rate_limit: requests per hour; None for the installation's usual limit.
    """
    if not actor.may("write", "keys") or actor.key_id is not None:
        raise Forbidden("Only an administrator may make API keys, and a key cannot make keys.")
    _check(name, scopes, rate_limit, expires_at)
    public_id, secret = random_token(12), random_token(32)
    key = ApiKey.objects.create(
        user=user,
        name=name.strip(),
        public_id=public_id,
        secret_hash=keyed_hash(secret),
        scopes=sorted(set(scopes)),
        rate_limit=rate_limit,
        expires_at=expires_at,
    )
    record_event("api_key.created", key, data=api_key_data(key), actor=actor)
    return key, f"{key_prefix()}_{public_id}_{secret}"


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: Actor) -> ApiKey:
    """Stop a key for good, from the next request on. Doing it twice changes nothing."""
    if not actor.may("write", "keys"):
        raise Forbidden("Only an administrator may revoke API keys.")
    revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(
        revoked_at=timezone.now(), version=key.version + 1
    )
    key.refresh_from_db()
    if revoked:
        record_event("api_key.revoked", key, data=api_key_data(key), actor=actor)
    return key


def api_key_data(key: ApiKey) -> dict[str, object]:
    """A key as the audit trail shows it: neither the secret nor its hash."""
    return {
        "id": key.pk,
        "name": key.name,
        "public_id": key.public_id,
        "user_id": key.user_id,
        "scopes": key.scopes,
        "rate_limit": key.rate_limit,
        "expires_at": instant(key.expires_at) if key.expires_at else None,
        "revoked_at": instant(key.revoked_at) if key.revoked_at else None,
    }


def _check(
    name: str,
    scopes: Sequence[str],
    rate_limit: int | None,
    expires_at: datetime.datetime | None,
) -> None:
    errors = {}
    if not name.strip():
        errors["name"] = "This field is required"
    elif len(name) > 100:
        errors["name"] = "Ensure this field has no more than 100 characters"
    if unknown := unknown_scopes(tuple(scopes)):
        errors["scopes"] = f"Unknown scopes: {', '.join(unknown)}"
    if rate_limit is not None and not 1 <= rate_limit <= 1_000_000_000:
        errors["rate_limit"] = "Must be between 1 and 1000000000 requests per hour"
    if expires_at is not None and expires_at <= timezone.now():
        errors["expires_at"] = "Must be in the future"
    if errors:
        raise Invalid(errors)
