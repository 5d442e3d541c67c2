"""Running this project's programs as anybody would, without what the tests have around them."""

import contextlib
import os
import sys
from pathlib import Path

import psycopg2

ROOT = Path(__file__).resolve().parent.parent


def manage(*arguments: str) -> list[str]:
    """The command line of manage.py."""
    return [sys.executable, str(ROOT / "manage.py"), *arguments]


def clean_environment() -> dict[str, str]:
    """This process's environment without what the tests put there, and without any .env file."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("BIZSUITE_", "DJANGO_", "PYTEST_"))
        and name not in ("DATABASE_URL", "REDIS_URL")
    } | {"BIZSUITE_ENV_FILE": ""}


def execute(url: str, statement: str) -> None:
    """Run a statement that may not stand in a transaction, on a PostgreSQL database."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(statement)
