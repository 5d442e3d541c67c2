import pytest
from django.test import Client

from bizsuite.identity.roles import Role
from tests.backoffice.staff import Staff, staff_client
from tests.factories import make_user


@pytest.fixture
def administrator(db) -> Staff:
    return staff_client(make_user(role=Role.ADMINISTRATOR, name="Ada Reyes"))


@pytest.fixture
def accountant_in_admin(db) -> Staff:
    return staff_client(make_user(role=Role.ACCOUNTANT, name="Ben Okafor"))


@pytest.fixture
def viewer_in_admin(db) -> Staff:
    return staff_client(make_user(role=Role.VIEWER, name="Cleo Lund"))


@pytest.fixture
def nobody(db) -> Client:
    return Client(SERVER_NAME="localhost")
