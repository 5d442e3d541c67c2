"""Small SQLite files beside the embedded database, for what must not wait for its write lock."""

import logging
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import OperationalError

logger = logging.getLogger(__name__)


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
            raise OperationalError(f"{self.path}: {error}") from error
        except sqlite3.DatabaseError as error:
            logger.warning("%s was unreadable (%s) and is begun afresh.", self.path.name, error)
            self._local.connection = None
            self.path.unlink(missing_ok=True)
            return self._run(statement, parameters)

    def _run(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        return self._connection().execute(statement, parameters).fetchall()

    def _connection(self) -> sqlite3.Connection:
        existing = getattr(self._local, "connection", None)
        if existing is not None:
            return existing
        opened = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        opened.execute("PRAGMA synchronous=OFF")
        opened.execute(self._schema)
        self._local.connection = opened
        return opened
