import pytest
from django.core.checks import Error

from bizsuite.events.checks import check_event_consumers
from bizsuite.events.registry import EventType, declare, event_type, matches, unknown_patterns

PUBLIC = EventType("customer.created", "A customer was added.", {"id": 1})
PRIVATE = EventType("api_key.created", "An API key was made.", {"id": 1}, public=False)


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ("customer.created", True),
        ("customer.*", True),
        ("*", True),
        ("customer.deleted", False),
        ("customer", False),
        ("cust*", False),
        ("*.created", False),
        ("customers.*", False),
        (".*", False),
        ("", False),
    ],
)
def test_a_pattern_is_a_name_a_resource_or_everything(pattern, matched):
    assert matches(pattern, PUBLIC) is matched


@pytest.mark.parametrize("pattern", ["api_key.created", "api_key.*", "*"])
def test_what_is_for_the_audit_alone_matches_nothing(pattern):
    assert not matches(pattern, PRIVATE)


def test_unknown_names_are_found():
    asked = [
        "customer.created",
        "customer.*",
        "*",
        "customer.exploded",
        "api_key.created",
        "nope.*",
    ]

    assert unknown_patterns(asked) == ["customer.exploded", "api_key.created", "nope.*"]


def test_an_event_is_declared_once():
    with pytest.raises(ValueError, match="twice"):
        declare(event_type("customer.created"))


def test_a_consumer_that_does_not_exist_is_found_at_start(settings):
    assert check_event_consumers() == []
    settings.EVENT_CONSUMERS = {"nobody": "customers.tasks.missing"}

    [error] = check_event_consumers()
    assert isinstance(error, Error)
    assert "nobody" in error.msg
