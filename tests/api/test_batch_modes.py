"""Batches of every resource: what is refused is named, alone with `mode=partial`; `upsert`."""

import threading

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice, Payment, Transaction
from bizsuite.api.batches import BatchMixin
from bizsuite.events.models import Event
from customers import customers as actions
from customers.customers import archive_customer
from customers.models import Customer
from tests import factories
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_customer, make_draft, make_invoice

pytestmark = pytest.mark.django_db


def new_invoice(customer: Customer, **fields) -> dict:
    items = [{"description": "Work", "amount": 100, "qty": 1, "tax_rate": 20}]
    return {"customer_id": customer.pk, "date": "2024-01-15", "items": items} | fields


def new_transaction(**fields) -> dict:
    return {
        "type": "Income",
        "account_id": 1,
        "category_id": 1,
        "amount": "10.00",
        "date": "2024-01-15",
    } | fields


def archived() -> Customer:
    return archive_customer(make_customer(), actor=SYSTEM)


def statuses(answer) -> list[int]:
    assert answer.status == 207, answer.body
    assert [each["index"] for each in answer.data] == list(range(len(answer.data)))
    return [each["status"] for each in answer.data]


def events(name: str) -> int:
    return Event.objects.filter(type=name).count()


class TestAllOrNothing:
    def test_invoices_get_their_numbers_in_order(self, api):
        customer = make_customer()
        body = {"invoices": [new_invoice(customer), new_invoice(customer, draft=True)] * 2}

        answer = api.post("/batch/invoices", body)

        assert answer.status == 201
        numbers = [row["invoice_number"] for row in answer.data]
        assert numbers == ["INV-2024-001", None, "INV-2024-002", None]
        assert answer.data == [api.get(f"/invoices/{row['id']}").data for row in answer.data]
        assert (events("invoice.created"), events("invoice.issued")) == (4, 2)

    def test_transactions_may_pay_invoices(self, api):
        invoice = make_invoice("10.00")
        body = {"transactions": [new_transaction(), new_transaction(invoice_id=invoice.pk)]}

        answer = api.post("/batch/transactions", body)

        assert answer.status == 201
        assert [row["payment_id"] is None for row in answer.data] == [True, False]
        assert api.get(f"/invoices/{invoice.pk}").data["status"] == "Paid"

    def test_a_refusal_of_the_rules_names_its_records(self, api):
        customer = make_customer()
        bad = new_invoice(customer, due_date="2024-01-01")
        body = {"invoices": [new_invoice(customer), bad, new_invoice(archived()), bad]}
        before = Event.objects.count()

        answer = api.post("/batch/invoices", body)

        late = "Due date must not be before the invoice's date"
        assert list(answer.errors) == ["invoices.1.due_date", "invoices.2", "invoices.3.due_date"]
        assert answer.errors["invoices.3.due_date"] == late
        assert "is archived" in answer.errors["invoices.2"]
        assert not Invoice.objects.exists()
        assert Event.objects.count() == before

    def test_a_conflict_names_its_record_and_keeps_its_code(self, api):
        body = {"invoices": [new_invoice(make_customer()), new_invoice(archived())]}

        answer = api.post("/batch/invoices", body)

        assert (answer.status, answer.body["code"]) == (409, "customer_archived")
        assert answer.body["message"].startswith("invoices.1: Customer ")
        assert not Invoice.objects.exists()

    def test_after_a_refusal_no_number_is_missing(self, api):
        customer = make_customer()
        api.post("/batch/invoices", {"invoices": [new_invoice(customer), new_invoice(archived())]})

        answer = api.post("/batch/invoices", {"invoices": [new_invoice(customer)]})

        assert answer.data[0]["invoice_number"] == "INV-2024-001"

    def test_rights_are_those_of_one_by_one(self, client_with):
        client = client_with(scopes=("transactions:write",))
        paying = new_transaction(invoice_id=make_invoice("10.00").pk)

        one = client.post("/transactions", paying)
        many = client.post("/batch/transactions", {"transactions": [new_transaction(), paying]})

        assert one.status == many.status == 403
        assert many.body["message"] == f"transactions.1: {one.body['message']}"
        assert not Transaction.objects.exists()


