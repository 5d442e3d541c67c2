"""Leads in the admin: the list, the lead's page and its buttons, the board and My day."""

import datetime
from decimal import Decimal

import pytest

from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from bizsuite.team.profile import update_organisation
from crm import leads
from crm.merging import merge_leads
from crm.models import Lead, LeadNote
from customers.customers import archive_customer
from customers.models import Customer
from tests.backoffice.staff import Staff, form_values, messages_of, staff_client, text_of
from tests.factories import SYSTEM, make_customer, make_lead, make_lead_note, make_user

LIST = "/admin/crm/lead/"
ADD = "/admin/crm/lead/add/"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def seller(db) -> Staff:
    return staff_client(make_user(role=Role.SALES, name="Sam Seller"))


def page_of(lead: Lead, button: str = "change") -> str:
    return f"{LIST}{lead.pk}/{button}/"


def fresh(lead: Lead) -> Lead:
    return Lead.objects.get(pk=lead.pk)


class TestTheLeadsPage:
    def test_a_lead_that_is_added_is_ones_own_and_on_record(self, seller):
        answer = seller.send(
            ADD, {"company": "Acme", "source": "Website", "expected_value": "1500"}
        )

        assert answer.status_code == 302
        lead = Lead.objects.get()
        assert (lead.company, lead.owner, lead.stage) == ("Acme", seller.user, "New")
        assert lead.expected_value == Decimal(1500)
        event = Event.objects.get(type="lead.created")
        assert (event.source, event.actor_name) == ("admin", "Sam Seller")

    def test_one_that_may_be_here_already_is_added_and_said_so(self, seller):
        known = make_lead(first_name="John", email="john@example.com")

        answer = seller.post(
            ADD, {"first_name": "J.", "email": "John@example.com", "pairs-name": ""}, follow=True
        )

        assert Lead.objects.count() == 2
        [warning, _added] = messages_of(answer)
        assert "is maybe here already" in warning
        assert page_of(known) in warning

    def test_names_are_escaped_in_what_is_said(self, seller):
        make_lead(first_name="<b>x</b>", email="john@example.com")

        answer = seller.post(ADD, {"first_name": "J.", "email": "john@example.com"}, follow=True)

        assert "<b>x</b>" not in text_of(answer)

    def test_a_lead_without_a_name_is_refused_at_the_field(self, seller):
        answer = seller.send(ADD, {"last_name": "Smith"})

        assert answer.status_code == 200
        assert "Give a first name or a company" in text_of(answer)
        assert form_values(answer, "lead_form")["last_name"] == "Smith"
        assert not Lead.objects.exists()

    def test_the_sources_used_before_are_suggested(self, seller):
        make_lead(source="Radio")

        text = text_of(seller.get(ADD))

        assert '<option value="Radio"></option>' in text
        assert '<option value="Website"></option>' in text

    def test_an_owner_who_left_stays_in_the_list_of_their_leads_alone(self, seller):
        gone = make_user(name="Gone Away")
        lead = make_lead(owner=gone)
        type(gone).objects.filter(pk=gone.pk).change(is_active=False)

        assert "Gone Away" in text_of(seller.get(page_of(lead)))
        assert "Gone Away" not in text_of(seller.get(ADD))
        assert seller.send(page_of(lead), {"company": "Acme"}).status_code == 302
        assert fresh(lead).owner == gone

    def test_the_stage_is_no_field(self, seller):
        lead = make_lead()

        seller.send(page_of(lead), {"stage": "Won", "company": "Acme"})

        assert (fresh(lead).stage, fresh(lead).company) == ("New", "Acme")

    def test_it_shows_notes_history_and_duplicates(self, seller):
        lead = make_lead(first_name="John", email="john@example.com")
        other = make_lead(first_name="Johnny", email="john@example.com")
        make_lead_note(lead, "Wants an offer.")
        leads.update_lead(lead, stage="Lost", lost_reason="Too dear", actor=SYSTEM)

        text = text_of(seller.get(page_of(lead)))

        for expected in ("Wants an offer.", "New → Lost", "Too dear", page_of(other)):
            assert expected in text

    def test_a_merged_lead_is_looked_at_only(self, seller):
        lead, other = make_lead(first_name="Stays"), make_lead()
        merge_leads(lead, [other], now=other.created_at, actor=SYSTEM)

        page = seller.get(page_of(other))

        assert page.status_code == 200
        assert page_of(lead) in text_of(page)
        assert seller.post(page_of(other), {"first_name": "x"}).status_code == 403
        assert page_of(other, "merge") not in text_of(page)
        assert page_of(other) in text_of(seller.get(page_of(lead)))

    def test_the_customers_page_leads_to_its_leads(self, administrator):
        customer = make_customer()

        text = text_of(administrator.get(f"/admin/customers/customer/{customer.pk}/change/"))

        assert f"{LIST}?customer__id__exact={customer.pk}" in text


