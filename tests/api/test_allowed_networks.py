"""Keys that are good for some addresses only."""

import pytest

from bizsuite.team.keys import restrict_api_key
from tests.api_client import ApiClient
from tests.factories import SYSTEM, make_key

pytestmark = pytest.mark.django_db

PROXY = {"REMOTE_ADDR": "10.1.1.1", "HTTP_X_FORWARDED_PROTO": "https"}


def client_for(*networks: str) -> ApiClient:
    return ApiClient(make_key(allowed_networks=networks)[1])


def statuses(client: ApiClient, *addresses: str) -> list[int]:
    """As seen through a trusted proxy."""
    return [
        client.get("/customers", **PROXY, HTTP_X_FORWARDED_FOR=address).status
        for address in addresses
    ]


@pytest.fixture(autouse=True)
def _trusted_proxy(settings):
    settings.TRUSTED_PROXIES = ["10.1.1.1"]


def test_only_the_networks_of_the_list_are_let_in():
    client = client_for("203.0.113.0/24", "2001:db8::/32")

    assert statuses(client, "203.0.113.9", "2001:db8::1", "::ffff:203.0.113.9") == [200] * 3
    assert statuses(client, "203.0.114.9", "2001:db9::1", "10.1.1.1", "nonsense") == [401] * 4
    assert client.get("/customers").status == 401


def test_the_refusal_is_that_of_an_unknown_key():
    refused = client_for("203.0.113.7").get("/customers")

    assert refused.body == {
        "success": False,
        "message": "Invalid API key or unauthorized access",
    }


def test_what_an_untrusted_peer_says_does_not_count():
    client = client_for("203.0.113.7")
    said = {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.7"}

    assert client.get("/customers", **said).status == 401


def test_an_invented_hop_does_not_count():
    assert statuses(client_for("203.0.113.7"), "203.0.113.7, 198.51.100.1") == [401]


def test_a_change_of_the_list_holds_from_the_next_request_on():
    key, text = make_key()
    client = ApiClient(text)
    assert client.get("/customers").status == 200

    restrict_api_key(key, expires_at=None, allowed_networks=["203.0.113.7"], actor=SYSTEM)
    assert client.get("/customers").status == 401

    restrict_api_key(key, expires_at=None, allowed_networks=[], actor=SYSTEM)
    assert client.get("/customers").status == 200
