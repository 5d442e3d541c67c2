"""Whose request it is, and whether the line is private."""

import pytest
from django.test import RequestFactory

from bizsuite.api.clients import client_of

PROXIES = ["10.0.0.0/24", "2001:db8::1"]


def seen(peer: str, forwarded: str = "", proto: str = ""):
    headers = {}
    if forwarded:
        headers["X-Forwarded-For"] = forwarded
    if proto:
        headers["X-Forwarded-Proto"] = proto
    return client_of(RequestFactory().get("/", REMOTE_ADDR=peer, headers=headers))


@pytest.fixture
def trusted(settings):
    settings.TRUSTED_PROXIES = PROXIES


class TestWithoutATrustedProxy:
    def test_the_peer_is_the_client_whatever_it_says(self):
        client = seen("203.0.113.9", forwarded="127.0.0.1", proto="https")

        assert str(client.address) == "203.0.113.9"
        assert not client.private

    @pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
    def test_this_machine_may_speak_plain_http(self, peer):
        assert seen(peer).private

    @pytest.mark.parametrize("peer", ["", "unix:", "not an address", "0.0.0.0", "::", "10.0.0.1"])
    def test_anything_else_may_not(self, peer):
        assert not seen(peer).private


@pytest.mark.usefixtures("trusted")
class TestBehindATrustedProxy:
    @pytest.mark.parametrize(
        ("forwarded", "address"),
        [
            ("203.0.113.9", "203.0.113.9"),
            ("198.51.100.7, 203.0.113.9", "203.0.113.9"),
            ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
            ("203.0.113.9, 10.0.0.8", "203.0.113.9"),
            ("203.0.113.9,10.0.0.8,2001:db8::1", "203.0.113.9"),
            ("made up, 203.0.113.9", "203.0.113.9"),
            ("203.0.113.9, made up", "::"),
            ("10.0.0.8, 10.0.0.9", "10.0.0.8"),
            ("", "10.0.0.7"),
            (" , ", "10.0.0.7"),
        ],
    )
    def test_the_client_is_the_nearest_that_no_trusted_proxy_vouches_for(self, forwarded, address):
        assert str(seen("10.0.0.7", forwarded=forwarded).address) == address

    def test_https_is_what_the_proxy_says(self):
        assert seen("10.0.0.7", forwarded="203.0.113.9", proto="https").private
        assert not seen("10.0.0.7", forwarded="203.0.113.9", proto="http").private
        assert not seen("10.0.0.7", forwarded="203.0.113.9").private

    def test_another_peer_is_not_believed(self):
        assert not seen("203.0.113.9", forwarded="127.0.0.1", proto="https").private


def test_a_household_counts_as_one_client():
    one, other = seen("2001:db8:1:2::3"), seen("2001:db8:1:2:ffff::1")

    assert one.subject == other.subject == "2001:db8:1:2::/64"
    assert seen("203.0.113.9").subject == "203.0.113.9"
    assert seen("::ffff:203.0.113.9").subject == "203.0.113.9"


@pytest.mark.django_db
class TestPlainHttp:
    def test_is_refused_from_another_machine(self, api):
        answer = api.get("/customers", REMOTE_ADDR="203.0.113.9")

        assert (answer.status, answer.body["code"]) == (403, "https_required")
        assert answer.headers["X-RateLimit-Remaining"] == "999"

    def test_is_refused_on_the_admin_too(self, client):
        answer = client.get("/admin/login/", REMOTE_ADDR="203.0.113.9", SERVER_NAME="localhost")

        assert answer.status_code == 403

    def test_is_not_excused_by_headers_of_an_unknown_proxy(self, api):
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.0.0.1"}

        answer = api.get("/customers", REMOTE_ADDR="203.0.113.9", headers=headers)

        assert answer.body["code"] == "https_required"

    def test_is_fine_behind_a_trusted_proxy_that_took_https(self, api, settings):
        settings.TRUSTED_PROXIES = ["203.0.113.9"]
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7"}

        assert api.get("/customers", REMOTE_ADDR="203.0.113.9", headers=headers).status == 200

    def test_does_not_reveal_whether_a_key_is_valid(self, api, anonymous):
        bodies = [
            client.get("/customers", REMOTE_ADDR="203.0.113.9").body for client in (api, anonymous)
        ]

        assert {body["code"] for body in bodies} == {"https_required"}

    def test_https_itself_is_fine_from_anywhere(self, api):
        environ = {"REMOTE_ADDR": "203.0.113.9", "wsgi.url_scheme": "https"}

        assert api.get("/customers", **environ).status == 200