class TestButtons:
    def test_logging_a_contact_notes_it_and_plans_the_next(self, seller):
        lead = make_lead()

        seller.send(
            page_of(lead, "log-contact"),
            {"note": "No answer.", "next_action": "Call again", "next_action_date": "2024-03-01"},
        )

        assert LeadNote.objects.get().text == "No answer."
        lead = fresh(lead)
        assert (lead.stage, lead.next_action) == ("Contacted", "Call again")
        assert lead.next_action_date == datetime.date(2024, 3, 1)

    def test_without_a_note_only_the_plan_changes(self, seller):
        lead = make_lead(
            stage="Qualified", next_action="Call", next_action_date=datetime.date(2024, 1, 1)
        )

        seller.send(page_of(lead, "log-contact"))

        assert not LeadNote.objects.exists()
        assert (fresh(lead).stage, fresh(lead).next_action_date) == ("Qualified", None)

    def test_a_lost_lead_has_a_reason(self, seller):
        lead = make_lead()

        refused = seller.send(page_of(lead, "lose"))
        assert refused.status_code == 200
        assert fresh(lead).stage == "New"
        seller.send(page_of(lead, "lose"), {"lost_reason": "Too dear"})

        assert (fresh(lead).stage, fresh(lead).lost_reason) == ("Lost", "Too dear")

    def test_a_lost_lead_is_reopened_by_changing_its_stage(self, seller):
        lead = make_lead(stage="Lost", lost_reason="x")

        seller.send(page_of(lead, "move"), {"stage": "Qualified"})

        assert (fresh(lead).stage, fresh(lead).lost_reason) == ("Qualified", "")

    def test_it_becomes_a_new_customer_unless_one_is_chosen(self, seller):
        lead = make_lead(company="Acme")
        make_customer(account="Other")

        seller.send(page_of(lead, "convert"))

        assert fresh(lead).customer.account == "Acme"
        assert Customer.objects.count() == 2

    @pytest.mark.parametrize("field", ["customer", "another"])
    def test_it_is_linked_to_the_customer_that_is_chosen(self, seller, field):
        lead = make_lead(company="Acme")
        customer = make_customer(account="ACME Corporation")
        assert "ACME Corporation" in text_of(seller.get(page_of(lead, "convert")))

        seller.send(page_of(lead, "convert"), {field: str(customer.pk)})

        assert fresh(lead).customer == customer
        assert Customer.objects.count() == 1

    def test_likely_duplicates_are_offered_for_merging(self, seller):
        lead = make_lead(email="john@example.com")
        same, other = make_lead(email="john@example.com"), make_lead(email="ann@example.com")

        nothing = seller.send(page_of(lead, "merge"))
        assert "Choose at least one other lead." in text_of(nothing)
        seller.send(
            page_of(lead, "merge"), {"duplicates": [str(same.pk)], "another": str(other.pk)}
        )

        assert list(Lead.objects.current()) == [lead]

    def test_what_cannot_be_chosen_is_refused_with_the_reason(self, seller):
        lead, kept, merged = make_lead(), make_lead(), make_lead()
        merge_leads(kept, [merged], now=merged.created_at, actor=SYSTEM)
        gone = archive_customer(make_customer(), actor=SYSTEM)

        merging = seller.send(page_of(lead, "merge"), {"another": str(merged.pk)})
        converting = seller.send(page_of(lead, "convert"), {"another": str(gone.pk)})

        assert f"This lead was merged into lead {kept.pk}." in text_of(merging)
        assert f"Customer {gone.pk} is archived." in text_of(converting)
        assert fresh(lead).customer is None

    def test_a_converted_lead_offers_what_is_left(self, seller):
        lead = make_lead()
        seller.send(page_of(lead, "convert"))

        text = text_of(seller.get(page_of(lead)))

        assert page_of(lead, "convert") not in text
        assert page_of(lead, "lose") not in text
        assert page_of(lead, "log-contact") in text


