"""What is counted of requests, and GET /usage."""

import datetime

import pytest
from django.test import Client

from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from bizsuite.team.profile import update_organisation
from bizsuite.usage import recording
from bizsuite.usage.models import HourlyUsage
from tests.api_client import ApiClient
from tests.factories import SYSTEM, make_customer, make_key, make_usage

pytestmark = pytest.mark.django_db

TEN = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)


def counted() -> dict[tuple[str, int], int]:
    recording.usage_buffer.write()
    return {(row.endpoint, row.status): row.requests for row in HourlyUsage.objects.all()}


class TestWhatIsCounted:
    def test_endpoints_are_routes_and_not_addresses(self, api):
        customer = make_customer()
        api.get("/customers?search=jane")
        api.get(f"/customers/{customer.pk}")
        api.get("/customers/999999")
        api.post("/customers", {"account": "Jane"})
        api.post("/customers", {})
        api.get(f"/invoices/{customer.pk}/payments")
        api.get("/")

        assert counted() == {
            ("GET /api/v2/customers", 200): 1,
            ("GET /api/v2/customers/{id}", 200): 1,
            ("GET /api/v2/customers/{id}", 404): 1,
            ("POST /api/v2/customers", 201): 1,
            ("POST /api/v2/customers", 400): 1,
            ("GET /api/v2/invoices/{invoice_pk}/payments", 404): 1,
            ("GET /api/v2/", 200): 1,
        }

    def test_made_up_addresses_and_methods_are_one_kind_each(self, api):
        for path in ("/planets", "/moons/7", "/customers/abc"):
            api.get(path)
        for method in ("BREW", "PROPFIND"):
            api.request(method, "/customers")

        assert counted() == {
            ("GET (unknown address)", 404): 3,
            ("OTHER /api/v2/customers", 405): 2,
        }

    def test_refusals_of_a_valid_key_count(self, client_with):
        client = client_with(role=Role.VIEWER, rate_limit=2)
        client.post("/customers", {"account": "Jane"})
        client.delete("/products")
        client.get("/products/7")

        assert counted() == {
            ("POST /api/v2/customers", 403): 1,
            ("DELETE /api/v2/products", 405): 1,
            ("GET /api/v2/products/{id}", 429): 1,
        }

    @pytest.mark.urls("tests.api.urls")
    def test_our_own_failures_count(self, api):
        api.get("/failing")

        assert counted() == {("GET /api/v2/failing", 500): 1}

    def test_requests_without_a_valid_key_and_pages_do_not(self, anonymous):
        anonymous.get("/customers")
        ApiClient("bs_live_000000000000_" + "0" * 32).get("/customers")
        Client(SERVER_NAME="localhost").get("/admin/login/")

        assert counted() == {}


@pytest.fixture
def two_keys():
    """An administrator's client, a viewer's, and the ids of their keys; each has one row."""
    keys = [make_key(role=role) for role in (Role.ADMINISTRATOR, Role.VIEWER)]
    for key, _ in keys:
        make_usage(key, endpoint="GET /api/v2/customers", requests=7)
    return *(ApiClient(text) for _, text in keys), *(key.pk for key, _ in keys)


def test_a_row_says_who_when_what_and_how_often(two_keys):
    _, viewer, _, viewer_id = two_keys

    answer = viewer.get("/usage")

    assert answer.data == [
        {
            "hour": "2024-01-15T10:00:00Z",
            "key_id": viewer_id,
            "endpoint": "GET /api/v2/customers",
            "status": 200,
            "requests": 7,
            "last_at": "2024-01-15T10:05:00Z",
        }
    ]
    assert answer.meta == {"current_page": 1, "total_pages": 1, "total_records": 1, "limit": 20}


def test_an_administrator_sees_every_key(two_keys):
    administrator, viewer, administrator_id, viewer_id = two_keys

    assert [row["key_id"] for row in administrator.get("/usage").data] == [
        administrator_id,
        viewer_id,
    ]
    assert [row["key_id"] for row in administrator.get(f"/usage?key_id={viewer_id}").data] == [
        viewer_id
    ]
    assert viewer.get(f"/usage?key_id={administrator_id}").data == []


def test_an_administrators_key_with_scopes_sees_itself_only(two_keys):
    key, text = make_key(scopes=("customers:read",))
    make_usage(key)

    assert [row["key_id"] for row in ApiClient(text).get("/usage").data] == [key.pk]


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ("date_from=2024-01-15", [15, 16]),
        ("date_to=2024-01-15", [14, 15]),
        ("date_from=2024-01-15&date_to=2024-01-15", [15]),
        ("since=2024-01-15T23:00:00Z", [15, 16]),
        ("until=2024-01-15T23:00:00Z", [14]),
        ("since=2024-01-15T22:00:00Z&until=2024-01-16T00:00:00Z", [15]),
        ("date_to=9999-12-31", [14, 15, 16]),
    ],
)
def test_hours_are_chosen_by_day_or_instant(api, query, hours):
    key, _ = make_key()
    for day in (14, 15, 16):
        make_usage(key, hour=datetime.datetime(2024, 1, day, 23, tzinfo=datetime.UTC))

    assert [int(row["hour"][8:10]) for row in api.get(f"/usage?sort=hour&{query}").data] == hours


def test_days_are_the_organisations(api):
    update_organisation(organisation(), timezone="Asia/Tokyo", actor=SYSTEM)
    make_usage(hour=datetime.datetime(2024, 1, 14, 15, tzinfo=datetime.UTC))

    assert len(api.get("/usage?date_from=2024-01-15&date_to=2024-01-15").data) == 1
    assert api.get("/usage?date_to=2024-01-14").data == []
    assert len(api.get("/usage?date_from=0001-01-01&date_to=9999-12-31").data) == 1


def test_endpoints_can_be_chosen_and_rows_sorted(api):
    key, _ = make_key()
    make_usage(key, endpoint="GET /a", requests=2)
    make_usage(key, endpoint="GET /b", requests=9)
    make_usage(key, endpoint="GET /b", requests=1, status=404)

    assert [row["status"] for row in api.get("/usage?endpoint=GET /b").data] == [200, 404]
    busiest = api.get("/usage?sort=-requests&fields=requests").data
    assert busiest == [{"requests": 9}, {"requests": 2}, {"requests": 1}]


@pytest.mark.parametrize(
    "query", ["date_from=yesterday", "since=2024-01-15", "key_id=x", "external_id=1", "until="]
)
def test_what_is_wrong_is_named(api, query):
    assert list(api.get(f"/usage?{query}").errors) == [query.split("=")[0]]
