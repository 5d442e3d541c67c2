"""Who works in the demo's company: the same people with the same password every day."""

import secrets
import string
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.hashers import make_password

from bizsuite.crypto import decrypt, encrypt, keyed_hash, random_token
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import ApiKey, User, key_prefix
from bizsuite.identity.roles import Role
from bizsuite.sandbox.models import SandboxMarker
from bizsuite.team.users import create_user, update_user

PASSWORD_LENGTH = 16
OWNER = "owner@sandbox.example"
STAFF = [
    (OWNER, "Ada Reyes", Role.ADMINISTRATOR),
    ("accounts@sandbox.example", "Ben Okafor", Role.ACCOUNTANT),
    ("sales@sandbox.example", "Mira Lindqvist", Role.SALES),
    ("support@sandbox.example", "Tom Hale", Role.SUPPORT),
    ("viewer@sandbox.example", "Cleo Lund", Role.VIEWER),
]


@dataclass(frozen=True, slots=True)
class Login:
    """What opens the sandbox. key: an administrator's API key, whole."""

    email: str
    password: str
    key: str


def new_secrets() -> dict[str, str]:
    """The marker's columns: a password and a key that were never used anywhere."""
    alphabet = string.ascii_letters + string.digits
    password = "".join(secrets.choice(alphabet) for _ in range(PASSWORD_LENGTH))
    key = f"{key_prefix()}_{random_token(12)}_{random_token(32)}"
    return {
        "encrypted_password": encrypt(password),
        "password_hash": make_password(password),
        "encrypted_key": encrypt(key),
    }


def login_of(marker: SandboxMarker) -> Login:
    return Login(OWNER, decrypt(marker.encrypted_password), decrypt(marker.encrypted_key))


def restore_staff(marker: SandboxMarker, *, actor: Actor) -> dict[str, User]:
    """The staff by role, as they were on the first day, whatever visitors did to them."""
    staff: dict[str, User] = {
        role: _restored(email, name, role, marker, actor) for email, name, role in STAFF
    }
    _restore_key(login_of(marker).key, staff[Role.ADMINISTRATOR])
    return staff


def _restored(email: str, name: str, role: str, marker: SandboxMarker, actor: Actor) -> User:
    person: dict[str, Any] = {"name": name, "role": role}
    password = {"password": login_of(marker).password, "password_hash": marker.password_hash}
    user = User.objects.filter(email__iexact=email).first()
    if user is None:
        return create_user(email=email, actor=actor, **person, **password)
    # Looked at first: a new password would end the sessions of whoever is at work.
    if user.password != marker.password_hash:
        person |= password
    return update_user(user, is_active=True, actor=actor, **person)


def _restore_key(text: str, user: User) -> None:
    """Not by an action: none makes a key that is known before, or takes a revocation back."""
    _, _, public_id, secret = text.split("_")
    ApiKey.objects.update_or_create(
        public_id=public_id,
        defaults={
            "user": user,
            "name": "Demo key",
            "secret_hash": keyed_hash(secret),
            "scopes": [],
            "allowed_networks": [],
            "rate_limit": None,
            "expires_at": None,
            "revoked_at": None,
            "encrypted_signing_secret": "",
            "signature_required": False,
        },
    )
