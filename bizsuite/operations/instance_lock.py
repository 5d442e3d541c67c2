"""One running installation per data directory."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import CommandError

FILE_NAME = "up.lock"


@contextlib.contextmanager
def only_instance(data_dir: Path) -> Iterator[None]:
    """Hold the data directory's lock. Raises CommandError when another process has it.

    The kernel drops the lock with its holder, however that dies. Children do not inherit it.
    """
    with (data_dir / FILE_NAME).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise CommandError(
                f"Business Suite already runs with the data directory {data_dir} "
                f"(process {holder})."
            ) from error
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
