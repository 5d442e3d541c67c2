"""Small SQLite files beside the embedded database, for what must not wait for its write lock."""

import logging
import sqlite3
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import OperationalError

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Opened:
    connection: sqlite3.Connection
    inode: int | None


class SideFile:
    """One file with one table, shared by threads and processes.

    schema: the statement that makes the table where there is none. The file forgets on a power
    cut (synchronous=OFF): put nothing there whose loss costs more than a moment.
    """

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self._schema = schema
        self._local = threading.local()

    def execute(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Run one statement, a transaction of its own; returns its rows.

        A file that cannot be read is begun afresh. Raises OperationalError where there can be none.
        """
        try:
            return self._run(statement, parameters)
        except sqlite3.OperationalError as error:
            self._local.opened = None  # its table may not be made yet
            raise OperationalError(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            logger.warning("%s was unreadable (%s) and is begun afresh.", self.path.name, error)
            self._begin_afresh()
            return self._run(statement, parameters)

    def _run(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._connection().execute(statement, parameters).fetchall()

    def _connection(self) -> sqlite3.Connection:
        opened: _Opened | None = getattr(self._local, "opened", None)
        # Another process may have begun the file afresh: who kept to the old one would count and
        # remember for itself alone.
        if opened is None or opened.inode != self._inode():
            connection = sqlite3.connect(self.path, timeout=20, isolation_level=None)
            opened = self._local.opened = _Opened(connection, self._inode())
            connection.execute("PRAGMA synchronous=OFF")
            connection.execute(self._schema)
        return opened.connection

    def _begin_afresh(self) -> None:
        opened: _Opened = self._local.opened
        self._local.opened = None
        if opened.inode == self._inode():  # else somebody else has
            self.path.unlink(missing_ok=True)

    def _inode(self) -> int | None:
        """Which file has the name now. A number is not given again while the file is open."""
        try:
            return self.path.stat().st_ino
        except FileNotFoundError:
            return None
