"""Departments over the API."""

import pytest

from bizsuite.events.models import Event
from support.models import Department
from tests.factories import make_department, make_ticket

pytestmark = pytest.mark.django_db


def test_a_fresh_installation_has_the_department_support_with_id_1(api):
    assert [(row["id"], row["name"]) for row in api.get("/departments").data] == [(1, "Support")]


def test_a_new_department_does_not_collide_with_the_first(api):
    created = api.post("/departments", {"name": "Billing", "email": "billing@example.com"})

    assert created.status == 201
    assert created.data["id"] > 1
    assert created.headers["Location"] == f"/api/v2/departments/{created.data['id']}"
    assert Event.objects.get(type="department.created").object_id == created.data["id"]


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": "This field is required"}),
        ({"name": " "}, {"name": "This field is required"}),
        ({"name": "Sales", "email": "nonsense"}, {"email": "Invalid email format"}),
        ({"name": "Sales", "boss": "Ada"}, {"boss": "Unknown field"}),
    ],
)
def test_a_wrong_department_is_refused(api, body, errors):
    assert api.post("/departments", body).errors == errors
    assert Department.objects.count() == 1


def test_a_department_is_changed_and_says_so_once(api):
    department = make_department()
    path = f"/departments/{department.pk}"

    changed = api.patch(path, {"email": "money@example.com"})
    again = api.patch(path, {"email": "money@example.com"})

    assert changed.data["email"] == again.data["email"] == "money@example.com"
    assert Event.objects.filter(type="department.updated").count() == 1


def test_an_unused_department_is_removed(api):
    department = make_department()

    answer = api.delete(f"/departments/{department.pk}")

    assert answer.body == {"success": True, "message": "Department deleted"}
    assert not Department.objects.filter(pk=department.pk).exists()
    assert Event.objects.filter(type="department.deleted").count() == 1


def test_one_with_tickets_is_archived_and_takes_no_new_ones(api):
    department = make_department()
    ticket = make_ticket(department=department)

    answer = api.delete(f"/departments/{department.pk}")

    assert answer.body["message"] == "Department archived"
    assert [row["id"] for row in api.get("/departments").data] == [1]
    archived = api.get("/departments?archived=true").data
    assert [row["id"] for row in archived] == [department.pk]
    assert api.get(f"/tickets/{ticket.pk}").data["department_id"] == department.pk
    refused = api.post(
        "/tickets",
        {
            "customer_id": ticket.customer_id,
            "subject": "x",
            "message": "y",
            "department_id": department.pk,
        },
    )
    assert (refused.status, refused.body["code"]) == (409, "archived")
    assert api.patch(f"/tickets/{ticket.pk}", {"subject": "Still changes"}).status == 200


def test_a_ticket_must_name_one_once_the_first_is_gone(api):
    ticket = make_ticket()
    api.delete("/departments/1")

    body = {"customer_id": ticket.customer_id, "subject": "x", "message": "y"}
    assert api.post("/tickets", body).errors == {"department_id": "This field is required"}
    other = make_department()
    assert api.post("/tickets", body | {"department_id": other.pk}).status == 201


def test_departments_are_found_by_their_names(api):
    make_department("Ärger und Lob")

    assert [row["name"] for row in api.get("/departments?search=ärger").data] == ["Ärger und Lob"]
