"""A copy of the SQLite database before its tables change."""

import contextlib
import datetime
import os
import sqlite3
from pathlib import Path

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

COPIES_KEPT = 5
PREFIX = "before-migrating-"


def migrations_are_pending() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def copy_before_migrating(data_dir: Path, *, now: datetime.datetime) -> Path | None:
    """Copy the database into `data_dir`/backups when a migration is about to change it.

    None when there is nothing to copy: another database, an empty one, or no pending migration.
    Only the last few copies are kept.
    """
    if connection.vendor != "sqlite" or not connection.introspection.table_names():
        return None
    if not migrations_are_pending():
        return None
    folder = data_dir / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    copy = folder / f"{PREFIX}{now:%Y%m%dT%H%M%S%fZ}.sqlite3"
    copy_database(copy)
    for old in sorted(folder.glob(f"{PREFIX}*.sqlite3"))[:-COPIES_KEPT]:
        old.unlink()
    return copy


def copy_database(target: Path) -> None:
    """Copy the database with SQLite's own backup, which is whole even while others write."""
    draft = target.with_suffix(".part")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    connection.ensure_connection()
    with contextlib.closing(sqlite3.connect(draft)) as destination:
        connection.connection.backup(destination)
    draft.replace(target)
