"""Making a database a sandbox, and its data new every day.

Each is one transaction: whoever looks meanwhile sees the data of before (on PostgreSQL they wait
for the new), and whoever is killed in the middle leaves that behind. Two resets at once meet at the
marker's row; the second finds that there is nothing left to do.
"""

import datetime

from django.conf import settings
from django.db import connection, transaction

from bizsuite.errors import Conflict
from bizsuite.events.models import Event
from bizsuite.identity.models import User
from bizsuite.sandbox.company import ACTOR, fill
from bizsuite.sandbox.emptying import empty_tables, fresh_rows, load_rows
from bizsuite.sandbox.logins import Login, login_of, new_secrets, restore_staff
from bizsuite.sandbox.models import SandboxMarker
from support.unused_files import forget_all_files

_NAME = "sandbox"


class NotASandbox(Conflict):
    code = "not_a_sandbox"


def in_sandbox() -> bool:
    """Whether this process runs in the sandbox's environment."""
    return bool(settings.ENVIRONMENT == _NAME)


def is_marked() -> bool:
    """Whether this database is a sandbox's; also of one that no migration has reached yet."""
    tables = connection.introspection.table_names()
    return SandboxMarker._meta.db_table in tables and SandboxMarker.objects.exists()


def require_no_installation() -> None:
    """Raises NotASandbox for a database that holds people's data and is not marked."""
    tables = connection.introspection.table_names()
    if User._meta.db_table in tables and not is_marked() and User.objects.exists():
        raise NotASandbox(
            "This database holds an installation that is no sandbox. Give the sandbox one of its "
            "own."
        )


def make_sandbox(*, now: datetime.datetime) -> Login:
    """Mark an empty database as a sandbox and fill it; one that is marked stays as it is.

    Raises NotASandbox where anything has ever happened in it.
    """
    _require_environment()
    with transaction.atomic():
        marker = SandboxMarker.objects.select_for_update().first()
        if marker is None:
            if User.objects.exists() or Event.objects.exists():
                raise NotASandbox("Only an empty database can be made a sandbox.")
            marker = SandboxMarker.objects.create(
                pk=1, marked_at=now, reset_at=now, **new_secrets()
            )
            fill(restore_staff(marker, actor=ACTOR), now=now)
    return login_of(marker)


def reset_sandbox(*, now: datetime.datetime) -> Login:
    """Throw the data away and begin again with the demo's; users and keys stay.

    Raises NotASandbox for any database without the marker, whatever the environment says.
    """
    _require_environment()
    return _reset(_marker().reset_at, now=now)


def reset_if_due(*, now: datetime.datetime) -> bool:
    """Reset what was not reset since midnight, UTC. Returns whether it was due."""
    _require_environment()
    midnight = now.astimezone(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    last = _marker().reset_at
    if last >= midnight:
        return False
    _reset(last, now=now)
    return True


def _reset(last: datetime.datetime, *, now: datetime.datetime) -> Login:
    """Reset what was reset at `last`; if somebody was faster meanwhile, theirs is as good."""
    rows = fresh_rows()
    with transaction.atomic():
        marker = _marker()
        if marker.reset_at == last:
            forget_all_files()
            empty_tables()
            load_rows(rows)
            fill(restore_staff(marker, actor=ACTOR), now=now)
            SandboxMarker.objects.filter(pk=marker.pk).update(reset_at=now)
    return login_of(marker)


def _require_environment() -> None:
    if not in_sandbox():
        raise NotASandbox("This is no sandbox: BIZSUITE_ENVIRONMENT does not say so.")


def _marker() -> SandboxMarker:
    rows = SandboxMarker.objects.all()
    if connection.in_atomic_block:
        rows = rows.select_for_update()
    marker = rows.first()
    if marker is None:
        raise NotASandbox("This database is not marked as a sandbox: nothing was touched.")
    return marker
