"""What every test may ask for. Data comes from `tests.factories`."""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections

import bizsuite.celery  # noqa: F401  the app that hints are sent with
from bizsuite.api.counters import request_counter
from bizsuite.api.nonces import used_nonces
from bizsuite.identity.roles import Role
from tests import migrated
from tests.api_client import ApiClient
from tests.factories import make_key
from tests.product import Product, running_product
from tests.programs import execute

# Files whose tests take a minute or more: begun last, one processor would wait for the other.
BEGUN_FIRST = {
    "test_fuzzing.py",
    "test_online_retail.py",
    "test_killing.py",
    "test_invoices_add_up.py",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Committed tests end with a flush, which takes the rows that migrations made as well.

    Those that bring them back (serialized_rollback) and those that do not cannot share a database,
    so all of them do.
    """
    items.sort(key=lambda item: item.path.name not in BEGUN_FIRST)
    for item in items:
        marker = item.get_closest_marker("django_db")
        marked = marker is not None and marker.kwargs.get("transaction")
        if marked or {"live_server", "transactional_db"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(
                pytest.mark.django_db(transaction=True, serialized_rollback=True), append=False
            )


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # not one of pytest-xdist's workers, which inherit it
        stack = contextlib.ExitStack()
        stack.enter_context(migrated.shared_folder())
        config.add_cleanup(stack.close)


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The fixture below makes the database and drops it; `--create-db` migrates it once more."""
    return True


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> Iterator[None]:
    """Each process's database, migrated.

    SQLite in a file: in memory, threads would share locks that the product never meets.
    On PostgreSQL each of pytest-xdist's workers has a database of its own by the suffix.
    """
    connection = connections["default"]
    if connection.vendor == "sqlite":
        path = Path(django_settings.DATA_DIR) / "tests.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(path)
        migrated.copy_sqlite(path)
        yield
        return
    server = os.environ["DATABASE_URL"]
    name = connection.creation._get_test_db_name()
    execute(server, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    migrated.create_database(server, name)
    yield
    execute(server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(autouse=True)
def _fresh_counts(settings) -> Iterator[None]:
    """Each test's clients begin with a full hour, and no nonce is used."""
    settings.REDIS_KEY_PREFIX = f"tests-{secrets.token_hex(8)}"
    for store, file in ((request_counter, "counters"), (used_nonces, "nonces")):
        store.cache_clear()
        (settings.DATA_DIR / f"{file}.sqlite3").unlink(missing_ok=True)
    yield
    request_counter.cache_clear()
    used_nonces.cache_clear()


@pytest.fixture
def anonymous() -> ApiClient:
    return ApiClient()


@pytest.fixture
def client_with(db) -> Callable[..., ApiClient]:
    """A client with a new key: `client_with(role=…, scopes=…, rate_limit=…)`."""
    return lambda **key: ApiClient(make_key(**key)[1])


@pytest.fixture
def api(client_with) -> ApiClient:
    """A client with an administrator's key."""
    return client_with(role=Role.ADMINISTRATOR)


@pytest.fixture
def accountant(client_with) -> ApiClient:
    return client_with(role=Role.ACCOUNTANT)


@pytest.fixture
def viewer(client_with) -> ApiClient:
    return client_with(role=Role.VIEWER)


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    """The real product, running, shared by the tests: expect other tests' rows in it."""
    with running_product(tmp_path_factory.mktemp("product")) as product:
        yield product


@pytest.fixture
def start_product(tmp_path: Path) -> Iterator[Callable[..., Product]]:
    """Starts a fresh installation for one test: `start_product(workers=4, env={…})`."""
    with contextlib.ExitStack() as stack:
        yield lambda **options: stack.enter_context(
            running_product(Path(tempfile.mkdtemp(dir=tmp_path)), **options)
        )
