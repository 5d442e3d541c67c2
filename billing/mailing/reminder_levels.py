"""What can be done with the levels of reminders."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from billing.mailing.texts import kept_texts
from billing.models import ReminderLevel
from bizsuite.errors import Conflict, Invalid, Stale
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.records import lock

TEXTS = ("subject", "body")
FIELDS = ("name", "days", "active", *TEXTS, "fee_amount", "fee_percent")
FIRST_DAY, LAST_DAY = -365, 3650


class LevelInUse(Conflict):
    code = "level_in_use"


@transaction.atomic
def create_reminder_level(*, actor: Actor, **fields: Any) -> ReminderLevel:
    """Add a level: name, days after the due date (before it if negative), and maybe a subject and
    a body, fee_amount and fee_percent, and whether it is active."""
    level = ReminderLevel(**fields)
    _require_possible(level)
    _keep_texts(level)
    level.save(force_insert=True)
    return _recorded("reminder_level.created", level, actor)


@transaction.atomic
def update_reminder_level(
    level: ReminderLevel, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> ReminderLevel:
    """Change a level. What was reminded of at it is not reminded of at it again."""
    lock(level)
    if if_version not in (None, level.version):
        raise Stale("This level has been changed since you read it.")
    before = {name: getattr(level, name) for name in FIELDS}
    for name, value in changes.items():
        setattr(level, name, value)
    _require_possible(level)
    _keep_texts(level)
    changes = {name: getattr(level, name) for name in FIELDS}
    if changes == before:
        return level
    ReminderLevel.objects.filter(pk=level.pk).change(**changes)
    level.refresh()
    return _recorded("reminder_level.updated", level, actor)


@transaction.atomic
def delete_reminder_level(level: ReminderLevel, *, actor: Actor) -> None:
    """Remove a level at which nobody was ever reminded. Raises LevelInUse for any other."""
    lock(level)
    try:
        with transaction.atomic():
            ReminderLevel.objects.filter(pk=level.pk).delete()
    except ProtectedError:
        raise LevelInUse(
            f"Customers were reminded at the level {level.name}; switch it off instead.",
            allowed=["update"],
        ) from None
    level.version += 1
    _recorded("reminder_level.deleted", level, actor)


def _require_possible(level: ReminderLevel) -> None:
    errors = {}
    same_days = ReminderLevel.objects.filter(days=level.days).exclude(pk=level.pk).first()
    if same_days is not None:
        errors["days"] = f"{same_days.name} is sent on this day already"
    if not FIRST_DAY <= level.days <= LAST_DAY:
        errors["days"] = f"Must be between {FIRST_DAY} and {LAST_DAY}"
    for name in ("fee_amount", "fee_percent"):
        fee = getattr(level, name)
        if fee < 0:
            errors[name] = "Must not be negative"
        elif fee and level.days <= 0:
            errors[name] = "Nothing is late before or on the due date: there can be no fee yet"
    if errors:
        raise Invalid(errors)


def _keep_texts(level: ReminderLevel) -> None:
    for name, text in kept_texts(level, {name: getattr(level, name) for name in TEXTS}).items():
        setattr(level, name, text)


def _recorded(event: str, level: ReminderLevel, actor: Actor) -> ReminderLevel:
    data = {name: getattr(level, name) for name in ("id", *FIELDS)}
    record_event(event, level, data=data, actor=actor)
    return level
