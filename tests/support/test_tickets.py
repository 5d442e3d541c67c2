"""Tickets over the API: opened, changed, moved, found."""

import datetime

import pytest
from django.db import IntegrityError, transaction

from bizsuite.events.models import Event
from bizsuite.exact_json import decode
from bizsuite.identity.models import organisation
from bizsuite.numbering.models import NumberSeries
from bizsuite.team import profile
from customers import customers
from support import tickets
from support.models import Status, Ticket
from tests.factories import SYSTEM, make_customer, make_department, make_ticket, make_user

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


def events(ticket: Ticket) -> list[str]:
    rows = Event.objects.filter(resource="ticket", object_id=ticket.pk).order_by("id")
    return list(rows.values_list("type", flat=True))


class TestOpening:
    def test_what_is_not_said_is_filled_in(self, api):
        customer = make_customer()

        answer = api.post(
            "/tickets", {"customer_id": customer.pk, "subject": "Help", "message": "Please."}
        )

        assert answer.status == 201
        year = organisation().today().year
        assert answer.data | {"created_at": 0, "updated_at": 0, "waiting_since": 0} == {
            "id": answer.data["id"],
            "ticket_number": f"TKT-{year}-001",
            "customer_id": customer.pk,
            "subject": "Help",
            "message": "Please.",
            "status": "Open",
            "priority": "Medium",
            "department_id": 1,
            "assignee_id": None,
            "first_response_at": None,
            "waiting_since": 0,
            "resolved_at": None,
            "external_id": None,
            "metadata": {},
            "created_at": 0,
            "updated_at": 0,
        }
        created = Event.objects.get(type="ticket.created")
        assert decode(created.payload.encode())["ticket_number"] == f"TKT-{year}-001"

    @pytest.mark.parametrize(
        ("changes", "errors"),
        [
            ({"customer_id": 999}, {"customer_id": "There is no such record"}),
            ({"subject": ""}, {"subject": "This field is required"}),
            ({"message": None}, {"message": "This field may not be null"}),
            ({"priority": "high"}, {"priority": '"high" is not a valid choice'}),
            ({"status": "Open"}, {"status": "This field is read-only"}),
            ({"department_id": 999}, {"department_id": "There is no such record"}),
            ({"assignee_id": 999}, {"assignee_id": "There is no such record"}),
            ({"ticket_number": "TKT-1"}, {"ticket_number": "This field is read-only"}),
        ],
    )
    def test_what_is_wrong_is_named_and_nothing_is_opened(self, api, changes, errors):
        body = {"customer_id": make_customer().pk, "subject": "Help", "message": "Please."}

        assert api.post("/tickets", body | changes).errors == errors
        assert not Ticket.objects.exists()
        assert not NumberSeries.objects.exists()

    def test_an_archived_customer_opens_none(self, api):
        customer = make_customer()
        customers.archive_customer(customer, actor=SYSTEM)

        body = {"customer_id": customer.pk, "subject": "Help", "message": "Please."}
        assert api.post("/tickets", body).status == 409
        assert not NumberSeries.objects.exists()

    def test_nobody_who_left_is_given_work(self, api):
        gone = make_user()
        type(gone).objects.filter(pk=gone.pk).change(is_active=False)

        body = {
            "customer_id": make_customer().pk,
            "subject": "Help",
            "message": "Please.",
            "assignee_id": gone.pk,
        }
        assert api.post("/tickets", body).errors == {"assignee_id": "Ada Reyes is not active"}

    def test_numbers_count_by_the_organisations_year(self):
        profile.update_organisation(organisation(), timezone="Asia/Tokyo", actor=SYSTEM)
        last_evening = datetime.datetime(2023, 12, 31, 16, tzinfo=datetime.UTC)

        numbers = [
            make_ticket(now=now).number for now in (NOW, last_evening, last_evening - HOUR * 2)
        ]

        assert numbers == ["TKT-2024-001", "TKT-2024-002", "TKT-2023-001"]

    def test_a_customer_with_tickets_is_archived_and_not_deleted(self, api):
        ticket = make_ticket()

        assert api.delete(f"/customers/{ticket.customer_id}").body["message"] == "Customer archived"
        assert Ticket.objects.filter(pk=ticket.pk).exists()


