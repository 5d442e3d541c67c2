"""Reading at leisure while others write."""

import contextlib
from collections.abc import Iterator

from django.db import connection


@contextlib.contextmanager
def one_snapshot() -> Iterator[None]:
    """Everything read inside belongs to the same instant, and nobody waits to write.

    Not transaction.atomic(): on SQLite that begins IMMEDIATE, which is the write lock, and on
    PostgreSQL each statement would see a newer state. Inside a transaction it leaves all as it is.
    """
    if connection.in_atomic_block:
        yield
        return
    begin = {
        "sqlite": "BEGIN DEFERRED",
        "postgresql": "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    }
    with connection.cursor() as cursor:
        cursor.execute(begin[connection.vendor])
        try:
            yield
        finally:
            cursor.execute("ROLLBACK")
