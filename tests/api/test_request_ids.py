"""Each request has a name, which everything that it causes carries."""

import logging
import re

import pytest

from bizsuite.api.request_ids import RequestIdFilter, current_request_id
from bizsuite.events.models import Event
from tests.api_client import ApiClient

pytestmark = pytest.mark.django_db


def test_a_request_without_an_id_gets_one(api):
    first, second = api.get("/customers"), api.get("/customers")

    assert re.fullmatch("[0-9a-f]{32}", first.headers["X-Request-ID"])
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]


@pytest.mark.parametrize("inbound", ["a", "order-7:retry.2_b", "A" * 128])
def test_a_plain_id_is_echoed(api, inbound):
    answer = api.get("/customers", headers={"X-Request-ID": inbound})

    assert answer.headers["X-Request-ID"] == inbound


@pytest.mark.parametrize("inbound", ["", "A" * 129, "a b", "a\nb", "ü", '"><script>', "a,b"])
def test_anything_else_is_replaced(api, inbound):
    answer = api.get("/customers", headers={"X-Request-ID": inbound})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


@pytest.mark.parametrize("path", ["/nothing", "/customers"])
def test_refusals_have_one_too(path):
    answer = ApiClient().get(path, headers={"X-Request-ID": "mine"})

    assert answer.headers["X-Request-ID"] == "mine"


def test_the_audit_row_keeps_it(api):
    api.post("/customers", {"account": "Jane"}, headers={"X-Request-ID": "mine"})

    assert Event.objects.get(type="customer.created").request_id == "mine"


@pytest.mark.urls("tests.api.urls")
def test_log_lines_carry_it(api, caplog):
    caplog.handler.addFilter(RequestIdFilter())

    api.get("/failing", headers={"X-Request-ID": "mine"})

    ours = [line for line in caplog.records if line.name == "bizsuite.api.exceptions"]
    assert [line.request_id for line in ours] == ["mine"]
    assert current_request_id.get() == "-"


def test_the_log_is_written_with_it(settings):
    console = settings.LOGGING["handlers"]["console"]
    assert console["filters"] == ["request_id", "outages", "secret_paths"]
    assert "%(request_id)s" in settings.LOGGING["formatters"][console["formatter"]]["format"]
    line = logging.LogRecord("name", logging.INFO, "path", 1, "text", None, None)
    assert RequestIdFilter().filter(line)
    assert line.request_id == "-"
