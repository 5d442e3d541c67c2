"""Databases as the migrations leave them: migrated once for all the processes of a run, and copied.

To migrate an empty database takes some seconds, and a run begins more than twenty. On SQLite the
next runs have it too, until a line of the product changes.
"""

import atexit
import contextlib
import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from tests.architecture.sources import PACKAGES
from tests.programs import ROOT, clean_environment, execute, manage

# Names the folder that the processes of a run share.
VARIABLE = "BIZSUITE_TESTS_SHARED"
SQLITE_FILE = "bizsuite.sqlite3"
# What the next runs find; what the product was before is removed after an hour.
KEPT = ROOT / ".pytest_cache" / "migrated"
KEPT_SECONDS = 3600


@contextlib.contextmanager
def shared_folder() -> Iterator[Path]:
    """The folder for the processes that this one starts, gone afterwards with what is in it."""
    with tempfile.TemporaryDirectory(prefix="bizsuite-shared-") as folder:
        os.environ[VARIABLE] = folder
        try:
            yield Path(folder)
        finally:
            del os.environ[VARIABLE]
            _drop_database(Path(folder))


def copy_data_directory(target: Path) -> None:
    """Make a data directory, as the product makes it, with a migrated SQLite database in it."""
    _copy(_made_once("data", _make_data_directory), target)


def copy_sqlite(target: Path) -> None:
    shutil.copy(_made_once("data", _make_data_directory) / SQLITE_FILE, target)


def create_database(server: str, name: str) -> None:
    """Make a migrated database on the PostgreSQL server that a URL names."""
    made = _made_once("database", lambda path: _make_database(server, path))
    execute(server, f'CREATE DATABASE "{name}" TEMPLATE {made.read_text().split()[1]}')


def at(server: str, database: str) -> str:
    """The URL of a database on a PostgreSQL server."""
    return urlsplit(server)._replace(path=f"/{database}").geturl()


def _make_data_directory(path: Path) -> None:
    kept = KEPT / _product_hash()
    if kept.exists():
        _copy(kept, path)
        return
    _migrate({"BIZSUITE_DATA_DIR": str(path)})
    fresh = KEPT / uuid.uuid4().hex
    _copy(path, fresh)
    with contextlib.suppress(OSError):  # another run was faster
        fresh.rename(kept)
    for other in KEPT.iterdir():
        if other.stat().st_mtime < time.time() - KEPT_SECONDS:
            shutil.rmtree(other, ignore_errors=True)


def _copy(source: Path, target: Path) -> None:
    # Secrets are each installation's own.
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("secrets.env"))


def _product_hash() -> str:
    """Of everything that migrations could be made of."""
    sha256 = hashlib.sha256(sys.version.encode())
    modules = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    for path in (ROOT / "requirements.txt", *sorted(modules)):
        sha256.update(str(path).encode() + path.read_bytes())
    return sha256.hexdigest()


def _make_database(server: str, path: Path) -> None:
    name = f"migrated_{uuid.uuid4().hex}"
    execute(server, f"CREATE DATABASE {name}")
    path.write_text(f"{server} {name}")
    with tempfile.TemporaryDirectory() as folder:
        _migrate({"BIZSUITE_DATA_DIR": folder, "DATABASE_URL": at(server, name)})


def _drop_database(folder: Path) -> None:
    made = folder / "database"
    if made.exists():
        server, name = made.read_text().split()
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _migrate(environment: dict[str, str]) -> None:
    subprocess.run(
        manage("migrate", "--verbosity=0"), env=clean_environment() | environment, check=True
    )


def _made_once(name: str, make: Callable[[Path], None]) -> Path:
    """What `make` puts at the path that it is given: who comes first makes it, others wait."""
    folder = _folder()
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / name).exists():
            make(folder / f"{name}.new")
            (folder / f"{name}.new").rename(folder / name)
    return folder / name


@functools.cache
def _folder() -> Path:
    if VARIABLE not in os.environ:  # a program beside the tests, such as `make fuzz`
        sharing = contextlib.ExitStack()
        sharing.enter_context(shared_folder())
        atexit.register(sharing.close)
    return Path(os.environ[VARIABLE])
