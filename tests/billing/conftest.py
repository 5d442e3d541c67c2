from collections.abc import Iterator

import pytest

from tests.billing.books import findings


@pytest.fixture(autouse=True)
def _books_stay_right(db) -> Iterator[None]:
    """Whatever a test of billing does, the books are right when it is done."""
    yield
    assert findings() == []
