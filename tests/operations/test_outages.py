"""While the database is away the log says so in one line for each job, and no more."""

import logging
import sys

import psycopg2
import pytest
from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError
from django.db.utils import DatabaseError

from bizsuite.operations.outages import OutageFilter
from bizsuite.operations.plain_errors import plain_errors


def raised(error: Exception, cause: Exception | None):
    try:
        raise error from cause
    except type(error):
        return sys.exc_info()


def refused_connection() -> Exception:
    with pytest.raises(psycopg2.OperationalError) as refused:
        psycopg2.connect(host="127.0.0.1", port=1, user="nobody", connect_timeout=5)
    return refused.value


def logged(error: Exception, cause: Exception | None, message: str, *args, data=None) -> str:
    record = logging.LogRecord("jobs", logging.ERROR, "", 1, message, args, raised(error, cause))
    if data:
        record.data = data
    assert OutageFilter().filter(record)
    return logging.Formatter("%(message)s").format(record)


def test_a_job_that_finds_no_database_is_one_line():
    cause = refused_connection()
    job = {"name": "webhooks.tasks.deliver", "id": "5f2b", "exc": repr(cause)}

    line = logged(
        OperationalError(str(cause)), cause, "Task %(name)s[%(id)s]: %(exc)s", job, data=job
    )

    assert line.startswith("Task webhooks.tasks.deliver[5f2b]: no database: ")
    assert "Connection refused" in line
    assert "\n" not in line


def test_other_lines_keep_what_they_say():
    line = logged(InterfaceError(""), psycopg2.InterfaceError(""), "%s failed", "webhooks")
    assert line == "webhooks failed: no database: it hung up"


def test_a_command_that_finds_no_database_says_where_to_look():
    cause = refused_connection()
    with pytest.raises(CommandError) as said, plain_errors():
        raise OperationalError(str(cause)) from cause

    assert "The database cannot be used: " in str(said.value)
    assert "See whether it runs, and whether DATABASE_URL leads to it." in str(said.value)
    assert "migrate" not in str(said.value)


class Deadlock(psycopg2.OperationalError):
    pgcode = "40P01"


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (OperationalError("deadlock detected"), Deadlock()),
        (OperationalError("no such table: nothing"), None),
        (DatabaseError("anything"), None),
        (ValueError("a mistake of ours"), None),
    ],
)
def test_what_is_no_outage_keeps_its_traceback(error, cause):
    text = logged(error, cause, "It failed")
    assert text.startswith("It failed\n")
    assert "Traceback (most recent call last)" in text
