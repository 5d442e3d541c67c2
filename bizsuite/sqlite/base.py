"""SQLite as this product runs it: durable, with foreign keys, writers first in line.

`synchronous=FULL` because an acknowledged invoice must survive a power cut. WAL only where the
linked SQLite has the fix of the WAL-reset bug (https://sqlite.org/wal.html#walresetbug): before
it, a checkpoint at the wrong moment can corrupt the database.
"""

import sqlite3

from django.db.backends.sqlite3 import base


def wal_is_safe(version: tuple[int, int, int]) -> bool:
    """Whether this SQLite version has the fix: 3.51.3, or its backports 3.44.6 and 3.50.7."""
    if version[:2] == (3, 44):
        return version[2] >= 6
    if version[:2] == (3, 50):
        return version[2] >= 7
    return version >= (3, 51, 3)


JOURNAL_MODE = "WAL" if wal_is_safe(sqlite3.sqlite_version_info) else "DELETE"


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params):
        connection = super().get_new_connection(conn_params)
        connection.execute(f"PRAGMA journal_mode={JOURNAL_MODE}")
        connection.execute("PRAGMA synchronous=FULL")
        return connection
