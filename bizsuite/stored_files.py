"""Files that people attach, in the data directory: under names of our own, never theirs.

A file is written before the row that names it is committed, so no row ever names a file that is
not there. What a failed transaction leaves behind belongs to nobody; a sweep by whoever keeps the
rows removes it.
"""

import datetime
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

_NAME = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """name: random, and all that is needed to read it again. size: bytes."""

    name: str
    size: int
    sha256: str


def store_file(content: bytes) -> StoredFile:
    """Write a file, to the disk and not only to its cache: all of it, or nothing stays."""
    name = secrets.token_hex(20)
    path = _path_of(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # Its name stands in folders, which have to be on the disk as well.
        for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
            _sync_folder(folder)
    except OSError:
        remove_file(name)
        raise
    return StoredFile(name, len(content), hashlib.sha256(content).hexdigest())


def read_file(name: str) -> bytes:
    """Raises FileNotFoundError."""
    return _path_of(name).read_bytes()


def remove_file(name: str) -> None:
    """Twice is as good as once."""
    _path_of(name).unlink(missing_ok=True)


def names_written_before(moment: datetime.datetime) -> Iterator[str]:
    for path in sorted(_folder().glob("*/*")):
        try:
            written_at = path.stat().st_mtime
        except FileNotFoundError:  # somebody else removed it
            continue
        if _NAME.fullmatch(path.name) and written_at < moment.timestamp():
            yield path.name


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "files"


def _path_of(name: str) -> Path:
    """Raises ValueError for what is no name of ours, such as a path out of the folder."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a stored file.")
    return _folder() / name[:2] / name
