"""Webhooks in the admin."""

import re

import pytest

from bizsuite.events.models import Event
from tests.backoffice.staff import form_values, text_of
from tests.webhooks.factories import make_delivery, make_endpoint
from webhooks.admin.endpoints import EndpointAdmin
from webhooks.models import Delivery, WebhookEndpoint

LIST = "/admin/webhooks/webhookendpoint/"
DELIVERIES = "/admin/webhooks/delivery/"


@pytest.fixture(autouse=True)
def resolved(monkeypatch) -> list[str]:
    """What every name resolves to; a test may put something else in."""
    addresses = ["93.184.215.14"]
    monkeypatch.setattr(EndpointAdmin, "resolve", staticmethod(lambda host: addresses))
    return addresses


def test_a_new_endpoint_shows_its_secret_once(administrator):
    page = administrator.send(
        f"{LIST}add/",
        {"url": "https://shop.example.com/hook", "events": ["invoice.*", "customer.created"]},
    )

    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.events == ["invoice.*", "customer.created"]
    assert re.findall(r"whsec_[\w+/=]+", text_of(page)) == [endpoint.secret]
    assert "no-store" in page["Cache-Control"]
    assert Event.objects.get(type="webhook.created").source == "admin"
    assert endpoint.secret not in text_of(administrator.get(f"{LIST}{endpoint.pk}/change/"))


def test_a_private_destination_is_refused_at_the_url(administrator, resolved):
    resolved[:] = ["10.0.0.1"]

    answer = administrator.send(
        f"{LIST}add/", {"url": "https://inside.example.com/", "events": ["*"]}
    )

    assert "public address" in str(answer.context["adminform"].form.errors["url"])
    assert form_values(answer, "webhookendpoint_form")["events"] == "*"
    assert not WebhookEndpoint.objects.exists()


def test_a_url_of_the_wrong_form_is_refused_at_the_url(administrator):
    answer = administrator.send(f"{LIST}add/", {"url": "http://a.example.com/", "events": ["*"]})

    assert "https://" in str(answer.context["adminform"].form.errors["url"])
    assert not WebhookEndpoint.objects.exists()


def test_an_endpoint_is_switched_off(administrator):
    endpoint = make_endpoint()

    administrator.send(f"{LIST}{endpoint.pk}/change/", {"active": ""})

    endpoint.refresh_from_db()
    assert (endpoint.active, endpoint.disabled_reason) == (False, "by_hand")
    assert "Switched off by a person" in text_of(administrator.get(LIST))


def test_a_new_secret_is_shown_once(administrator):
    endpoint = make_endpoint()
    before = endpoint.secret

    page = administrator.post(f"{LIST}{endpoint.pk}/rotate-secret/")

    endpoint.refresh_from_db()
    assert endpoint.secret != before
    assert endpoint.secret in text_of(page)
    assert "no-store" in page["Cache-Control"]


def test_a_test_is_sent(administrator):
    endpoint = make_endpoint()

    answer = administrator.post(f"{LIST}{endpoint.pk}/send-test/")

    delivery = Delivery.objects.get(endpoint=endpoint)
    assert answer["Location"] == f"{DELIVERIES}{delivery.pk}/change/"
    assert "webhook.tested" in text_of(administrator.get(DELIVERIES))


def test_an_endpoint_leads_to_its_deliveries(administrator):
    delivery = make_delivery()
    other = make_delivery(endpoint=make_endpoint(url="https://other.example.com/"))

    link = f"{DELIVERIES}?endpoint__id__exact={delivery.endpoint_id}"
    assert link in text_of(administrator.get(f"{LIST}{delivery.endpoint_id}/change/"))
    text = text_of(administrator.get(link))
    assert f"{DELIVERIES}{delivery.pk}/change/" in text
    assert f"{DELIVERIES}{other.pk}/change/" not in text
