"""Pages, their links and order, and the choice of fields."""

import itertools
import re

import pytest

from bizsuite.api.listing import ordered
from customers.customers import create_customers
from customers.models import Customer
from tests.factories import SYSTEM, make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def forty_five():
    """45 customers; every third has the same city."""
    return create_customers(
        [{"account": f"Customer {n}", "city": f"City {n % 3}"} for n in range(45)], actor=SYSTEM
    )


def ids(answer) -> list[int]:
    return [row["id"] for row in answer.data]


def test_an_empty_list_has_one_page(api):
    answer = api.get("/customers")

    assert answer.data == []
    assert answer.meta == {"current_page": 1, "total_pages": 1, "total_records": 0, "limit": 20}


def test_pages_follow_each_other_and_hold_every_row_once(api, forty_five):
    pages = [api.get(f"/customers?page={number}") for number in (1, 2, 3)]

    assert [len(page.data) for page in pages] == [20, 20, 5]
    assert [pk for page in pages for pk in ids(page)] == [customer.pk for customer in forty_five]
    assert pages[1].meta == {
        "current_page": 2,
        "total_pages": 3,
        "total_records": 45,
        "limit": 20,
    }


@pytest.mark.parametrize("page", [4, 10**9])
def test_a_page_past_the_end_is_empty(api, forty_five, page):
    answer = api.get(f"/customers?page={page}&limit=100")

    assert (answer.status, answer.data) == (200, [])
    assert answer.meta["current_page"] == page


def links(answer) -> dict[str, str]:
    pairs = re.findall(r'<http://localhost([^>]+)>; rel="(\w+)"', answer.headers["Link"])
    return {name: address for address, name in pairs}


def test_links_lead_to_the_other_pages_and_keep_the_query(api, forty_five):
    found = links(api.get("/customers?limit=10&sort=-id&page=2&search=customer"))

    assert list(found) == ["first", "prev", "next", "last"]
    assert found["next"] == "/api/v2/customers?limit=10&sort=-id&page=3&search=customer"
    assert "page=5" in found["last"]
    assert api.get(found["next"].removeprefix("/api/v2")).meta["current_page"] == 3


def test_the_first_page_has_no_previous_and_the_last_no_next(api, forty_five):
    assert list(links(api.get("/customers"))) == ["first", "next", "last"]
    assert list(links(api.get("/customers?page=3"))) == ["first", "prev", "last"]
    assert list(links(api.get("/customers?limit=100"))) == ["first", "last"]


def test_past_the_end_the_previous_page_is_the_last_one(api, forty_five):
    found = links(api.get("/customers?page=99"))

    assert found["prev"] == found["last"] == "/api/v2/customers?page=3"


@pytest.mark.parametrize("sort", ["city", "-city", "city,-account", "created_at", "-updated_at"])
def test_the_order_is_total_so_that_pages_never_overlap(api, forty_five, sort):
    pages = [ids(api.get(f"/customers?sort={sort}&limit=9&page={n}")) for n in range(1, 6)]

    assert sorted(itertools.chain(*pages)) == sorted(customer.pk for customer in forty_five)


def test_sorting_is_by_the_columns_named_and_then_by_id(api):
    rows = [
        make_customer(account=account, city=city)
        for account, city in [("B", "X"), ("A", "X"), ("A", "Y"), ("A", "X")]
    ]
    position = {customer.pk: number for number, customer in enumerate(rows)}

    def order(sort):
        return [position[pk] for pk in ids(api.get(f"/customers?sort={sort}"))]

    assert order("account,-city") == [2, 1, 3, 0]
    assert order("-city") == [2, 0, 1, 3]
    assert order("-id") == [3, 2, 1, 0]
    assert order("-city,-id") == [2, 3, 1, 0]


def test_every_order_ends_in_the_id():
    for sort in (None, "id", "account", "-account,city"):
        assert (
            "id" in ordered(Customer.objects.all(), sort, ("id", "account", "city")).query.order_by
        )


def test_fields_cut_a_list_down(api):
    customer = make_customer(account="Jane", email="jane@example.com")

    assert api.get("/customers?fields=id,account").data == [{"id": customer.pk, "account": "Jane"}]


def test_fields_cut_one_record_down(api):
    customer = make_customer(account="Jane")

    assert api.get(f"/customers/{customer.pk}?fields=account").data == {"account": "Jane"}
    answer = api.patch(f"/customers/{customer.pk}?fields=account", {"account": "Joan"})
    assert answer.data == {"account": "Joan"}


def test_fields_of_a_creation_cut_the_answer_and_not_the_record(api):
    answer = api.post("/customers?fields=id", {"account": "Jane"})

    assert list(answer.data) == ["id"]
    assert Customer.objects.get().account == "Jane"


def test_money_free_metadata_is_shown_as_it_was_stored(api):
    make_customer(metadata={"crm": "42"})

    assert api.get("/customers").data[0]["metadata"] == {"crm": "42"}
