"""Several leads become one, and nothing that was known is lost."""

import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from bizsuite.errors import Conflict, Invalid
from bizsuite.events.models import Event
from crm import leads
from crm.conversion import convert_lead
from crm.merging import merge_leads
from crm.models import Lead, LeadNote, StageMove
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_customer, make_lead, make_lead_note, make_user

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def merge(lead, *others) -> Lead:
    return merge_leads(lead, others, now=timezone.now(), actor=SYSTEM)


class TestOverTheApi:
    def test_one_takes_over_what_it_has_not(self, api):
        owner = make_user()
        lead = make_lead(first_name="John", email="john@example.com")
        older = make_lead(company="Acme", phone="1", expected_value=Decimal(10))
        newer = make_lead(company="Acme Ltd", email="j@example.com", owner=owner)

        answer = api.post(f"/leads/{lead.pk}/merge", {"lead_ids": [newer.pk, older.pk]})

        assert answer.status == 200
        assert (
            answer.data.items()
            >= {
                "id": lead.pk,
                "first_name": "John",
                "email": "john@example.com",
                "company": "Acme",
                "phone": "1",
                "owner_id": owner.pk,
                "expected_value": Decimal("10.00"),
                "possible_duplicates": [],
            }.items()
        )
        assert [row["id"] for row in api.get("/leads").data] == [lead.pk]

    def test_what_was_merged_is_read_at_its_address_and_in_a_list_of_its_own(self, api):
        lead, other = make_lead(), make_lead(email="other@example.com")

        api.post(f"/leads/{lead.pk}/merge", {"lead_ids": [other.pk]})

        shown = api.get(f"/leads/{other.pk}").data
        assert (shown["merged_into_id"], shown["email"]) == (lead.pk, "other@example.com")
        assert api.get("/leads?merged=true").data == [shown]

    def test_it_is_on_record(self, api):
        lead, other = make_lead(), make_lead()

        api.post(f"/leads/{lead.pk}/merge", {"lead_ids": [other.pk]})

        events = Event.objects.filter(resource="lead").order_by("id")
        assert list(events.values_list("type", "object_id"))[2:] == [
            ("lead.merged", other.pk),
            ("lead.updated", lead.pk),
        ]

    @pytest.mark.parametrize(
        ("ids", "message"),
        [
            ([], "This list may not be empty"),
            ([999_999], "There is no such record"),
            (["x"], "Must be an id"),
        ],
    )
    def test_what_is_wrong_is_named(self, api, ids, message):
        lead = make_lead()

        errors = api.post(f"/leads/{lead.pk}/merge", {"lead_ids": ids}).errors

        assert list(errors.values()) == [message]

    def test_a_lead_is_not_merged_into_itself(self, api):
        lead = make_lead()

        answer = api.post(f"/leads/{lead.pk}/merge", {"lead_ids": [lead.pk]})

        assert answer.errors == {"lead_ids": "Name one or more other leads"}

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("PATCH", "", {"company": "Acme"}),
            ("POST", "/notes", {"text": "x"}),
            ("POST", "/convert", {}),
            ("POST", "/merge", None),
        ],
    )
    def test_what_was_merged_is_not_changed_any_more(self, api, method, path, body):
        lead, other = make_lead(), make_lead()
        merge(lead, other)
        before = Event.objects.count()

        sent = {"lead_ids": [lead.pk]} if body is None else body
        answer = api.request(method, f"/leads/{other.pk}{path}", sent)

        assert (answer.status, answer.body["code"]) == (409, "lead_merged")
        assert str(lead.pk) in answer.body["message"]
        assert Event.objects.count() == before

    def test_an_import_that_is_run_again_finds_what_it_made(self, api):
        """Also what was merged meanwhile, if it says what it said before."""
        batch = {
            "leads": [{"first_name": name, "external_id": f"X-{name}"} for name in ("Ann", "Ben")]
        }
        first, second = api.post("/batch/leads?upsert=external_id", batch).data
        merge(Lead.objects.get(pk=first["id"]), Lead.objects.get(pk=second["id"]))

        again = api.post("/batch/leads?upsert=external_id", batch)

        assert again.status == 200
        assert [row["id"] for row in again.data] == [first["id"], second["id"]]
        assert Lead.objects.count() == 2