class TestPartial:
    def test_each_record_has_an_answer_of_its_own(self, api):
        good, bad = {"account": "Jane", "external_id": "A"}, {"account": "J", "email": "nonsense"}

        answer = api.post("/batch/customers?mode=partial", {"customers": [good, bad, 5, good]})

        assert statuses(answer) == [400, 400, 400, 400]
        assert answer.data[1] == {
            "index": 1,
            "status": 400,
            "errors": {"email": "Invalid email format"},
            "message": "Validation failed",
            "code": "validation_failed",
        }
        assert answer.data[2]["errors"] == {"body": "Must be an object"}
        assert not Customer.objects.exists()

    def test_what_is_good_is_written_and_the_rest_leaves_nothing(self, api):
        body = {"customers": [{"account": f"Customer {n}"} for n in range(100)]}
        for index in (3, 50, 99):
            body["customers"][index]["email"] = "nonsense"

        answer = api.post("/batch/customers?mode=partial", body)

        assert [index for index, status in enumerate(statuses(answer)) if status == 400] == [
            3, 50, 99,
        ]  # fmt: skip
        assert Customer.objects.count() == events("customer.created") == 97
        assert answer.data[4]["data"] == api.get(f"/customers/{answer.data[4]['data']['id']}").data

    def test_a_conflict_shows_its_message_and_code_and_burns_no_number(self, api):
        customer = make_customer()
        one, late = new_invoice(customer), new_invoice(customer, due_date="2024-01-01")
        body = {"invoices": [one, new_invoice(archived()), one, late, one]}

        answer = api.post("/batch/invoices?mode=partial", body)

        assert statuses(answer) == [201, 409, 201, 400, 201]
        conflict = answer.data[1]
        assert (conflict["code"], conflict["errors"]) == ("customer_archived", {})
        assert "is archived" in conflict["message"]
        assert list(answer.data[3]["errors"]) == ["due_date"]
        made = [each["data"]["invoice_number"] for each in answer.data if "data" in each]
        assert made == ["INV-2024-001", "INV-2024-002", "INV-2024-003"]
        assert (events("invoice.created"), events("invoice.issued")) == (3, 3)

    def test_what_one_record_takes_is_not_there_for_the_next(self, api):
        """One by one, the second payment would be too much."""
        invoice = make_invoice("10.00")
        paying = new_transaction(invoice_id=invoice.pk)

        answer = api.post(
            "/batch/transactions?mode=partial",
            {"transactions": [paying, paying, new_transaction()]},
        )

        assert statuses(answer) == [201, 409, 201]
        assert answer.data[1]["code"] == "invoice_not_open"
        assert Payment.objects.count() == 1

    def test_a_right_that_is_missing_is_missing_for_its_record(self, client_with):
        client = client_with(scopes=("transactions:write",))
        paying = new_transaction(invoice_id=make_invoice("10.00").pk)

        answer = client.post(
            "/batch/transactions?mode=partial", {"transactions": [paying, new_transaction()]}
        )

        assert statuses(answer) == [403, 201]
        assert not Payment.objects.exists()

    def test_one_idempotency_key_is_for_the_whole(self, api):
        body = {"customers": [{"account": "Jane"}, {}]}
        key = {"Idempotency-Key": "import-1"}

        first, again = [
            api.post("/batch/customers?mode=partial", body, headers=key) for _ in range(2)
        ]

        assert first.raw == again.raw
        assert again.headers["Idempotent-Replayed"] == "true"
        assert Customer.objects.count() == 1

    def test_the_list_itself_must_be_right(self, api):
        for customers in ([], {}, None, [{"account": "J"}] * 1001):
            answer = api.post("/batch/customers?mode=partial", {"customers": customers})
            assert list(answer.errors) == ["customers"]

    def test_fields_and_expand_are_about_the_records(self, api):
        body = {"invoices": [new_invoice(make_customer())]}

        answer = api.post("/batch/invoices?mode=partial&fields=id&expand=customer", body)

        assert list(answer.data[0]["data"]) == ["id", "customer"]

    def test_a_collision_with_another_request_is_a_409_of_its_record(self, api, monkeypatch):
        real = actions.create_customers

        def collide(items, **options):
            if any(item["account"] == "Taken" for item in items):
                raise IntegrityError("UNIQUE constraint failed: customers_customer.external_id")
            return real(items, **options)

        monkeypatch.setattr(actions, "create_customers", collide)
        body = {"customers": [{"account": name} for name in ("Jane", "Taken", "Joan")]}
        answer = api.post("/batch/customers?mode=partial", body)

        assert statuses(answer) == [201, 409, 201]
        assert answer.data[1]["code"] == "conflict"


