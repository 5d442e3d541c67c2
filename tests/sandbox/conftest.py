import functools

import pytest

from bizsuite.sandbox import emptying, resetting


@pytest.fixture(autouse=True)
def _environment(settings):
    settings.ENVIRONMENT = "sandbox"


@pytest.fixture(scope="session")
def rows_of_a_new_database():
    """As `fresh_rows()`, which takes seconds, but once for all tests."""
    return functools.cache(emptying.fresh_rows)


@pytest.fixture(autouse=True)
def _quick_fresh_rows(monkeypatch, rows_of_a_new_database):
    monkeypatch.setattr(resetting, "fresh_rows", rows_of_a_new_database)
