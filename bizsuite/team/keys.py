"""API keys: made, shown once, restricted, revoked."""

import datetime
import ipaddress
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from bizsuite.crypto import encrypt, keyed_hash, random_token
from bizsuite.errors import Conflict, Forbidden, Invalid
from bizsuite.events.recording import record_event
from bizsuite.exact_json import instant
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import ApiKey, User, key_prefix
from bizsuite.identity.roles import unknown_scopes

SIGNING_PREFIX = "bs_sign_"
MOST_NETWORKS = 100


class KeyRevoked(Conflict):
    code = "key_revoked"


@transaction.atomic
def create_api_key(
    user: User,
    *,
    name: str,
    scopes: Sequence[str] = (),
    rate_limit: int | None = None,
    expires_at: datetime.datetime | None = None,
    allowed_networks: Sequence[str] = (),
    actor: Actor,
) -> tuple[ApiKey, str]:
    """Make a key for `user`; the second part is the key itself, which cannot be shown again.

    scopes: rights such as "invoices:write" that cut down the user's role; none leaves all of it.
    rate_limit: requests per hour; None for the installation's usual limit.
    allowed_networks: addresses or networks it is good for; none for all.
    """
    _require_administrator(actor)
    networks = _checked(name, scopes, rate_limit, expires_at, allowed_networks)
    public_id, secret = random_token(12), random_token(32)
    key = ApiKey.objects.create(
        user=user,
        name=name.strip(),
        public_id=public_id,
        secret_hash=keyed_hash(secret),
        scopes=sorted(set(scopes)),
        rate_limit=rate_limit,
        expires_at=expires_at,
        allowed_networks=networks,
    )
    record_event("api_key.created", key, data=api_key_data(key), actor=actor)
    return key, f"{key_prefix()}_{public_id}_{secret}"


@transaction.atomic
def restrict_api_key(
    key: ApiKey,
    *,
    actor: Actor,
    expires_at: datetime.datetime | None,
    allowed_networks: Sequence[str],
) -> ApiKey:
    """Say anew until when and from where a key is good; from the next request on."""
    _require_administrator(actor)
    networks, errors = _networks(allowed_networks)
    if expires_at != key.expires_at:
        errors |= _expiry_errors(expires_at)
    if errors:
        raise Invalid(errors)
    if (key.expires_at, key.allowed_networks) == (expires_at, networks):
        return key
    return _change(key, actor=actor, expires_at=expires_at, allowed_networks=networks)


@transaction.atomic
def create_signing_secret(key: ApiKey, *, required: bool, actor: Actor) -> str:
    """Give a key a signing secret, which cannot be shown again; an earlier one stops at once.

    required: whether unsigned requests are refused from now on.
    """
    _require_administrator(actor)
    secret = f"{SIGNING_PREFIX}{random_token(52)}"
    _change(key, actor=actor, encrypted_signing_secret=encrypt(secret), signature_required=required)
    return secret


@transaction.atomic
def stop_signing(key: ApiKey, *, actor: Actor) -> ApiKey:
    """Take a key's signing secret away: its requests go unsigned, and signed ones are refused."""
    _require_administrator(actor)
    if not key.encrypted_signing_secret:
        return key
    return _change(key, actor=actor, encrypted_signing_secret="", signature_required=False)


def _change(key: ApiKey, *, actor: Actor, **fields: Any) -> ApiKey:
    changed = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(
        **fields, version=F("version") + 1
    )
    if not changed:
        raise KeyRevoked("This key has been revoked.")
    key.refresh_from_db()
    record_event("api_key.updated", key, data=api_key_data(key), actor=actor)
    return key


@transaction.atomic
def revoke_api_key(key: ApiKey, *, actor: Actor) -> ApiKey:
    """Stop a key for good, from the next request on. Doing it twice changes nothing."""
    if not actor.may("write", "keys"):
        raise Forbidden("Only an administrator may revoke API keys.")
    return _revoke(key, actor=actor)


@transaction.atomic
def revoke_keys_of(user: User, *, actor: Actor) -> None:
    """Stop all keys of a user who is to be removed, for whoever may remove them."""
    for key in user.api_keys.filter(revoked_at=None):
        _revoke(key, actor=actor)


def _revoke(key: ApiKey, *, actor: Actor) -> ApiKey:
    revoked = ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(
        revoked_at=timezone.now(), version=F("version") + 1
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
        "allowed_networks": key.allowed_networks,
        "signing": bool(key.encrypted_signing_secret),
        "signature_required": key.signature_required,
        "revoked_at": instant(key.revoked_at) if key.revoked_at else None,
    }


def _require_administrator(actor: Actor) -> None:
    if not actor.may("write", "keys") or actor.key_id is not None:
        raise Forbidden("Only an administrator may make API keys, and a key cannot make keys.")


def _checked(
    name: str,
    scopes: Sequence[str],
    rate_limit: int | None,
    expires_at: datetime.datetime | None,
    allowed_networks: Sequence[str],
) -> list[str]:
    """The networks as they are kept. Raises Invalid naming every field that is wrong."""
    networks, errors = _networks(allowed_networks)
    if not name.strip():
        errors["name"] = "This field is required"
    elif len(name) > 100:
        errors["name"] = "Ensure this field has no more than 100 characters"
    if unknown := unknown_scopes(tuple(scopes)):
        errors["scopes"] = f"Unknown scopes: {', '.join(unknown)}"
    if rate_limit is not None and not 1 <= rate_limit <= 1_000_000_000:
        errors["rate_limit"] = "Must be between 1 and 1000000000 requests per hour"
    errors |= _expiry_errors(expires_at)
    if errors:
        raise Invalid(errors)
    return networks


def _expiry_errors(expires_at: datetime.datetime | None) -> dict[str, str]:
    if expires_at is not None and expires_at <= timezone.now():
        return {"expires_at": "Must be in the future"}
    return {}


def _networks(given: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Each network in its one spelling, and what is wrong with them."""
    networks = []
    for text in given:
        try:
            network = ipaddress.ip_network(text.strip())
        except ValueError:
            return [], {"allowed_networks": _explain_network(text)}
        if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped:
            # Clients behind such an address are known by their IPv4 address.
            return [], {"allowed_networks": f"Write {text} as an IPv4 network"}
        networks.append(str(network))
    if len(networks) > MOST_NETWORKS:
        return [], {"allowed_networks": f"No more than {MOST_NETWORKS} networks"}
    return list(dict.fromkeys(networks)), {}


def _explain_network(text: str) -> str:
    try:
        meant = ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return f"{text!r} is no address or network such as 203.0.113.7 or 203.0.113.0/24"
    return f"{text} is an address within {meant}: write the network or the address alone"
