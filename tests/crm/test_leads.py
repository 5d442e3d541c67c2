"""What can be done with a lead, and what each of it leaves behind."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bizsuite.errors import Invalid, NotFound, Stale
from bizsuite.events.models import Event
from bizsuite.exact_json import decode
from bizsuite.identity.models import organisation
from bizsuite.team import users
from bizsuite.team.profile import update_organisation
from crm import leads
from crm.models import Lead, LeadNote, StageMove
from tests.factories import SYSTEM, keep_books_in, make_lead, make_lead_note, make_user

pytestmark = pytest.mark.django_db

REFERENCE = {
    "first_name": "John",
    "last_name": "Smith",
    "email": "john@example.com",
    "company": "Acme Corp",
    "phone": "1234567890",
    "source": "Website",
}


def event_names() -> list[str]:
    return list(
        Event.objects.filter(resource__in=["lead", "lead_note"])
        .order_by("id")
        .values_list("type", flat=True)
    )


def moves_of(lead_id: int) -> list[tuple[str, str, str]]:
    moves = StageMove.objects.filter(lead_id=lead_id)
    return [(move.from_stage, move.to_stage, move.moved_by) for move in moves]


class TestOverTheApi:
    def test_a_lead_is_created_read_changed_and_deleted(self, api):
        created = api.post("/leads", REFERENCE)
        assert created.status == 201
        assert created.data.items() >= REFERENCE.items()
        assert created.data.items() >= {"stage": "New", "owner_id": None}.items()
        pk = created.data["id"]
        assert created.headers["Location"] == f"/api/v2/leads/{pk}"

        assert api.get(f"/leads/{pk}").data == created.data
        assert api.get("/leads").data == [created.data]
        changed = api.put(f"/leads/{pk}", created.data | {"company": "Acme Ltd"})
        assert (changed.status, changed.data["company"]) == (200, "Acme Ltd")
        deleted = api.delete(f"/leads/{pk}")
        assert deleted.body == {"success": True, "message": "Lead deleted"}
        assert api.get(f"/leads/{pk}").status == 404
        assert event_names() == ["lead.created", "lead.updated", "lead.deleted"]

    def test_all_of_it_comes_back(self, api):
        owner = make_user(name="Ann")
        sent = REFERENCE | {
            "description": "Ten seats.\nSoon.",
            "stage": "Lost",
            "lost_reason": "Too dear",
            "owner_id": owner.pk,
            "expected_value": Decimal("1500.5"),
            "expected_close_date": "2019-03-31",
            "next_action": "Call back",
            "next_action_date": "2019-01-17",
            "external_id": "L-1",
            "metadata": {"campaign": "spring"},
        }

        answer = api.post("/leads", sent)

        assert answer.status == 201
        assert answer.data.items() >= (sent | {"expected_value": Decimal("1500.50")}).items()
        assert b'"expected_value":1500.50,' in answer.raw

    @pytest.mark.parametrize("body", [{"first_name": "John"}, {"company": "Acme"}])
    def test_a_first_name_or_a_company_is_enough(self, api, body):
        assert api.post("/leads", body).status == 201

    @pytest.mark.parametrize(
        ("body", "errors"),
        [
            ({}, {"first_name": "Give a first name or a company"}),
            ({"last_name": "Smith"}, {"first_name": "Give a first name or a company"}),
            ({"first_name": "  "}, {"first_name": "Give a first name or a company"}),
            ({"first_name": "J", "email": "no"}, {"email": "Invalid email format"}),
            ({"first_name": "J", "phone": 123}, {"phone": "Must be text"}),
            ({"first_name": "J", "lost_reason": "x"}, {"lost_reason": "Only a lost lead has one"}),
            ({"first_name": "J", "owner_id": 10**9}, {"owner_id": "There is no such record"}),
            (
                {"first_name": "J", "expected_value": -1},
                {"expected_value": "Expected value must be at least 0"},
            ),
            (
                {"first_name": "J", "expected_value": "1.005"},
                {"expected_value": "Must have no more than 2 decimals in USD"},
            ),
            ({"first_name": "J", "customer_id": 1}, {"customer_id": "This field is read-only"}),
            ({"first_name": "J", "merged_into_id": 1}, {"merged_into_id": "This field is read-only"}),
            (
                {"first_name": "J", "possible_duplicates": []},
                {"possible_duplicates": "This field is read-only"},
            ),
            ({"first_name": "J", "next_action_date": "tomorrow"},
             {"next_action_date": "Must be a date in the form YYYY-MM-DD"}),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_named_and_nothing_written(self, api, body, errors):
        assert api.post("/leads", body).errors == errors
        assert not Lead.objects.exists()
        assert not event_names()

    def test_an_unknown_stage_is_refused(self, api):
        answer = api.post("/leads", {"first_name": "J", "stage": "Sleeping"})

        assert list(answer.errors) == ["stage"]

    def test_the_last_name_of_a_lead_cannot_be_all_that_is_left(self, api):
        lead = make_lead(first_name="John", last_name="Smith")

        answer = api.patch(f"/leads/{lead.pk}", {"first_name": None})

        assert answer.errors == {"first_name": "Give a first name or a company"}
        lead.refresh_from_db()
        assert (lead.first_name, lead.version) == ("John", 1)

    def test_what_was_read_can_be_sent_back_though_a_duplicate_came_meanwhile(self, api):
        shown = api.post("/leads", REFERENCE).data
        make_lead(email="john@example.com")

        assert api.put(f"/leads/{shown['id']}", shown | {"company": "Acme Ltd"}).status == 200

    def test_yen_have_no_decimals(self, api):
        keep_books_in("JPY")

        assert (
            api.post("/leads", {"first_name": "J", "expected_value": 1500}).data["expected_value"]
            == 1500
        )
        assert api.post("/leads", {"first_name": "J", "expected_value": "1.5"}).errors == {
            "expected_value": "Must have no more than 0 decimals in JPY"
        }

    def test_work_is_not_given_to_who_left(self, api):
        gone, lead = make_user(), make_lead()
        leads.update_lead(lead, owner=gone, actor=SYSTEM)
        type(gone).objects.filter(pk=gone.pk).change(is_active=False)

        refused = api.post("/leads", {"first_name": "J", "owner_id": gone.pk})
        assert refused.errors == {"owner_id": "This user is not active"}
        kept = api.patch(f"/leads/{lead.pk}", {"owner_id": gone.pk, "company": "Acme"})
        assert (kept.status, kept.data["owner_id"]) == (200, gone.pk)

    def test_a_user_who_owns_leads_is_made_inactive_and_stays_their_owner(self, api):
        owner = make_user()
        lead = make_lead(owner=owner)

        assert users.delete_user(owner, actor=SYSTEM) is False

        owner.refresh_from_db()
        assert not owner.is_active
        assert api.get(f"/leads/{lead.pk}").data["owner_id"] == owner.pk

    def test_a_user_who_wrote_notes_and_moved_leads_can_be_removed(self, client_with):
        make_user()  # an administrator remains
        writer = make_user(role="sales", name="Ann")
        api = client_with(user=writer)
        pk = api.post("/leads", REFERENCE).data["id"]
        api.post(f"/leads/{pk}/notes", {"text": "x"})

        assert users.delete_user(writer, actor=SYSTEM) is True

        assert StageMove.objects.get().moved_by == LeadNote.objects.get().author == "Ann"


class TestStages:
    def test_every_move_is_logged_with_who_and_when(self, api):
        before = timezone.now()
        pk = api.post("/leads", REFERENCE).data["id"]
        api.patch(f"/leads/{pk}", {"stage": "Contacted"})
        api.patch(f"/leads/{pk}", {"stage": "Lost", "lost_reason": "Too dear"})

        moves = api.get(f"/leads/{pk}/stage-history").data

        assert [(move["from_stage"], move["to_stage"], move["reason"]) for move in moves] == [
            (None, "New", None),
            ("New", "Contacted", None),
            ("Contacted", "Lost", "Too dear"),
        ]
        assert {move["moved_by"] for move in moves} == {"Ada Reyes"}
        assert all(move.moved_at >= before for move in StageMove.objects.all())
        assert event_names() == ["lead.created", "lead.updated", "lead.updated"]

    def test_the_stage_that_it_has_is_no_move(self, api):
        lead = make_lead()

        answer = api.patch(f"/leads/{lead.pk}", {"stage": "New"})

        assert answer.status == 200
        assert len(moves_of(lead.pk)) == 1
        assert event_names() == ["lead.created"]

    def test_a_change_of_something_else_is_no_move(self, api):
        lead = make_lead()

        api.patch(f"/leads/{lead.pk}", {"company": "Acme"})

        assert len(moves_of(lead.pk)) == 1

    def test_a_lead_can_be_lost_without_a_reason_and_be_reopened(self, api):
        lead = make_lead()
        assert api.patch(f"/leads/{lead.pk}", {"stage": "Lost"}).status == 200
        api.patch(f"/leads/{lead.pk}", {"lost_reason": "No budget"})

        reopened = api.patch(f"/leads/{lead.pk}", {"stage": "Contacted"})

        assert (reopened.data["stage"], reopened.data["lost_reason"]) == ("Contacted", None)
        assert [move[:2] for move in moves_of(lead.pk)] == [
            ("", "New"),
            ("New", "Lost"),
            ("Lost", "Contacted"),
        ]

    def test_a_reason_belongs_to_lost_leads(self, api):
        lead = make_lead(stage="Lost", lost_reason="No budget")

        answer = api.patch(f"/leads/{lead.pk}", {"stage": "New", "lost_reason": "x"})

        assert answer.errors == {"lost_reason": "Only a lost lead has one"}

    def test_one_that_comes_with_a_stage_begins_there(self):
        assert moves_of(make_lead(stage="Won").pk) == [("", "Won", "system")]


class TestLists:
    def ids(self, api, query: str) -> list[int]:
        return [row["id"] for row in api.get(f"/leads?{query}").data]

    def test_they_are_filtered_by_what_they_are(self, api):
        ann = make_user()
        hit = make_lead(
            stage="Qualified", owner=ann, source="Trade fair", email="Ann@Example.com",
            expected_close_date=datetime.date(2024, 3, 1), external_id="L-1",
        )  # fmt: skip
        make_lead(stage="New", email="ben@example.com")

        for query in (
            "stage=qualified",
            f"owner_id={ann.pk}",
            "source=TRADE FAIR",
            "email=%20ann@example.COM",
            "expected_close_from=2024-03-01&expected_close_to=2024-03-01",
            "external_id=L-1",
            "search=fair ann",
        ):
            assert self.ids(api, query.replace(" ", "%20")) == [hit.pk], query

    def test_the_days_of_creation_are_the_organisations(self, api):
        update_organisation(organisation(), timezone="Pacific/Auckland", actor=SYSTEM)
        lead = make_lead()
        # Half past midnight on the 2nd there, still the 1st in UTC.
        moment = datetime.datetime(2024, 3, 1, 11, 30, tzinfo=datetime.UTC)
        Lead.objects.filter(pk=lead.pk).change(created_at=moment)

        assert self.ids(api, "date_from=2024-03-02&date_to=2024-03-02") == [lead.pk]
        assert self.ids(api, "date_to=2024-03-01") == []
        assert self.ids(api, "date_from=2024-03-03") == []
        assert self.ids(api, "date_from=0001-01-01&date_to=9999-12-31") == [lead.pk]

    def test_what_is_due_is_open_and_for_today_or_earlier(self, api):
        today = organisation().today()
        day = datetime.timedelta(days=1)
        late = make_lead(next_action_date=today - day)
        now = make_lead(next_action_date=today, stage="Contacted")
        make_lead(next_action_date=today + day)
        make_lead(next_action_date=today, stage="Won")
        make_lead()

        assert self.ids(api, "due=today") == [late.pk, now.pk]
        assert self.ids(api, "due=overdue") == [late.pk]
        assert self.ids(api, f"next_action_from={today}&next_action_to={today}")[0] == now.pk
        assert api.get("/leads?due=soon").errors == {"due": "Must be one of: today, overdue"}

    def test_today_is_where_the_organisation_is(self):
        make_lead(next_action_date=datetime.date(2024, 3, 2))

        assert not Lead.objects.due(datetime.date(2024, 3, 1)).exists()
        assert Lead.objects.due(datetime.date(2024, 3, 2)).exists()
        assert not Lead.objects.overdue(datetime.date(2024, 3, 2)).exists()

    def test_they_are_sorted_by_value_with_nothing_first(self, api):
        small, big, none = (
            make_lead(expected_value=Decimal(5)),
            make_lead(expected_value=Decimal(50)),
            make_lead(),
        )

        assert self.ids(api, "sort=expected_value") == [none.pk, small.pk, big.pk]
        assert self.ids(api, "sort=-expected_value") == [big.pk, small.pk, none.pk]

    def test_fields_cut_the_answer(self, api):
        make_lead(first_name="Ann")

        assert api.get("/leads?fields=first_name").data == [{"first_name": "Ann"}]


class TestNotes:
    def test_a_note_is_added_and_listed(self, api):
        lead = make_lead()

        added = api.post(f"/leads/{lead.pk}/notes", {"text": "Wants an offer."})

        assert added.status == 201
        expected = {"lead_id": lead.pk, "text": "Wants an offer.", "author": "Ada Reyes"}
        assert added.data.items() >= expected.items()
        assert api.get(f"/leads/{lead.pk}/notes").data == [added.data]
        assert event_names() == ["lead.created", "lead_note.created"]
        event = Event.objects.get(type="lead_note.created")
        assert decode(event.payload.encode()) == added.data

    def test_history_can_be_loaded_with_its_dates(self, api):
        lead = make_lead()
        note = {"text": "Met at the fair", "noted_at": "2019-05-01T10:00:00+02:00"}

        added = api.post(f"/leads/{lead.pk}/notes", note | {"external_id": "N-1"})

        assert added.data["noted_at"] == "2019-05-01T08:00:00Z"
        again = api.post(f"/leads/{lead.pk}/notes", note | {"external_id": "N-1"})
        assert again.errors == {"external_id": "Another record has this value"}

    @pytest.mark.parametrize(
        ("body", "field"),
        [({}, "text"), ({"text": " "}, "text"), ({"text": "x", "author": "Me"}, "author")],
    )
    def test_what_is_wrong_is_named(self, api, body, field):
        lead = make_lead()

        assert list(api.post(f"/leads/{lead.pk}/notes", body).errors) == [field]
        assert not LeadNote.objects.exists()

    def test_other_leads_have_their_own(self, api):
        make_lead_note(text="Of another lead")

        assert api.get(f"/leads/{make_lead().pk}/notes").data == []
        assert api.get("/leads/999999/notes").status == 404
        assert api.post("/leads/999999/notes", {"text": "x"}).status == 404


class TestTheActions:
    def test_an_old_version_changes_nothing(self):
        lead = make_lead()
        leads.update_lead(lead, company="Acme", actor=SYSTEM)

        with pytest.raises(Stale):
            leads.update_lead(lead, company="Apex", if_version=1, actor=SYSTEM)

        lead.refresh_from_db()
        assert lead.company == "Acme"

    def test_rules_hold_without_the_api(self):
        with pytest.raises(Invalid, match="Validation failed"):
            leads.create_leads([{"first_name": "A"}, {"last_name": "B"}], actor=SYSTEM)

        assert not Lead.objects.exists()

    def test_what_is_gone_cannot_be_changed(self):
        lead = make_lead()
        stale = Lead.objects.get()
        leads.delete_lead(lead, actor=SYSTEM)

        with pytest.raises(NotFound):
            leads.update_lead(stale, company="Acme", actor=SYSTEM)

    def test_deleting_takes_notes_and_history_along(self):
        lead = make_lead()
        make_lead_note(lead)

        leads.delete_lead(lead, actor=SYSTEM)

        assert not LeadNote.objects.exists()
        assert not StageMove.objects.exists()

    @pytest.mark.parametrize(
        "change",
        [
            {"first_name": "", "company": ""},
            {"stage": "Sleeping"},
            {"lost_reason": "x"},
            {"expected_value": Decimal(-1)},
            {"converted_at": timezone.now()},
        ],
    )
    def test_the_database_refuses_what_must_never_be(self, change):
        lead = make_lead()

        with pytest.raises(IntegrityError), transaction.atomic():
            Lead.objects.filter(pk=lead.pk).change(**change)


class TestRoles:
    def test_support_does_not_see_leads(self, client_with):
        assert client_with(role="support").get("/leads").status == 403

    def test_an_accountant_reads_and_does_not_write(self, client_with):
        accountant = client_with(role="accountant")

        assert accountant.get("/leads").status == 200
        assert accountant.post("/leads", REFERENCE).status == 403
        assert not Lead.objects.exists()
