"""Pausing, resuming, enabling and disabling over the API."""

import pytest

from tests.factories import SYSTEM
from tests.webhooks.factories import NOW, fan_out, happen, make_endpoint
from webhooks.models import WebhookEndpoint
from webhooks.switching import disable_endpoint, pause_endpoint

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint() -> WebhookEndpoint:
    return make_endpoint()


def test_it_is_paused_and_resumed(api, endpoint):
    paused = api.post(f"/webhooks/{endpoint.pk}/pause")
    assert paused.status == 200
    assert (paused.data["active"], paused.data["paused_reason"]) == (True, "by_hand")
    assert paused.data["paused_at"] is not None

    resumed = api.post(f"/webhooks/{endpoint.pk}/resume")
    assert (resumed.data["paused_at"], resumed.data["paused_reason"]) == (None, None)


def test_it_is_disabled_and_enabled_with_a_replay(api, endpoint):
    assert api.post(f"/webhooks/{endpoint.pk}/disable").data["disabled_reason"] == "by_hand"
    event = happen()
    fan_out()
    missed_since = api.get(f"/webhooks/{endpoint.pk}").data["missed_since"]
    assert missed_since.startswith(f"{event.occurred_at:%Y-%m-%dT%H:%M:%S}")

    enabled = api.post(f"/webhooks/{endpoint.pk}/enable", {"replay": True})
    assert enabled.status == 200
    assert enabled.data["active"] is True
    assert (enabled.data["missed_since"], enabled.data["catching_up"]) == (None, True)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"replay": "This field is required"}),
        ({"replay": "yes"}, {"replay": "Must be true or false"}),
        ({"replay": True, "since": "x"}, {"since": "Unknown field"}),
    ],
)
def test_who_enables_says_what_is_to_become_of_what_was_missed(api, endpoint, body, errors):
    disable_endpoint(endpoint, now=NOW, actor=SYSTEM)
    assert set(api.post(f"/webhooks/{endpoint.pk}/enable", body).errors) == set(errors)
    endpoint.refresh_from_db()
    assert not endpoint.active


def test_moves_that_the_state_forbids_say_which_it_allows(api, endpoint):
    def refused(move, *bodies):
        answer = api.post(f"/webhooks/{endpoint.pk}/{move}", *bodies)
        assert answer.status == 409
        return answer.body["code"], answer.body["allowed"]

    on = ["pause", "test", "replay", "disable"]
    assert refused("resume") == ("webhook_not_paused", on)
    assert refused("enable", {"replay": False}) == ("webhook_enabled", on)
    pause_endpoint(endpoint, now=NOW, actor=SYSTEM)
    since = {"since": "2024-01-01T00:00:00Z"}
    for move in (["pause"], ["test"], ["replay", since]):
        assert refused(*move) == ("webhook_paused", ["resume", "disable"])
    disable_endpoint(endpoint, now=NOW, actor=SYSTEM)
    for move in (["pause"], ["resume"], ["disable"], ["test"], ["replay", since]):
        assert refused(*move) == ("webhook_disabled", ["enable"])


def test_those_that_are_paused_can_be_asked_for(api, endpoint):
    paused = pause_endpoint(make_endpoint(), now=NOW, actor=SYSTEM)
    disable_endpoint(make_endpoint(), now=NOW, actor=SYSTEM)

    def ids(query):
        return [each["id"] for each in api.get(f"/webhooks?{query}").data]

    assert ids("paused=true") == [paused.pk]
    assert ids("paused=false&active=true") == [endpoint.pk]
    assert api.get("/webhooks?paused=perhaps").status == 400
