"""A running product's database, put back to what it was: each page finds a fresh installation."""

import contextlib
import sqlite3
import uuid
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from tests.product import Product
from tests.programs import execute


@contextlib.contextmanager
def rewindable(product: Product) -> Iterator[Callable[[], None]]:
    """Keep the state that its database has now; the function brings it back."""
    keep = _kept_postgres if "DATABASE_URL" in product.env else _kept_sqlite
    with keep(product) as rewind:
        yield rewind


@contextlib.contextmanager
def _kept_sqlite(product: Product) -> Iterator[Callable[[], None]]:
    file = product.data_dir / "bizsuite.sqlite3"

    def copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        source.backup(target)

    with (
        contextlib.closing(sqlite3.connect(file, timeout=20)) as live,
        contextlib.closing(sqlite3.connect(":memory:")) as kept,
    ):
        copy(live, kept)
        yield lambda: copy(kept, live)


@contextlib.contextmanager
def _kept_postgres(product: Product) -> Iterator[Callable[[], None]]:
    url = urlsplit(product.env["DATABASE_URL"])
    server, live = url._replace(path="/postgres").geturl(), url.path.removeprefix("/")
    kept = f"kept_{uuid.uuid4().hex}"
    # A database can be copied while nobody uses it; the product connects again by itself.
    execute(server, f"ALTER DATABASE {live} ALLOW_CONNECTIONS false")
    execute(
        server, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{live}'"
    )
    execute(server, f"CREATE DATABASE {kept} TEMPLATE {live}")
    execute(server, f"ALTER DATABASE {live} ALLOW_CONNECTIONS true")

    def rewind() -> None:
        execute(server, f"DROP DATABASE {live} WITH (FORCE)")
        execute(server, f"CREATE DATABASE {live} TEMPLATE {kept}")

    try:
        yield rewind
    finally:
        execute(server, f"DROP DATABASE {kept}")
