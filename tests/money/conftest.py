import pytest
from django.db import connection

from tests.money.models import Bill


@pytest.fixture(scope="module")
def bill_table(django_db_setup, django_db_blocker):
    """The table of Bill, made outside the tests' transactions: SQLite alters no schema in one."""
    with django_db_blocker.unblock():
        with connection.schema_editor() as editor:
            editor.create_model(Bill)
        yield
        with connection.schema_editor() as editor:
            editor.delete_model(Bill)