class TestChanging:
    def test_what_may_change_does_whatever_the_status(self, api):
        ticket = tickets.close_ticket(make_ticket(), actor=SYSTEM)
        department, colleague = make_department(), make_user(name="Ben Okafor")

        answer = api.patch(
            f"/tickets/{ticket.pk}",
            {
                "subject": "Cannot log in",
                "priority": "Urgent",
                "department_id": department.pk,
                "assignee_id": colleague.pk,
            },
        )

        assert answer.status == 200
        assert answer.data["assignee_id"] == colleague.pk
        assert answer.data["status"] == "Closed"
        assert events(ticket) == ["ticket.created", "ticket.closed", "ticket.updated"]
        assert api.get("/tickets?search=log").meta["total_records"] == 1

    def test_what_was_read_can_be_sent_back(self, api):
        ticket = make_ticket()
        shown = api.get(f"/tickets/{ticket.pk}").data

        assert api.put(f"/tickets/{ticket.pk}", shown).data == shown
        assert events(ticket) == ["ticket.created"]

    @pytest.mark.parametrize("name", ["customer_id", "message"])
    def test_what_was_said_and_by_whom_stays(self, api, name):
        ticket = make_ticket()
        value = make_customer().pk if name == "customer_id" else "I never said that."

        answer = api.patch(f"/tickets/{ticket.pk}", {name: value})

        assert (answer.status, answer.body["code"]) == (409, "ticket_fixed")
        assert "subject" in answer.body["allowed"]
        assert events(ticket) == ["ticket.created"]

    def test_the_status_is_not_simply_set(self, api):
        ticket = make_ticket()

        assert api.patch(f"/tickets/{ticket.pk}", {"status": "Closed"}).errors == {
            "status": "This field is read-only"
        }

    def test_a_stale_version_changes_nothing(self, api):
        ticket = make_ticket()
        etag = api.get(f"/tickets/{ticket.pk}").headers["ETag"]
        api.patch(f"/tickets/{ticket.pk}", {"priority": "High"})

        late = api.patch(f"/tickets/{ticket.pk}", {"priority": "Low"}, headers={"If-Match": etag})

        assert late.status == 412
        assert Ticket.objects.get(pk=ticket.pk).priority == "High"


class TestMoving:
    @pytest.mark.parametrize(
        ("start", "move", "end"),
        [
            ("Open", "close", "Closed"),
            ("Open", "wait", "Pending"),
            ("Pending", "close", "Closed"),
            ("Pending", "reopen", "Open"),
            ("Closed", "reopen", "Open"),
        ],
    )
    def test_what_a_status_allows(self, api, start, move, end):
        ticket = ticket_that_is(start)

        answer = api.post(f"/tickets/{ticket.pk}/{move}")

        assert (answer.status, answer.data["status"]) == (200, end)
        assert (answer.data["resolved_at"] is not None) == (end == "Closed")
        assert (answer.data["waiting_since"] is not None) == (end == "Open")

    @pytest.mark.parametrize(
        ("start", "move", "allowed"),
        [
            ("Open", "reopen", ["reply", "wait", "close"]),
            ("Pending", "wait", ["reply", "reopen", "close"]),
            ("Closed", "wait", ["reply", "reopen"]),
            ("Closed", "close", ["reply", "reopen"]),
        ],
    )
    def test_what_it_does_not(self, api, start, move, allowed):
        ticket = ticket_that_is(start)
        before = events(ticket)

        answer = api.post(f"/tickets/{ticket.pk}/{move}")

        assert (answer.status, answer.body["code"]) == (409, "ticket_move_not_allowed")
        assert answer.body["allowed"] == allowed
        assert events(ticket) == before

    def test_a_move_takes_no_body(self, api):
        ticket = make_ticket()

        assert api.post(f"/tickets/{ticket.pk}/close", {"reason": "done"}).status == 400
        assert Ticket.objects.get(pk=ticket.pk).status == "Open"

    def test_every_move_is_told(self):
        ticket = make_ticket(now=NOW)
        tickets.await_customer(ticket, actor=SYSTEM)
        tickets.close_ticket(ticket, actor=SYSTEM, now=NOW + HOUR)
        assert ticket.resolved_at == NOW + HOUR
        tickets.reopen_ticket(ticket, actor=SYSTEM, now=NOW + 2 * HOUR)

        assert ticket.waiting_since == NOW + 2 * HOUR
        assert events(ticket) == [
            "ticket.created",
            "ticket.updated",
            "ticket.closed",
            "ticket.reopened",
        ]

    def test_the_database_refuses_a_status_without_its_instant(self):
        ticket = make_ticket()

        with pytest.raises(IntegrityError), transaction.atomic():
            Ticket.objects.filter(pk=ticket.pk).change(status=Status.CLOSED)

    def test_a_deleted_ticket_is_gone_and_its_number_with_it(self, api):
        ticket = make_ticket(now=NOW)

        assert api.delete(f"/tickets/{ticket.pk}").body["message"] == "Ticket deleted"
        assert api.get(f"/tickets/{ticket.pk}").status == 404
        assert events(ticket) == ["ticket.created", "ticket.deleted"]
        assert make_ticket(now=NOW).number == "TKT-2024-002"


