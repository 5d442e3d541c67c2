"""Whom work can be given to."""

import pytest

from bizsuite.identity.roles import Role
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("role", Role.values)
def test_every_role_reads_id_and_name_and_nothing_more(client_with, role):
    ann = make_user(name="Ann", role=Role.SALES)

    answer = client_with(role=role).get("/assignees")

    assert answer.status == 200
    assert {"id": ann.pk, "name": "Ann"} in answer.data
    assert all(set(row) == {"id", "name"} for row in answer.data)


def test_who_left_is_not_offered(api):
    gone = make_user(name="Gone")
    type(gone).objects.filter(pk=gone.pk).change(is_active=False)

    assert gone.pk not in [row["id"] for row in api.get("/assignees").data]


def test_they_can_be_sorted_by_name(api):
    for name in ("Zoe", "Bob"):
        make_user(name=name)

    names = [row["name"] for row in api.get("/assignees?sort=name").data]

    assert names == sorted(names)
    assert {"Bob", "Zoe"} <= set(names)


def test_a_key_with_scopes_for_something_else_reads_them_too(client_with):
    assert client_with(role=Role.SALES, scopes=("leads:write",)).get("/assignees").status == 200
