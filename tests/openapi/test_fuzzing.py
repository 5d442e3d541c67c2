"""The document against the running product: what it promises holds for requests nobody thought of."""

import os

import pytest

from tests.openapi import fuzzing
from tests.product import Product

# What a database alone can stumble over (a NUL, a number too large) comes first, for each operation;
# further draws and chains are about the code, and one database is enough for them.
SECONDS = 90 if os.environ.get("DATABASE_URL") else 150


@pytest.fixture(autouse=True)
def _books_stay_right() -> None:
    """These books are another installation's."""


@pytest.fixture
def product(start_product) -> Product:
    return start_product(workers=2, env=fuzzing.ENVIRONMENT)


def test_every_operation_keeps_what_the_document_says(product):
    """No 5xx, no undocumented status, shape or header, no key ignored; the books stay right."""
    found = fuzzing.fuzz(product, examples=1, seconds=SECONDS, seed=1)

    assert found.passed, found.output
    assert found.cases > 1000
    books = product.manage("check_books")
    assert books.returncode == 0, books.stdout + books.stderr