class TestTheAction:
    def test_notes_move_and_the_stage_history_stays(self):
        lead, other = make_lead(), make_lead(stage="Contacted")
        make_lead_note(lead, "of the first")
        make_lead_note(other, "of the second")

        merge(lead, other)

        notes = LeadNote.objects.filter(lead=lead).order_by("id")
        assert [note.text for note in notes] == ["of the first", "of the second"]
        assert [note.version for note in notes] == [1, 2]
        assert [move.to_stage for move in StageMove.objects.filter(lead=other)] == ["Contacted"]
        assert [move.to_stage for move in StageMove.objects.filter(lead=lead)] == ["New"]

    def test_what_belongs_together_is_taken_together(self):
        lead = make_lead(first_name="John", next_action="Call")
        other = make_lead(
            first_name="J.", last_name="Smith",
            next_action="Write", next_action_date=datetime.date(2024, 1, 1),
        )  # fmt: skip

        merge(lead, other)

        assert (lead.last_name, lead.next_action, lead.next_action_date) == ("", "Call", None)

    def test_an_owner_who_left_is_not_taken_and_the_next_one_is(self):
        gone, colleague = make_user(), make_user()
        lead, first, second = make_lead(), make_lead(owner=gone), make_lead(owner=colleague)
        only_theirs = make_lead(owner=gone)
        type(gone).objects.filter(pk=gone.pk).change(is_active=False)

        merge(lead, first, second)
        alone = merge(make_lead(), only_theirs)

        assert (lead.owner, alone.owner) == (colleague, None)

    def test_metadata_is_of_all_and_the_leads_own_counts_first(self):
        lead = make_lead(metadata={"a": "1"})
        full = make_lead(metadata={f"n{number}": "x" for number in range(49)} | {"a": "2"})

        merge(lead, full, make_lead(metadata={"z": "9"}))

        assert len(lead.metadata) == 50
        assert lead.metadata["a"] == "1"
        assert "z" not in lead.metadata

    def test_what_was_merged_before_belongs_to_the_last(self):
        first, second, third = make_lead(), make_lead(), make_lead()
        merge(second, third)

        merge(first, second)

        merged = Lead.objects.filter(merged_into=first).order_by("id")
        assert list(merged) == [second, third]

    def test_a_customer_of_one_is_the_customer_of_all(self):
        lead, other = make_lead(stage="Contacted"), make_lead()
        customer, _ = convert_lead(other, now=timezone.now(), actor=SYSTEM)

        merge(lead, other)

        assert (lead.customer, lead.stage) == (customer, "Won")
        assert [move.to_stage for move in lead.stage_moves.all()] == ["Contacted", "Won"]

    def test_two_customers_are_not_made_one(self):
        lead, other = make_lead(), make_lead()
        for each in (lead, other):
            convert_lead(each, customer=make_customer(), now=timezone.now(), actor=SYSTEM)

        with pytest.raises(Conflict, match="different customers"):
            merge(lead, other)

        assert Lead.objects.current().count() == 2

    def test_nothing_is_nothing_to_merge(self):
        with pytest.raises(Invalid):
            merge(make_lead())

    def test_deleting_takes_what_was_merged_along_and_says_so(self):
        lead, other = make_lead(), make_lead()
        merge(lead, other)

        leads.delete_lead(lead, actor=SYSTEM)

        assert not Lead.objects.exists()
        deleted = Event.objects.filter(type="lead.deleted").order_by("id")
        assert [event.object_id for event in deleted] == [other.pk, lead.pk]

    @committed
    def test_two_merges_into_each_other_leave_one_lead(self, api):
        one, other = make_lead(), make_lead()

        answers = at_once(
            [
                lambda: api.post(f"/leads/{one.pk}/merge", {"lead_ids": [other.pk]}),
                lambda: api.post(f"/leads/{other.pk}/merge", {"lead_ids": [one.pk]}),
            ]
        )

        assert sorted(answer.status for answer in answers) == [200, 409]
        assert Lead.objects.current().count() == 1
        assert Event.objects.filter(type="lead.merged").count() == 1
