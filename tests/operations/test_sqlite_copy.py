import datetime
import sqlite3
import stat
from contextlib import closing

import pytest
from django.db import connection

from bizsuite.operations import sqlite_copy
from bizsuite.operations.sqlite_copy import COPIES_KEPT, copy_before_migrating, copy_database
from tests.factories import make_user

NOW = datetime.datetime(2026, 3, 1, 12, 30, tzinfo=datetime.UTC)

pytestmark = [
    pytest.mark.django_db(
        transaction=True, serialized_rollback=True
    ),  # a copy holds what is committed
    pytest.mark.skipif("os.environ.get('DATABASE_URL')", reason="only SQLite files are copied"),
]


@pytest.fixture
def pending(monkeypatch):
    monkeypatch.setattr(sqlite_copy, "migrations_are_pending", lambda: True)


def test_nothing_is_copied_while_no_migration_is_pending(tmp_path):
    assert copy_before_migrating(tmp_path, now=NOW) is None
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_copied_of_an_empty_database(tmp_path, pending, monkeypatch):
    monkeypatch.setattr(connection.introspection, "table_names", list)
    assert copy_before_migrating(tmp_path, now=NOW) is None
    assert list(tmp_path.iterdir()) == []


def test_the_copy_holds_the_rows_and_is_private(tmp_path, pending):
    make_user(email="ada@example.org")
    copy = copy_before_migrating(tmp_path, now=NOW)
    assert copy == tmp_path / "backups" / "before-migrating-20260301T123000000000Z.sqlite3"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o700
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT email FROM identity_user").fetchall() == [
            ("ada@example.org",)
        ]
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_only_the_last_copies_are_kept_and_other_files_stay(tmp_path, pending):
    (tmp_path / "backups").mkdir()
    mine = tmp_path / "backups" / "mine.sqlite3"
    mine.touch()
    days = [NOW + datetime.timedelta(days=day) for day in range(COPIES_KEPT + 2)]
    copies = [copy_before_migrating(tmp_path, now=day) for day in days]
    assert sorted((tmp_path / "backups").iterdir()) == [*copies[2:], mine]


def test_a_copy_that_was_cut_off_is_replaced(tmp_path):
    target = tmp_path / "copy.sqlite3"
    target.with_suffix(".part").write_text("half a copy")
    copy_database(target)
    assert list(tmp_path.iterdir()) == [target]
