"""Who works here: adding people, changing what they may do, their passwords."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from bizsuite.errors import Conflict, Forbidden, Invalid
from bizsuite.events.recording import record_event
from bizsuite.exact_json import instant
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import EMAIL_LENGTH, NAME_LENGTH, User
from bizsuite.identity.roles import Role
from bizsuite.records import lock
from bizsuite.team.keys import revoke_api_key


class LastAdministrator(Conflict):
    code = "last_administrator"


def user_data(user: User) -> dict[str, Any]:
    """A user as the audit trail shows one: never anything of the password."""
    return {
        "id": user.pk,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "active": user.is_active,
        "created_at": instant(user.created_at),
        "updated_at": instant(user.updated_at),
    }


@transaction.atomic
def create_user(*, email: str, name: str, password: str, role: str, actor: Actor) -> User:
    """Add a user. Raises Invalid naming what is wrong with each field."""
    _require_administrator(actor)
    user = User(email=email.strip(), name=name.strip(), role=role)
    _check_fields(user)
    _check_password(user, password)
    user.set_password(password)
    user.save(force_insert=True)
    record_event("user.created", user, data=user_data(user), actor=actor)
    return user


@transaction.atomic
def update_user(user: User, *, actor: Actor, **changes: Any) -> User:
    """Change name, email, role or is_active. The last administrator stays one."""
    _require_administrator(actor)
    _lock_administrators()
    lock(user)
    for name, value in changes.items():
        changes[name] = value.strip() if isinstance(value, str) else value
        setattr(user, name, changes[name])
    _check_fields(user)
    User.objects.filter(pk=user.pk).change(**changes)
    _require_an_administrator()
    user.refresh()
    record_event("user.updated", user, data=user_data(user), actor=actor)
    return user


@transaction.atomic
def set_password(user: User, *, password: str, actor: Actor) -> None:
    """Give a user a new password; their open sessions end. Raises Invalid if it is too weak."""
    if actor.user_id != user.pk:
        _require_administrator(actor)
    _check_password(user, password)
    user.set_password(password)
    User.objects.filter(pk=user.pk).change(password=user.password)
    user.refresh()
    record_event("user.updated", user, data=user_data(user), actor=actor)


@transaction.atomic
def delete_user(user: User, *, actor: Actor) -> None:
    """Remove a user and their API keys. The audit trail keeps their name."""
    _require_administrator(actor)
    _lock_administrators()
    lock(user)
    for key in user.api_keys.filter(revoked_at=None):
        revoke_api_key(key, actor=actor)
    User.objects.filter(pk=user.pk).delete()
    _require_an_administrator()
    user.version += 1
    record_event("user.deleted", user, data=user_data(user), actor=actor)


def _check_fields(user: User) -> None:
    errors = {}
    for name, longest in (("name", NAME_LENGTH), ("email", EMAIL_LENGTH)):
        if len(getattr(user, name)) > longest:
            errors[name] = f"Ensure this field has no more than {longest} characters"
    if not user.name:
        errors["name"] = "This field is required"
    if user.role not in Role.values:
        errors["role"] = f"Must be one of: {', '.join(Role.values)}"
    # localhost has no dot, but is where a fresh installation's owner lives.
    try:
        validate_email(user.email)
    except ValidationError:
        errors["email"] = "Invalid email format"
    if User.objects.filter(email__iexact=user.email).exclude(pk=user.pk).exists():
        errors["email"] = "A user with this e-mail address already exists"
    if errors:
        raise Invalid(errors)


def _check_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": " ".join(error.messages)}) from None


def _require_administrator(actor: Actor) -> None:
    if not actor.may("write", "users"):
        raise Forbidden("Only an administrator may manage users.")


def _lock_administrators() -> None:
    """Make two concurrent demotions wait for each other: counting alone would let both pass."""
    list(User.objects.select_for_update().filter(role=Role.ADMINISTRATOR).order_by("pk"))


def _require_an_administrator() -> None:
    """Called after the write and before the commit, when what would be left can be counted."""
    if not User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists():
        raise LastAdministrator("The last administrator can be neither removed nor demoted.")
