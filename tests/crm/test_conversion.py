"""A lead becomes a customer once, whatever happens at the same moment."""

import pytest
from django.utils import timezone

from bizsuite.errors import Conflict
from bizsuite.events.models import Event
from crm import leads
from crm.conversion import convert_lead
from crm.models import Lead, StageMove
from customers.customers import archive_customer, delete_customer
from customers.models import Customer
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_customer, make_lead, make_lead_note

pytestmark = pytest.mark.django_db
committed = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def events(name: str) -> int:
    return Event.objects.filter(type=name).count()


def convert(lead, customer=None):
    return convert_lead(lead, customer=customer, now=timezone.now(), actor=SYSTEM)


class TestToANewCustomer:
    def test_it_is_made_of_what_is_known(self, api):
        lead = make_lead(
            first_name="John", last_name="Smith", company="Acme", email="j@example.com",
            phone="030 123456", description="Ten seats", stage="Qualified",
        )  # fmt: skip

        answer = api.post(f"/leads/{lead.pk}/convert", {})

        assert answer.status == 201
        customer = Customer.objects.get()
        assert answer.headers["Location"] == f"/api/v2/customers/{customer.pk}"
        assert answer.data == api.get(f"/customers/{customer.pk}").data
        assert (
            answer.data.items()
            >= {
                "account": "Acme",
                "contact_name": "John Smith",
                "email": "j@example.com",
                "phone": "030 123456",
                "notes": "Ten seats",
            }.items()
        )
        assert (events("customer.created"), events("lead.converted")) == (1, 1)

    def test_a_person_without_a_company_is_the_customer(self):
        customer, is_new = convert(make_lead(first_name="John", last_name="Smith"))

        assert is_new
        assert (customer.account, customer.contact_name) == ("John Smith", "")

    @pytest.mark.parametrize(("company", "field"), [("", "account"), ("Acme", "contact_name")])
    def test_the_longest_name_fits(self, company, field):
        lead = make_lead(first_name="x" * 100, last_name="y" * 100, company=company)

        customer, _ = convert(lead)

        assert getattr(customer, field) == "x" * 100 + " " + "y" * 99

    def test_the_lead_is_won_and_keeps_its_history(self, api):
        lead = make_lead(stage="Lost", lost_reason="Too dear")
        make_lead_note(lead)

        customer = api.post(f"/leads/{lead.pk}/convert").data

        shown = api.get(f"/leads/{lead.pk}").data
        assert (shown["stage"], shown["lost_reason"]) == ("Won", None)
        assert shown["customer_id"] == customer["id"]
        assert shown["converted_at"] is not None
        moves = StageMove.objects.filter(lead=lead).values_list("from_stage", "to_stage")
        assert list(moves) == [("", "Lost"), ("Lost", "Won")]
        assert len(api.get(f"/leads/{lead.pk}/notes").data) == 1

    def test_one_that_was_won_before_is_not_moved_again(self):
        lead = make_lead(stage="Won")

        convert(lead)

        assert StageMove.objects.filter(lead=lead).count() == 1

    def test_a_second_call_answers_the_same_customer(self, api):
        lead = make_lead()
        first = api.post(f"/leads/{lead.pk}/convert")

        second = api.post(f"/leads/{lead.pk}/convert")

        assert (first.status, second.status) == (201, 200)
        assert second.data == first.data
        assert Customer.objects.count() == events("lead.converted") == 1

    @committed
    def test_of_many_at_the_same_moment_one_makes_the_customer(self, api):
        lead = make_lead()

        answers = at_once([lambda: api.post(f"/leads/{lead.pk}/convert")] * 6)

        assert sorted(answer.status for answer in answers) == [200] * 5 + [201]
        assert len({answer.data["id"] for answer in answers}) == 1
        assert Customer.objects.count() == 1
        assert (events("customer.created"), events("lead.converted")) == (1, 1)
        assert StageMove.objects.filter(lead=lead, to_stage="Won").count() == 1

    @committed
    def test_a_conversion_and_a_deletion_at_the_same_moment_leave_one_of_them(self, api):
        lead = make_lead()

        converted, deleted = at_once(
            [
                lambda: api.post(f"/leads/{lead.pk}/convert"),
                lambda: api.delete(f"/leads/{lead.pk}"),
            ]
        )

        assert deleted.status == 200
        assert converted.status in (201, 404)
        assert Customer.objects.count() == (converted.status == 201)
        assert not Lead.objects.exists()