class TestTheList:
    def shown(self, staff: Staff, query: str = "") -> set[int]:
        return {lead.pk for lead in staff.get(f"{LIST}?{query}").context["cl"].result_list}

    def test_it_is_filtered_by_owner_stage_and_what_is_due(self, seller):
        today = organisation().today()
        mine = make_lead(owner=seller.user, next_action_date=today, stage="Contacted")
        theirs = make_lead(owner=make_user(), next_action_date=today - DAY)
        nobodys = make_lead()

        assert self.shown(seller) == {mine.pk, theirs.pk, nobodys.pk}
        assert self.shown(seller, "owner=me") == {mine.pk}
        assert self.shown(seller, "owner=none") == {nobodys.pk}
        assert self.shown(seller, f"owner={theirs.owner_id}") == {theirs.pk}
        assert self.shown(seller, "stage__exact=Contacted") == {mine.pk}
        assert self.shown(seller, "due=today") == {mine.pk, theirs.pk}
        assert self.shown(seller, "due=overdue") == {theirs.pk}
        assert self.shown(seller, "due=none") == {nobodys.pk}

    def test_days_of_adding_are_the_organisations_and_both_are_in(self, seller):
        update_organisation(organisation(), timezone="Europe/Berlin", actor=SYSTEM)
        made = {}
        for moment in (
            "2024-03-01T22:59",
            "2024-03-01T23:00",
            "2024-03-02T22:59",
            "2024-03-02T23:00",
        ):
            lead = make_lead()
            Lead.objects.filter(pk=lead.pk).change(
                created_at=datetime.datetime.fromisoformat(f"{moment}+00:00")
            )
            made[moment] = lead.pk
        before, first, last, after = made.values()

        assert self.shown(seller, "created_at_from=2024-03-02&created_at_to=2024-03-02") == {
            first,
            last,
        }
        assert self.shown(seller, "created_at_from=2024-03-03") == {after}
        assert self.shown(seller, "created_at_to=2024-03-01") == {before}
        assert self.shown(seller, "created_at_from=0001-01-01&created_at_to=9999-12-31") == set(
            made.values()
        )
        assert len(self.shown(seller, "created_at_from=soon")) == len(made)

    def test_merged_leads_are_out_of_the_way(self, seller):
        lead, other = make_lead(), make_lead()
        merge_leads(lead, [other], now=other.created_at, actor=SYSTEM)

        assert self.shown(seller) == {lead.pk}
        assert self.shown(seller, "merged=true") == {other.pk}
        assert self.shown(seller, "merged=all") == {lead.pk, other.pk}

    def test_the_export_has_a_column_for_what_is_read_and_none_for_what_is_asked(self, seller):
        make_lead(first_name="John")

        rows = b"".join(seller.get(f"{LIST}export/").streaming_content).decode().splitlines()

        assert "first_name" in rows[0]
        assert "reject_duplicates" not in rows[0]
        assert "John" in rows[1]

    def test_selected_leads_are_merged_into_the_one_that_is_chosen(self, seller):
        first, second, third = make_lead(), make_lead(company="Acme"), make_lead()
        chosen = {"action": "merge_selected", "_selected_action": [first.pk, second.pk, third.pk]}

        asked = seller.post(LIST, chosen)
        assert Lead.objects.current().count() == 3
        seller.post(LIST, form_values(asked, "merge-form") | {"kept": second.pk})

        assert list(Lead.objects.current()) == [second]

    def test_one_lead_is_nothing_to_merge(self, seller):
        chosen = {"action": "merge_selected", "_selected_action": [make_lead().pk]}

        answer = seller.post(LIST, chosen, follow=True)

        assert messages_of(answer) == ["Choose two to 20 leads to merge."]
