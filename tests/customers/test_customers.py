"""What can be done with a customer, and what each of it leaves behind."""

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bizsuite.errors import NotFound, Stale
from bizsuite.events.models import Event
from bizsuite.exact_json import decode
from customers import customers
from customers.customers import CustomerArchived, require_active
from customers.models import Customer
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_customer, make_draft

pytestmark = pytest.mark.django_db

REFERENCE = {
    "account": "Jane Smith",
    "email": "jane@example.com",
    "phone": "1234567890",
    "address": "123 Business St",
    "city": "New York",
    "state": "NY",
    "zip": "10001",
    "country": "US",
}


def event_names() -> list[str]:
    return list(
        Event.objects.filter(resource="customer").order_by("id").values_list("type", flat=True)
    )


class TestOverTheApi:
    def test_the_references_requests_work_in_their_order(self, api):
        assert api.get("/customers").data == []
        created = api.post("/customers", REFERENCE)
        assert created.status == 201
        assert created.data.items() >= REFERENCE.items()
        pk = created.data["id"]
        assert created.headers["Location"] == f"/api/v2/customers/{pk}"

        listed = api.get("/customers?page=1&limit=20&search=jane")
        assert listed.data == [created.data]
        assert {"current_page": 1, "total_pages": 1, "total_records": 1}.items() <= (
            listed.meta.items()
        )
        assert api.get(f"/customers/{pk}").data == created.data
        changed = api.put(f"/customers/{pk}", {"city": "Boston"})
        assert (changed.status, changed.data["city"]) == (200, "Boston")

        deleted = api.delete(f"/customers/{pk}")
        assert (deleted.status, deleted.body) == (
            200,
            {"success": True, "message": "Customer deleted"},
        )
        assert api.get(f"/customers/{pk}").status == 404
        assert event_names() == ["customer.created", "customer.updated", "customer.deleted"]

    def test_the_shape_is_the_references_and_more(self, api):
        data = api.post("/customers", {"account": "Jane"}).data

        assert list(data) == [
            "id", "account", "contact_name", "email", "phone", "tax_id", "address", "city",
            "state", "zip", "country", "notes", "reminders_paused", "external_id", "metadata",
            "archived_at", "created_at", "updated_at",
        ]  # fmt: skip
        assert data["email"] is None
        assert data["metadata"] == {}

    def test_one_with_documents_is_archived_instead_of_deleted(self, api):
        customer = make_draft().customer

        deleted = api.delete(f"/customers/{customer.pk}")

        assert deleted.body == {"success": True, "message": "Customer archived"}
        assert api.get("/customers").data == []
        assert api.get(f"/customers/{customer.pk}").data["archived_at"] is not None
        assert [row["id"] for row in api.get("/customers?archived=true").data] == [customer.pk]
        assert event_names() == ["customer.created", "customer.archived"]

    def test_the_event_shows_what_the_api_showed(self, api):
        created = api.post("/customers", REFERENCE)

        payload = Event.objects.get(type="customer.created").payload.encode()
        assert decode(payload) == created.data
        assert payload in created.raw


class TestChanging:
    def test_what_is_sent_as_it_is_changes_nothing(self):
        customer = make_customer(account="Jane")
        before = Customer.objects.get()

        customers.update_customer(customer, account="Jane", phone="", actor=SYSTEM)

        after = Customer.objects.get()
        assert (after.version, after.updated_at) == (before.version, before.updated_at)
        assert event_names() == ["customer.created"]

    def test_a_stale_version_changes_nothing(self):
        customer = make_customer(account="Jane")
        customers.update_customer(customer, account="Joan", if_version=1, actor=SYSTEM)

        with pytest.raises(Stale):
            customers.update_customer(customer, account="June", if_version=1, actor=SYSTEM)

        assert Customer.objects.get().account == "Joan"

    def test_one_that_is_gone_is_not_found(self):
        customer = make_customer()
        customers.delete_customer(Customer.objects.get(), actor=SYSTEM)
        names = event_names()

        for change in (
            lambda: customers.update_customer(customer, account="x", actor=SYSTEM),
            lambda: customers.delete_customer(customer, actor=SYSTEM),
            lambda: customers.archive_customer(customer, actor=SYSTEM),
            lambda: customers.restore_customer(customer, actor=SYSTEM),
        ):
            with pytest.raises(NotFound):
                change()
        assert event_names() == names

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_two_changes_at_once_are_both_found_by_search(self):
        pk = make_customer(account="Before").pk

        def change(**fields):
            return customers.update_customer(Customer.objects.get(pk=pk), actor=SYSTEM, **fields)

        at_once([lambda: change(account="Harbour"), lambda: change(city="Bristol")])

        assert Customer.objects.search("harbour bristol").count() == 1
        assert Customer.objects.get().version == 3

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_two_deletions_at_once_delete_once(self, api):
        customer = make_customer()

        answers = at_once([lambda: api.delete(f"/customers/{customer.pk}")] * 2)

        assert sorted(answer.status for answer in answers) == [200, 404]
        assert event_names() == ["customer.created", "customer.deleted"]


class TestArchiving:
    def test_twice_changes_nothing_the_second_time(self):
        customer = make_customer()
        archived_at = customers.archive_customer(customer, actor=SYSTEM).archived_at

        again = customers.archive_customer(customer, actor=SYSTEM)

        assert again.archived_at == archived_at
        assert event_names() == ["customer.created", "customer.archived"]

    def test_can_be_undone(self):
        customer = make_customer()
        customers.archive_customer(customer, actor=SYSTEM)

        customers.restore_customer(customer, actor=SYSTEM)
        customers.restore_customer(customer, actor=SYSTEM)

        assert list(Customer.objects.active()) == [customer]
        assert event_names() == ["customer.created", "customer.archived", "customer.updated"]

    def test_an_archived_customer_gets_no_new_documents(self):
        customer = make_customer()
        require_active(customer)
        customers.archive_customer(customer, actor=SYSTEM)

        with pytest.raises(CustomerArchived) as refusal:
            require_active(customer)
        assert refusal.value.allowed == []


def test_the_database_refuses_a_customer_without_a_name():
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.create(account="")


def test_instants_are_utc_and_whole_seconds(api):
    before = timezone.now().replace(microsecond=0)
    shown = api.post("/customers", {"account": "Jane"}).data["created_at"]

    assert before.strftime("%Y-%m-%dT%H:%M") == shown[:16]
    assert shown.endswith("Z")
    assert "." not in shown