class TestToACustomerThatIsThere:
    def test_it_is_linked_and_not_changed(self, api):
        customer, lead = make_customer(email="old@example.com"), make_lead(email="new@example.com")

        answer = api.post(f"/leads/{lead.pk}/convert", {"customer_id": customer.pk})

        assert (answer.status, answer.data["email"]) == (200, "old@example.com")
        lead.refresh_from_db()
        assert (lead.customer_id, lead.stage) == (customer.pk, "Won")
        assert (events("customer.created"), events("customer.updated")) == (1, 0)
        assert events("lead.converted") == 1

    def test_another_customer_later_is_a_conflict(self, api):
        lead = make_lead()
        convert(lead, make_customer())
        other = make_customer()

        answer = api.post(f"/leads/{lead.pk}/convert", {"customer_id": other.pk})

        assert (answer.status, answer.body["code"]) == (409, "lead_converted")
        lead.refresh_from_db()
        assert lead.customer_id != other.pk

    def test_an_archived_customer_takes_none(self, api):
        customer, lead = make_customer(), make_lead()
        archive_customer(customer, actor=SYSTEM)

        answer = api.post(f"/leads/{lead.pk}/convert", {"customer_id": customer.pk})

        assert (answer.status, answer.body["code"]) == (409, "customer_archived")
        lead.refresh_from_db()
        assert (lead.customer_id, lead.stage) == (None, "New")

    def test_one_that_is_not_there_is_named(self, api):
        lead = make_lead()

        assert api.post(f"/leads/{lead.pk}/convert", {"customer_id": 999}).errors == {
            "customer_id": "There is no such record"
        }


class TestRights:
    def test_a_key_for_leads_alone_makes_no_customer(self, client_with):
        lead = make_lead()
        client = client_with(role="sales", scopes=("leads:write",))

        answer = client.post(f"/leads/{lead.pk}/convert")

        assert answer.status == 403
        assert "customers" in answer.body["message"]
        assert not Customer.objects.exists()
        assert events("lead.converted") == 0

    def test_a_key_that_reads_customers_may_link(self, client_with):
        customer = make_customer()
        client = client_with(role="sales", scopes=("leads:write", "customers:read"))

        refused = client.post(f"/leads/{make_lead().pk}/convert")
        linked = client.post(f"/leads/{make_lead().pk}/convert", {"customer_id": customer.pk})

        assert (refused.status, linked.status) == (403, 200)
        assert "write customers" in refused.body["message"]
        assert Customer.objects.count() == 1

    def test_sales_may(self, client_with):
        assert client_with(role="sales").post(f"/leads/{make_lead().pk}/convert").status == 201


class TestAfterwards:
    def test_the_stage_stays(self, api):
        lead = make_lead()
        convert(lead)

        answer = api.patch(f"/leads/{lead.pk}", {"stage": "Lost"})

        assert (answer.status, answer.body["code"]) == (409, "lead_converted")
        assert api.patch(f"/leads/{lead.pk}", {"company": "Acme"}).status == 200

    def test_the_customer_is_archived_and_not_deleted(self, api):
        lead = make_lead()
        customer, _ = convert(lead)

        answer = api.delete(f"/customers/{customer.pk}")

        assert answer.body["message"] == "Customer archived"
        assert api.get(f"/leads/{lead.pk}").data["customer_id"] == customer.pk

    def test_deleting_the_lead_leaves_the_customer_who_then_can_be_deleted(self):
        lead = make_lead()
        customer, _ = convert(lead)

        leads.delete_lead(lead, actor=SYSTEM)

        customer.refresh_from_db()
        assert customer.archived_at is None
        assert delete_customer(customer, actor=SYSTEM)

    def test_a_merged_lead_is_not_converted(self):
        lead, other = make_lead(), make_lead()
        Lead.objects.filter(pk=other.pk).change(merged_into=lead)

        with pytest.raises(Conflict, match=f"merged into lead {lead.pk}"):
            convert(other)

        assert not Customer.objects.exists()
