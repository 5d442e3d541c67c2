"""Empty installations for the rounds, on SQLite and on PostgreSQL with Redis."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2

from tests.servers import private_postgres, private_redis

ROOT = Path(__file__).resolve().parent.parent
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL + Redis"}


@dataclass(frozen=True)
class Leg:
    """A migrated installation to copy for each round. server_url: of PostgreSQL, else empty."""

    folder: Path
    server_url: str
    environment: dict[str, str]


@contextlib.contextmanager
def leg(name: str) -> Iterator[Leg]:
    """Everything that the rounds on one database share."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bizsuite-bench-")))
        urls, server_url = {}, ""
        if name == "postgres":
            # Durable as in production: what is measured includes waiting for the disk.
            server_url = stack.enter_context(private_postgres(durable=True))
            redis_url = stack.enter_context(private_redis())
            urls = {"DATABASE_URL": _create_database(server_url, "base"), "REDIS_URL": redis_url}
        environment = _clean_environment() | urls | {"BIZSUITE_DATA_DIR": str(folder / "base")}
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "migrate", "--verbosity", "0"],
            env=environment,
            check=True,
        )
        yield Leg(folder, server_url, environment)


@contextlib.contextmanager
def installation(leg: Leg) -> Iterator[dict[str, str]]:
    """The environment of a program that runs on a fresh copy of the leg's installation."""
    data = leg.folder / "round"
    shutil.copytree(leg.folder / "base", data)
    environment = leg.environment | {"BIZSUITE_DATA_DIR": str(data)}
    if leg.server_url:
        environment["DATABASE_URL"] = _create_database(leg.server_url, "round", template="base")
    try:
        yield environment
    finally:
        shutil.rmtree(data, ignore_errors=True)
        if leg.server_url:
            _execute(leg.server_url, "DROP DATABASE round WITH (FORCE)")


def _clean_environment() -> dict[str, str]:
    """What the product sees: nothing of the settings of whoever runs the benchmarks."""
    ours = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ours and not name.startswith("BIZSUITE_")
    }
    return kept | {
        "BIZSUITE_ENV_FILE": "",
        "BIZSUITE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
        "DJANGO_SETTINGS_MODULE": "bizsuite.settings",
        "PYTHONPATH": str(ROOT),
    }


def _create_database(server_url: str, name: str, *, template: str = "template1") -> str:
    _execute(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))


def _execute(url: str, statement: str) -> None:
    connection = psycopg2.connect(url)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()