def ticket_that_is(status: str) -> Ticket:
    ticket = make_ticket()
    if status == "Pending":
        tickets.await_customer(ticket, actor=SYSTEM)
    elif status == "Closed":
        tickets.close_ticket(ticket, actor=SYSTEM)
    return ticket


class TestFinding:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=open", {"a", "b"}),
            ("status=CLOSED", {"c"}),
            ("priority=urgent", {"b"}),
            ("status=Open&priority=medium", {"a"}),
            ("assigned=false", {"a", "c"}),
            ("search=printer", {"b"}),
            ("search=acme", {"c"}),
            ("search=tkt-2024-003", {"c"}),
            ("external_id=b", {"b"}),
            ("date_from=2024-01-16", {"b", "c"}),
            ("date_to=2024-01-16", {"a", "b"}),
            ("date_from=2024-01-16&date_to=2024-01-16", {"b"}),
            ("date_from=0001-01-01&date_to=9999-12-31", {"a", "b", "c"}),
        ],
    )
    def test_filters_and_search(self, api, query, found):
        three_tickets()

        rows = api.get(f"/tickets?{query}").data

        assert {row["external_id"] for row in rows} == found

    def test_by_the_ids_of_others(self, api):
        three_tickets()
        wanted = Ticket.objects.get(external_id="b")

        for query in (
            f"customer_id={wanted.customer_id}",
            f"assignee_id={wanted.assignee_id}",
            f"department_id={wanted.department_id}",
        ):
            assert [row["id"] for row in api.get(f"/tickets?{query}").data] == [wanted.pk]

    @pytest.mark.parametrize(
        "query", ["status=Done", "priority=1", "department_id=x", "date_from=x"]
    )
    def test_what_makes_no_sense_is_refused(self, api, query):
        assert list(api.get(f"/tickets?{query}").errors) == [query.split("=")[0]]

    def test_days_are_the_organisations(self, api):
        profile.update_organisation(organisation(), timezone="Asia/Tokyo", actor=SYSTEM)
        created_at("late", datetime.datetime(2024, 1, 15, 15, tzinfo=datetime.UTC))

        assert api.get("/tickets?date_from=2024-01-16").meta["total_records"] == 1
        assert api.get("/tickets?date_to=2024-01-15").meta["total_records"] == 0

    def test_priorities_are_sorted_by_what_they_mean(self, api):
        for priority in ("High", "Low", "Urgent", "Medium"):
            make_ticket(priority=priority)

        rows = api.get("/tickets?sort=-priority").data

        assert [row["priority"] for row in rows] == ["Urgent", "High", "Medium", "Low"]

    def test_numbers_are_sorted_as_numbers(self, api):
        NumberSeries.objects.create(prefix="TKT", year=2024, last=998)
        next_year = NOW + datetime.timedelta(days=366)
        for now in (next_year, NOW, NOW):
            make_ticket(now=now)

        rows = api.get("/tickets?sort=ticket_number").data

        assert [row["ticket_number"] for row in rows] == [
            "TKT-2024-999",
            "TKT-2024-1000",
            "TKT-2025-001",
        ]


def three_tickets() -> None:
    created_at("a", NOW)
    day = datetime.timedelta(days=1)
    created_at(
        "b",
        NOW + day,
        subject="The PRINTER is on fire",
        priority="Urgent",
        assignee=make_user(),
        department=make_department(),
    )
    closed = created_at("c", NOW + 2 * day, customer=make_customer(account="Acme"))
    tickets.close_ticket(closed, actor=SYSTEM)


def created_at(name: str, instant: datetime.datetime, **fields: object) -> Ticket:
    return make_ticket(external_id=name, now=instant, **fields)
