"""Departments: added, changed, removed or archived."""

from typing import Any

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from bizsuite.errors import Conflict, Invalid, Stale
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from support.models import Department
from support.serializers import DepartmentSerializer

DEFAULT_DEPARTMENT = 1


class DepartmentArchived(Conflict):
    code = "archived"


@transaction.atomic
def create_department(*, actor: Actor, **fields: Any) -> Department:
    department = Department(**fields)
    department.search_text = department.folded_search_text()
    department.save()
    return _recorded("department.created", department, actor)


@transaction.atomic
def update_department(
    department: Department, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> Department:
    """Change the fields given. What is sent as it is already changes nothing."""
    lock(department)
    if if_version not in (None, department.version):
        raise Stale("This department has been changed since you read it.")
    changes = {name: value for name, value in changes.items() if getattr(department, name) != value}
    if not changes:
        return department
    for name, value in changes.items():
        setattr(department, name, value)
    Department.objects.filter(pk=department.pk).change(
        **changes, search_text=department.folded_search_text()
    )
    department.refresh()
    return _recorded("department.updated", department, actor)


@transaction.atomic
def delete_department(department: Department, *, actor: Actor) -> bool:
    """Remove a department; returns False if tickets refer to it and it was archived instead."""
    lock(department)
    try:
        with transaction.atomic():
            Department.objects.filter(pk=department.pk).delete()
    except ProtectedError:
        archive_department(department, actor=actor)
        return False
    department.version += 1
    _recorded("department.deleted", department, actor)
    return True


@transaction.atomic
def archive_department(department: Department, *, actor: Actor) -> Department:
    """Hide a department from lists and new tickets. Archiving twice changes nothing."""
    rows = Department.objects.active().filter(pk=department.pk)
    archived = rows.change(archived_at=timezone.now())
    department.refresh()
    return _recorded("department.updated", department, actor) if archived else department


@transaction.atomic
def restore_department(department: Department, *, actor: Actor) -> Department:
    """Take a department out of the archive. Doing it twice changes nothing."""
    rows = Department.objects.filter(pk=department.pk, archived_at__isnull=False)
    restored = rows.change(archived_at=None)
    department.refresh()
    return _recorded("department.updated", department, actor) if restored else department


def default_department() -> Department:
    """Where a ticket goes that names no department. Raises Invalid once that one is gone."""
    department = Department.objects.active().filter(pk=DEFAULT_DEPARTMENT).first()
    if department is None:
        raise Invalid({"department_id": "This field is required"})
    return department


def require_in_use(department: Department) -> None:
    """Raises DepartmentArchived: nobody looks there any more."""
    if department.archived_at is not None:
        raise DepartmentArchived(f"Department {department.pk} is archived.")


def _recorded(event: str, department: Department, actor: Actor) -> Department:
    record_event(event, department, data=DepartmentSerializer(department).data, actor=actor)
    return department
