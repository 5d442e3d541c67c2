"""Emptying a sandbox's tables, and the rows that a new installation starts with.

Both inside the caller's transaction: until it commits everybody sees what was there before.
"""

import os
import subprocess
import sys
import tempfile

from django.apps import apps
from django.conf import settings
from django.core import serializers
from django.core.management.color import no_style
from django.db import connection

from bizsuite.identity.models import ApiKey, User
from bizsuite.sandbox.models import SandboxMarker
from bizsuite.usage.models import HourlyUsage

# Who may come in stays from day to day: a program that is being written against the sandbox must
# not need a new key every morning.
KEPT_MODELS = (User, ApiKey, HourlyUsage, SandboxMarker)
KEPT_TABLES = {
    *(model._meta.db_table for model in KEPT_MODELS),
    "django_session",
    # Django's own lists of what there is.
    "django_content_type",
    "auth_permission",
}


def emptied_tables() -> list[str]:
    models = apps.get_models(include_auto_created=True)
    return sorted({model._meta.db_table for model in models} - KEPT_TABLES)


def empty_tables() -> None:
    """Remove every row but those of KEPT_TABLES; ids begin at 1 again."""
    quoted = [connection.ops.quote_name(table) for table in emptied_tables()]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # What this transaction has written must not wait for its foreign keys to be looked at.
            connection.check_constraints()
            cursor.execute(f"TRUNCATE {', '.join(quoted)} RESTART IDENTITY")
            return
        # Foreign keys are looked at when the transaction commits, so any order will do.
        for table in quoted:
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608  names of our own tables
        marks = ", ".join(["%s"] * len(quoted))
        cursor.execute(
            f"DELETE FROM sqlite_sequence WHERE name IN ({marks})",  # noqa: S608
            emptied_tables(),
        )


def fresh_rows() -> str:
    """The rows that migrations make in an empty database, as JSON. Takes some seconds.

    By running the migrations in processes and a folder of their own: what they write, only they
    know.
    """
    with tempfile.TemporaryDirectory(prefix="bizsuite-fresh-") as folder:
        _run_django("migrate", "--verbosity=0", data_dir=folder)
        return _run_django(
            "dumpdata", "--all", "--exclude=contenttypes", "--exclude=auth", data_dir=folder
        )


def _run_django(*arguments: str, data_dir: str) -> str:
    """Run a command on SQLite in `data_dir`; nothing of our own settings but the program."""
    names = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: os.environ[name] for name in names if name in os.environ} | {
        "BIZSUITE_DATA_DIR": data_dir,
        "BIZSUITE_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "bizsuite.settings",
    }
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        [sys.executable, "-m", "django", *arguments],
        cwd=settings.BASE_DIR,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def load_rows(rows: str) -> None:
    """Save the rows under the ids that they have; the next ids come after them."""
    objects = [each.object for each in serializers.deserialize("json", rows)]
    loaded = [each for each in objects if each._meta.db_table not in KEPT_TABLES]
    for each in loaded:
        each.save_base(raw=True, force_insert=True)
    models = list({type(each): None for each in loaded})
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), models):
            cursor.execute(statement)
