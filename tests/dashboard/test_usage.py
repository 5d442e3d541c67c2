"""The page about what keys are used for."""

import datetime
import re

import pytest
from django.utils import timezone

from bizsuite.usage.models import HourlyUsage
from tests.backoffice.staff import text_of
from tests.factories import make_key, make_usage

pytestmark = pytest.mark.django_db

PAGE = "/admin/usage/"


@pytest.fixture
def shop():
    """A key that asked 100 times an hour ago, 5 times in vain, and once 40 days ago."""
    key, _ = make_key(name="Web shop")
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    hour -= datetime.timedelta(hours=1)
    make_usage(key, hour=hour, endpoint="GET /api/v2/customers", requests=95)
    make_usage(key, hour=hour, endpoint="POST /api/v2/invoices", status=409, requests=5)
    make_usage(key, hour=hour - datetime.timedelta(days=40), endpoint="GET /api/v2/leads")
    return key


def cards(page) -> list[str]:
    return re.findall(r'card-value">([^<]*)<', text_of(page))


def bars(page) -> list[str]:
    return re.findall(r'class="bar" title="([^"]*)"', text_of(page))


@pytest.mark.parametrize(
    ("days", "requests", "count"), [(1, "100", 24), (7, "100", 7), (30, "100", 30), (90, "101", 90)]
)
def test_it_adds_up_a_period(administrator, shop, days, requests, count):
    page = administrator.get(PAGE, {"days": days})

    assert cards(page) == [requests, "5", "1"]
    assert len(bars(page)) == count
    assert sum(int(re.search(r"answered (\d+)", bar)[1]) for bar in bars(page)) == int(requests) - 5
    assert sum(int(re.search(r"refused (\d+)", bar)[1]) for bar in bars(page)) == 5


def test_it_names_keys_and_endpoints(administrator, shop):
    text = text_of(administrator.get(PAGE))

    assert f'<a href="/admin/identity/apikey/{shop.pk}/change/">Web shop</a>' in text
    assert "<code>POST /api/v2/invoices</code>" in text
    assert "/api/v2/leads" not in text


def test_one_key_can_be_looked_at(administrator, shop):
    other, _ = make_key(name="Other")

    assert cards(administrator.get(PAGE, {"days": 7, "key": shop.pk})) == ["100", "5", "1"]
    assert "No requests in this time" in text_of(
        administrator.get(PAGE, {"days": 7, "key": other.pk})
    )


@pytest.mark.parametrize("query", [{"days": "x"}, {"key": "999"}, {"days": "-1"}])
def test_what_is_wrong_in_the_address_is_said(administrator, query):
    page = administrator.get(PAGE, query)

    assert page.status_code == 200
    assert cards(page) == []


def test_it_is_for_administrators(administrator, accountant_in_admin, viewer_in_admin, nobody):
    assert administrator.get(PAGE).status_code == 200
    assert accountant_in_admin.get(PAGE).status_code == 403
    assert viewer_in_admin.get(PAGE).status_code == 403
    assert nobody.get(PAGE).status_code == 302


def test_the_list_of_keys_says_when_each_was_last_used(administrator, shop):
    make_key(name="Unused")
    last = HourlyUsage.objects.filter(api_key=shop).latest("last_at").last_at

    text = text_of(administrator.get("/admin/identity/apikey/"))

    assert f"{timezone.localtime(last):%H:%M}" in text
    detail = text_of(administrator.get(f"/admin/identity/apikey/{shop.pk}/change/"))
    assert f"/admin/usage/?key={shop.pk}" in detail
