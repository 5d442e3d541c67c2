"""The books before anybody has opened them."""

from io import StringIO

import pytest
from django.core.management import call_command

from bizsuite.identity.models import Organisation


@pytest.fixture(autouse=True)
def _books_stay_right():
    """The command says whether they are."""


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_the_books_of_a_new_installation_that_nobody_has_opened_are_right():
    Organisation.objects.all().delete()
    output = StringIO()

    call_command("check_books", stdout=output)

    assert "The books are right" in output.getvalue()