class TestUpsert:
    def test_a_second_run_changes_what_the_first_made(self, api):
        body = {"customers": [{"account": f"C{n}", "external_id": str(n)} for n in range(3)]}
        first = api.post("/batch/customers?upsert=external_id", body)
        body["customers"][1]["account"] = "Renamed"

        second = api.post("/batch/customers?upsert=external_id", body)

        assert (first.status, second.status) == (201, 200)
        assert [row["id"] for row in second.data] == [row["id"] for row in first.data]
        assert [row["account"] for row in second.data] == ["C0", "Renamed", "C2"]
        assert (events("customer.created"), events("customer.updated")) == (3, 1)

    def test_only_what_is_sent_is_changed(self, api):
        kept = make_customer(external_id="A", email="jane@example.com")

        answer = api.post(
            "/batch/customers?upsert=external_id",
            {"customers": [{"external_id": "A", "phone": "1"}]},
        )

        assert (answer.status, answer.data[0]["id"]) == (200, kept.pk)
        assert (answer.data[0]["email"], answer.data[0]["phone"]) == ("jane@example.com", "1")

    def test_new_and_known_ones_come_back_in_order(self, api):
        make_customer(external_id="B")
        body = {
            "customers": [
                {"account": "New", "external_id": "A"},
                {"account": "Known", "external_id": "B"},
                {"account": "Nameless"},
            ]
        }

        together = api.post("/batch/customers?upsert=external_id", body)
        each = api.post("/batch/customers?upsert=external_id&mode=partial", body)

        assert together.status == 201
        assert [row["account"] for row in together.data] == ["New", "Known", "Nameless"]
        assert statuses(each) == [200, 200, 201]
        assert Customer.objects.count() == 4

    def test_one_that_stands_twice_names_both(self, api):
        known = make_customer(external_id="A")
        body = {"customers": [{"account": each, "external_id": "A"} for each in ("One", "Two")]}

        answer = api.post("/batch/customers?upsert=external_id", body)

        text = "Records 0, 1 of this batch have the same value"
        assert answer.errors == {
            "customers.0.external_id": text,
            "customers.1.external_id": text,
        }
        known.refresh()
        assert known.account == "Jane Smith"

    def test_of_many_that_are_the_same_a_few_are_named(self, api):
        body = {"customers": [{"account": "Jane", "external_id": "A"}] * 1000}

        answer = api.post("/batch/customers?upsert=external_id", body)

        assert len(answer.errors) == 1000
        assert answer.errors["customers.999.external_id"] == (
            "Records 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 990 more of this batch have the same value"
        )
        assert not Customer.objects.exists()

    def test_an_archived_record_is_changed_and_stays_archived(self, api):
        customer = archive_customer(make_customer(external_id="A"), actor=SYSTEM)

        answer = api.post(
            "/batch/customers?upsert=external_id",
            {"customers": [{"account": "Changed", "external_id": "A"}]},
        )

        assert (answer.status, answer.data[0]["id"]) == (200, customer.pk)
        assert answer.data[0]["archived_at"] is not None

    def test_the_rules_of_a_change_hold(self, api):
        customer = make_customer()
        make_invoice("50.00", customer=customer, external_id="issued")
        make_draft("50.00", customer=customer, external_id="draft")
        body = {
            "invoices": [
                new_invoice(customer, external_id="issued"),
                new_invoice(customer, external_id="draft", draft=True),
            ]
        }

        together = api.post("/batch/invoices?upsert=external_id", body)
        each = api.post("/batch/invoices?upsert=external_id&mode=partial", body)

        assert (together.status, together.body["code"]) == (409, "invoice_issued")
        assert together.body["message"].startswith("invoices.0: ")
        assert statuses(each) == [409, 200]
        assert each.data[0]["code"] == "invoice_issued"
        assert each.data[1]["data"]["amount"] == 120

    def test_documents_can_be_sent_again_as_they_were_created(self, api):
        customer, invoice = make_customer(), make_invoice("10.00")
        invoices = {
            "invoices": [
                new_invoice(customer, external_id="A"),
                new_invoice(customer, external_id="B", draft=True),
                new_invoice(customer, external_id="C", draft=False),
            ]
        }
        lines = {
            "transactions": [
                new_transaction(external_id="A"),
                new_transaction(external_id="B", invoice_id=invoice.pk),
            ]
        }

        for name, body in (("invoices", invoices), ("transactions", lines)):
            first = api.post(f"/batch/{name}?upsert=external_id", body)
            before = Event.objects.count()
            again = api.post(f"/batch/{name}?upsert=external_id", body)
            assert (first.status, again.status) == (201, 200), again.body
            assert again.data == first.data
            assert Event.objects.count() == before

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    @pytest.mark.parametrize("mode", ["", "&mode=partial"])
    def test_two_at_once_make_one_record(self, api, mode):
        body = {"customers": [{"account": "Jane", "external_id": str(n)} for n in range(20)]}
        backwards = {"customers": body["customers"][::-1]}

        answers = at_once(
            [
                lambda each=each: api.post(f"/batch/customers?upsert=external_id{mode}", each)
                for each in (body, body, backwards)
            ]
        )

        assert {answer.status for answer in answers} <= {200, 201, 207}
        assert Customer.objects.count() == 20
        assert events("customer.created") == 20

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_a_record_that_appears_meanwhile_is_changed(self, api, monkeypatch):
        """Another request adds it between the look and the write."""
        real = actions.create_customers
        once = threading.Semaphore(1)

        def overtaken(items, **options):
            if once.acquire(blocking=False):
                raise IntegrityError("UNIQUE constraint failed: customers_customer.external_id")
            return real(items, **options)

        monkeypatch.setattr(actions, "create_customers", overtaken)
        body = {"customers": [{"account": "Jane", "external_id": "A"}]}

        assert api.post("/batch/customers?upsert=external_id", body).status == 201
        assert Customer.objects.count() == events("customer.created") == 1

    @pytest.mark.parametrize("mode", ["", "&mode=partial"])
    def test_a_record_that_the_look_just_missed_is_changed(self, api, monkeypatch, mode):
        """It was committed after the look for known ones and before the check of the rest."""
        make_customer(external_id="A")
        real = BatchMixin._find_known
        looks = []

        def too_early(self, external_ids):
            looks.append(1)
            return {} if len(looks) == 1 else real(self, external_ids)

        monkeypatch.setattr(BatchMixin, "_find_known", too_early)
        body = {"customers": [{"account": "Joan", "external_id": "A"}]}

        assert api.post(f"/batch/customers?upsert=external_id{mode}", body).status in (200, 207)
        assert [customer.account for customer in Customer.objects.all()] == ["Joan"]


class TestCost:
    def test_a_record_more_costs_no_query_more(self, api):
        customers = [make_customer() for _ in range(3)]
        product = factories.make_product()

        def queries(count: int) -> int:
            body = {"invoices": [new_invoice(customers[n % 3]) for n in range(count)]}
            for invoice in body["invoices"]:
                invoice["items"][0]["product_id"] = product.pk
            with CaptureQueriesContext(connection) as captured:
                assert api.post("/batch/invoices", body).status == 201
            return len(captured)

        queries(1)  # the year's counter is made
        assert queries(12) == queries(3)

    def test_a_thousand_invoices_take_few_queries(self, api, django_assert_max_num_queries):
        customer = make_customer()
        body = {"invoices": [new_invoice(customer)] * 1000}

        with django_assert_max_num_queries(200):
            answer = api.post("/batch/invoices?fields=invoice_number", body)

        assert answer.status == 201
        assert answer.data[-1] == {"invoice_number": "INV-2024-1000"}
