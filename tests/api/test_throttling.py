"""The rate limit as a client sees it."""

import datetime

import pytest

from bizsuite.api import middleware
from bizsuite.team.keys import revoke_api_key
from customers.models import Customer
from tests.api_client import ApiClient
from tests.factories import SYSTEM, make_key

pytestmark = pytest.mark.django_db

TEN = datetime.datetime(2024, 1, 15, 10, 0, 0, tzinfo=datetime.UTC)


@pytest.fixture
def clock(monkeypatch):
    """The middleware's clock; `clock.now` can be moved."""

    class Clock:
        now_is = TEN

        def now(self):
            return self.now_is

    clock = Clock()
    monkeypatch.setattr(middleware, "timezone", clock)
    return clock


def rate(answer) -> tuple[str, str, str]:
    return tuple(answer.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset"))


def test_the_headers_count_down_to_the_end_of_the_window(api, clock):
    ends = str(int(TEN.timestamp()) + 3600)

    assert rate(api.get("/customers")) == ("1000", "999", ends)
    clock.now_is += datetime.timedelta(minutes=59)
    assert rate(api.get("/customers")) == ("1000", "998", ends)


def test_a_new_window_starts_with_the_first_request_after_the_old_one(api, clock):
    api.get("/customers")
    clock.now_is += datetime.timedelta(minutes=60)

    assert rate(api.get("/customers")) == ("1000", "999", str(int(TEN.timestamp()) + 7200))


@pytest.mark.urls("tests.api.urls")
def test_every_answer_has_them(api):
    statuses = [
        answer.status
        for number, answer in enumerate(
            [
                api.get("/customers"),
                api.post("/customers", {"account": "Jane"}),
                api.get("/nothing"),
                api.get("/failing"),
                api.delete("/customers"),
                api.post("/customers", {}),
                api.post("/customers", raw=b"x", content_type="text/plain"),
                api.get("/customers?search=" + "a" * 8000),
                api.get("/database-away"),
                api.get("/docs"),
            ],
            start=1,
        )
        if answer.headers["X-RateLimit-Remaining"] == str(1000 - number)
    ]

    assert statuses == [200, 201, 404, 500, 405, 400, 415, 414, 503, 200]


def test_past_the_limit_nothing_is_done(client_with, clock):
    client = client_with(rate_limit=2)
    allowed = [client.post("/customers", {"account": "Jane"}).status for _ in range(2)]
    clock.now_is += datetime.timedelta(seconds=600)

    refused = client.post("/customers", {"account": "Jane"})

    assert (allowed, refused.status) == ([201, 201], 429)
    assert refused.body["code"] == "rate_limited"
    assert refused.headers["Retry-After"] == "3000"
    assert rate(refused)[:2] == ("2", "0")
    assert Customer.objects.count() == 2


def test_after_the_window_the_key_works_again(client_with, clock):
    client = client_with(rate_limit=1)
    client.get("/customers")
    assert client.get("/customers").status == 429
    clock.now_is += datetime.timedelta(seconds=3600)

    assert client.get("/customers").status == 200


def test_a_key_has_its_own_limit(client_with, settings):
    settings.RATE_LIMIT_PER_HOUR = 5
    usual, generous = client_with(), client_with(rate_limit=50_000)

    assert rate(usual.get("/customers"))[:2] == ("5", "4")
    assert rate(generous.get("/customers"))[:2] == ("50000", "49999")


def test_keys_are_counted_apart_also_when_one_user_has_both(settings):
    settings.RATE_LIMIT_PER_HOUR = 1
    key, text = make_key()
    second = make_key(key.user)[1]

    statuses = [ApiClient(each).get("/customers").status for each in (text, text, second)]

    assert statuses == [200, 429, 200]


def test_requests_without_a_key_are_counted_by_address(anonymous, api, settings):
    settings.RATE_LIMIT_PER_HOUR = 2
    here = [anonymous.get("/customers").status for _ in range(3)]
    elsewhere = anonymous.get("/customers", REMOTE_ADDR="127.0.0.2")

    assert here == [401, 401, 429]
    assert elsewhere.status == 401
    assert rate(elsewhere)[:2] == ("2", "1")
    assert api.get("/customers").status == 200


def test_guessing_keys_is_counted_by_address(settings):
    settings.RATE_LIMIT_PER_HOUR = 3
    statuses = [ApiClient(f"bs_live_{n:012}_{n:032}").get("/customers").status for n in range(4)]

    assert statuses == [401, 401, 401, 429]


def test_a_revoked_key_no_longer_has_a_limit_of_its_own(settings):
    settings.RATE_LIMIT_PER_HOUR = 10
    key, text = make_key(rate_limit=1000)
    client = ApiClient(text)
    assert rate(client.get("/customers"))[0] == "1000"

    revoke_api_key(key, actor=SYSTEM)

    assert client.get("/customers").status == 401
    assert rate(client.get("/customers"))[0] == "10"


def test_a_made_up_forwarded_address_starts_no_new_window(anonymous, settings):
    settings.RATE_LIMIT_PER_HOUR = 2
    statuses = [
        anonymous.get("/customers", headers={"X-Forwarded-For": f"198.51.100.{n}"}).status
        for n in range(3)
    ]

    assert statuses == [401, 401, 429]


def test_pages_outside_the_api_are_not_counted(api, client):
    client.get("/admin/login/", SERVER_NAME="localhost")

    assert rate(api.get("/customers"))[1] == "999"
