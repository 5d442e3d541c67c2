"""Who works here: adding people, changing what they may do, their passwords."""

from typing import Any

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import ProtectedError

from bizsuite.errors import Conflict, Forbidden, Invalid
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import EMAIL_LENGTH, NAME_LENGTH, User
from bizsuite.identity.roles import Role
from bizsuite.records import lock
from bizsuite.team.keys import revoke_keys_of
from bizsuite.team.serializers import UserSerializer


class LastAdministrator(Conflict):
    code = "last_administrator"


class OwnAccount(Conflict):
    code = "own_account"


@transaction.atomic
def create_user(
    *,
    email: str,
    name: str,
    password: str,
    role: str,
    actor: Actor,
    password_hash: str | None = None,
    **details: Any,
) -> User:
    """Add a user. Raises Invalid naming what is wrong with each field.

    password_hash: the password's, where it was made before the transaction: it takes long on
    purpose. details: is_active, external_id, metadata.
    """
    _require_administrator(actor)
    user = User(email=_normalised_email(email), name=name.strip(), role=role, **details)
    _check_fields(user)
    _require_within_rights(actor, role)
    user.password = _checked_hash(user, password, password_hash)
    user.search_text = user.folded_search_text()
    user.save(force_insert=True)
    record_event("user.created", user, data=UserSerializer(user).data, actor=actor)
    return user


@transaction.atomic
def update_user(
    user: User, *, actor: Actor, password_hash: str | None = None, **changes: Any
) -> User:
    """Change any field; what is sent as it is already changes nothing.

    A new `password` (and its `password_hash`, see `create_user`) ends the user's sessions. Raises
    LastAdministrator where nobody would be left to manage users, and OwnAccount for an actor who
    would lock themselves out.
    """
    _require_administrator(actor)
    lock_administrators(actor)
    lock(user)
    _require_within_rights(actor, user.role)
    password = changes.pop("password", None)
    changes = _real_changes(user, changes)
    for name, value in changes.items():
        setattr(user, name, value)
    _check_fields(user)
    _require_within_rights(actor, user.role)
    if password is not None:
        changes["password"] = _checked_hash(user, password, password_hash)
    if not changes:
        return user
    if changes.get("is_active") is False:
        _require_other_account(user, actor)
    _change(user, actor, **changes)
    _require_an_administrator()
    return user


@transaction.atomic
def set_password(user: User, *, password: str, actor: Actor) -> None:
    """Give a user a new password; their open sessions end. Raises Invalid if it is too weak.

    Everybody may do this for themselves.
    """
    if actor.user_id != user.pk:
        _require_administrator(actor)
    lock(user)
    _change(user, actor, password=_checked_hash(user, password))


@transaction.atomic
def delete_user(user: User, *, actor: Actor) -> bool:
    """Remove a user and their API keys; the audit trail keeps their name.

    Returns False if records refer to them and they were made inactive instead.
    """
    _require_administrator(actor)
    lock_administrators(actor)
    lock(user)
    _require_within_rights(actor, user.role)
    _require_other_account(user, actor)
    revoke_keys_of(user, actor=actor)
    try:
        with transaction.atomic():
            User.objects.filter(pk=user.pk).delete()
    except ProtectedError:
        if user.is_active:
            _change(user, actor, is_active=False)
            _require_an_administrator()
        return False
    _require_an_administrator()
    user.version += 1
    record_event("user.deleted", user, data=UserSerializer(user).data, actor=actor)
    return True


def lock_administrators(actor: Actor) -> None:
    """Make two concurrent demotions wait for each other: counting alone would let both pass.

    Before any other lock on a user. Raises Forbidden for an actor whom the other one has just
    demoted.
    """
    administrators = User.objects.select_for_update().filter(role=Role.ADMINISTRATOR).order_by("pk")
    active = {each.pk for each in administrators if each.is_active}
    if actor.user_id is not None and actor.user_id not in active:
        raise Forbidden("Only an administrator may manage users.")


def _change(user: User, actor: Actor, **changes: Any) -> None:
    for name, value in changes.items():
        setattr(user, name, value)
    User.objects.filter(pk=user.pk).change(**changes, search_text=user.folded_search_text())
    user.refresh()
    record_event("user.updated", user, data=UserSerializer(user).data, actor=actor)


def _real_changes(user: User, changes: dict[str, Any]) -> dict[str, Any]:
    if "email" in changes:
        changes["email"] = _normalised_email(changes["email"])
    if "name" in changes:
        changes["name"] = changes["name"].strip()
    return {name: value for name, value in changes.items() if getattr(user, name) != value}


def _normalised_email(email: str) -> str:
    """Without spaces, the domain in small letters; the part before it is kept as it is written."""
    return BaseUserManager.normalize_email(email.strip())


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


def _checked_hash(user: User, password: str, password_hash: str | None = None) -> str:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid({"password": " ".join(error.messages).removesuffix(".")}) from None
    return password_hash or make_password(password)


def _require_administrator(actor: Actor) -> None:
    if not actor.may("write", "users"):
        raise Forbidden("Only an administrator may manage users.")


def _require_within_rights(actor: Actor, role: str) -> None:
    """A key with scopes must not get around them by making an administrator, or becoming one."""
    if actor.scopes and role == Role.ADMINISTRATOR:
        raise Forbidden("A key with scopes may manage all users but administrators.")


def _require_other_account(user: User, actor: Actor) -> None:
    if actor.user_id == user.pk:
        raise OwnAccount(
            "You can neither remove nor deactivate your own account; ask another administrator."
        )


def _require_an_administrator() -> None:
    """Called after the write and before the commit, when what would be left can be counted."""
    if not User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).exists():
        raise LastAdministrator("The last administrator can be neither removed nor demoted.")
