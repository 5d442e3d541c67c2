import pytest

from bizsuite.sandbox import emptying, resetting


@pytest.fixture(autouse=True)
def _environment(settings):
    settings.ENVIRONMENT = "sandbox"


@pytest.fixture(scope="session")
def rows_of_a_new_database() -> str:
    return emptying.fresh_rows()


@pytest.fixture(autouse=True)
def _asked_once(monkeypatch, rows_of_a_new_database):
    """Asking the migrations takes seconds, and what they say does not change between two tests."""
    monkeypatch.setattr(resetting, "fresh_rows", lambda: rows_of_a_new_database)
