"""Many records in one request: all of them or none."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bizsuite.events.models import Event
from customers.models import Customer
from tests.concurrency import at_once
from tests.factories import make_customer

pytestmark = pytest.mark.django_db

REFERENCE = {
    "customers": [
        {"account": "Customer 1", "email": "customer1@example.com"},
        {"account": "Customer 2", "email": "customer2@example.com"},
    ]
}


def customers(count: int, **fields) -> dict:
    return {"customers": [{"account": f"Customer {n}"} | fields for n in range(count)]}


def refused(api, body) -> dict[str, str]:
    """The errors of a batch that must leave nothing behind."""
    before = Customer.objects.count(), Event.objects.count()
    errors = api.post("/batch/customers", body).errors
    assert (Customer.objects.count(), Event.objects.count()) == before
    return errors


def test_the_references_batch_is_created_in_order(api):
    answer = api.post("/batch/customers", REFERENCE)

    assert answer.status == 201
    assert [row["account"] for row in answer.data] == ["Customer 1", "Customer 2"]
    assert answer.data == [api.get(f"/customers/{row['id']}").data for row in answer.data]


def test_each_record_has_its_event(api):
    data = api.post("/batch/customers", REFERENCE).data

    events = Event.objects.filter(type="customer.created").order_by("id")
    assert [event.object_id for event in events] == [row["id"] for row in data]


def test_products_come_in_batches_too(api):
    products = [{"name": "Mug", "price": "2.55"}, {"name": "Hanger", "price": 3, "tax_rate": 20}]
    with CaptureQueriesContext(connection) as of_two:
        answer = api.post("/batch/products", {"products": products})
    with CaptureQueriesContext(connection) as of_six:
        api.post("/batch/products", {"products": products * 3})

    assert answer.status == 201
    assert answer.data == [api.get(f"/products/{row['id']}").data for row in answer.data]
    assert Event.objects.filter(type="product.created").count() == 8
    assert len(of_six) == len(of_two)


def test_errors_name_the_record_and_nothing_is_written(api):
    body = customers(3)
    body["customers"][1]["email"] = "nonsense"
    body["customers"][2] = {"account": 5, "nickname": "x"}

    assert refused(api, body) == {
        "customers.1.email": "Invalid email format",
        "customers.2.account": "Must be text",
        "customers.2.nickname": "Unknown field",
    }


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"customers": "This field is required"}),
        ({"customers": None}, {"customers": "This field may not be null"}),
        ({"customers": {}}, {"customers": "Must be a list"}),
        ({"customers": "x"}, {"customers": "Must be a list"}),
        ({"customers": []}, {"customers": "Send at least one record"}),
        (customers(1001), {"customers": "Send no more than 1000 records"}),
        ({"customers": ["x"]}, {"customers.0": "Must be an object"}),
        ({"customers": [None]}, {"customers.0": "This field may not be null"}),
        ({"customers": [{}]}, {"customers.0.account": "This field is required"}),
        (customers(1, id=7), {"customers.0.id": "This field is read-only"}),
        (customers(1) | {"mode": "partial"}, {"mode": "Unknown field"}),
        ({"clients": []}, {"clients": "Unknown field", "customers": "This field is required"}),
    ],
)
def test_a_body_of_another_shape_is_refused(api, body, errors):
    assert refused(api, body) == errors


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("page=1", {"page": "Unknown parameter"}),
        ("mode=all", {"mode": "Must be partial"}),
        ("mode=", {"mode": "Must be partial"}),
        ("upsert=id", {"upsert": "Must be external_id"}),
        ("mode=partial&mode=partial", {"mode": "Give this parameter once"}),
    ],
)
def test_parameters_that_have_no_meaning_are_refused(api, query, error):
    assert api.post(f"/batch/customers?{query}", REFERENCE).errors == error
    assert not Customer.objects.exists()


def test_fields_cut_the_answer(api):
    answer = api.post("/batch/customers?fields=account", customers(1))

    assert answer.data == [{"account": "Customer 0"}]


class TestExternalIds:
    def test_one_that_is_taken_is_named(self, api):
        make_customer(external_id="A")
        body = customers(3)
        body["customers"][2]["external_id"] = "A"

        assert refused(api, body) == {"customers.2.external_id": "Another record has this value"}

    def test_all_that_have_the_same_are_named(self, api):
        body = {"customers": [{"account": "J", "external_id": each} for each in ("A", "B", " A ")]}

        assert refused(api, body) == {
            f"customers.{index}.external_id": "Records 0, 2 of this batch have the same value"
            for index in (0, 2)
        }

    def test_many_may_have_none(self, api):
        body = customers(2, external_id=None)

        assert api.post("/batch/customers", body).status == 201

    def test_a_second_run_adds_nothing(self, api):
        body = {"customers": [{"account": "J", "external_id": str(n)} for n in range(5)]}
        assert api.post("/batch/customers", body).status == 201

        assert len(refused(api, body)) == 5

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_of_two_batches_at_the_same_moment_one_is_whole_and_the_other_nothing(self, api):
        body = {"customers": [{"account": "J", "external_id": str(n)} for n in range(20)]}

        answers = at_once([lambda: api.post("/batch/customers", body)] * 2)

        assert sorted(answer.status for answer in answers) in ([201, 400], [201, 409])
        assert Customer.objects.count() == 20
        assert Event.objects.filter(type="customer.created").count() == 20


def test_a_thousand_are_written_with_few_queries(api, django_assert_max_num_queries):
    body = {
        "customers": [{"account": f"Customer {n}", "external_id": f"E-{n}"} for n in range(1000)]
    }

    with django_assert_max_num_queries(60):
        answer = api.post("/batch/customers", body)

    assert answer.status == 201
    assert [row["external_id"] for row in answer.data] == [f"E-{n}" for n in range(1000)]
    assert Customer.objects.count() == 1000


def test_a_batch_may_be_10_mb_and_no_more(api):
    notes = "n" * 2_400_000
    fits = {"customers": [{"account": "J", "notes": notes}] * 4}

    assert api.post("/batch/customers?fields=id", fits).status == 201
    answer = api.post("/batch/customers", {"customers": [{"account": "J", "notes": notes}] * 5})

    assert (answer.status, answer.body["code"]) == (413, "payload_too_large")
    assert answer.body["message"] == "The body is larger than 10 MB."
    assert Customer.objects.count() == 4
