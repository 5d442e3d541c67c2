"""Behind a proxy that ends TLS and is trusted, everything is HTTPS."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.api_client import ApiClient
from tests.factories import PASSWORD, make_key, make_user

pytestmark = pytest.mark.django_db

PROXIED = {
    "SERVER_NAME": "localhost",
    "HTTP_HOST": "localhost",
    "REMOTE_ADDR": "10.1.1.1",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_FOR": "203.0.113.9",
}


@pytest.fixture(autouse=True)
def _trusted_proxy(settings):
    settings.TRUSTED_PROXIES = ["10.1.1.1"]


def test_links_are_https():
    answer = ApiClient(make_key()[1], **PROXIED).get("/customers")

    assert answer.headers["Link"].startswith("<https://localhost")
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_somebody_signs_in_from_the_https_page():
    user = make_user()
    browser = Client(enforce_csrf_checks=True, **PROXIED)
    login = reverse("admin:login")
    token = browser.get(login).context["csrf_token"]

    answer = browser.post(
        login,
        {"username": user.email, "password": PASSWORD, "csrfmiddlewaretoken": str(token)},
        HTTP_ORIGIN="https://localhost",
    )

    assert answer.status_code == 302


def test_an_untrusted_peer_that_says_https_is_refused():
    answer = ApiClient(make_key()[1], **(PROXIED | {"REMOTE_ADDR": "10.9.9.9"})).get("/customers")

    assert (answer.status, answer.body["code"]) == (403, "https_required")
    assert "Strict-Transport-Security" not in answer.headers
