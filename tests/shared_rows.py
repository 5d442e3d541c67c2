"""Rows that the tests of a module share, made once: for many cases about the same small world."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction


def shared_rows(make: Callable[[], Any]) -> Any:
    """A fixture for all tests of a module: each finds the rows as `make` left them.

    They are made in a transaction around those of the tests, whose own changes are taken back as
    ever. So they are there for whatever runs in the module: each test must ask for them.
    """

    @pytest.fixture(scope="module", name=make.__name__)
    def rows(
        request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: Any
    ) -> Iterator[Any]:
        here = [item for item in request.session.items if item.path == request.path]
        others = [item.name for item in here if make.__name__ not in item.fixturenames]
        assert not others, f"would meet the rows without asking for them: {others}"
        with django_db_blocker.unblock(), contextlib.ExitStack() as stack:
            stack.enter_context(transaction.atomic())
            made = make()
            around = stack.pop_all()
        yield made
        with django_db_blocker.unblock():
            transaction.set_rollback(True)
            around.close()

    return rows
