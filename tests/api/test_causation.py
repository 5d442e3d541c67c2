"""A program that reacts to a webhook says so, and what it causes knows how deep it is."""

import pytest

from bizsuite.events.models import Event

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("header", "depth"),
    [
        (None, 0),
        ("0", 1),
        ("4", 5),
        (" 4 ", 5),
        ("004", 5),
        ("-1", 0),
        ("x", 0),
        ("1.5", 0),
        ("\u0664", 0),
        ("4, 2", 5),
        ("x, 3", 4),
        ("9999", 1000),
        ("9" * 5000, 1000),
    ],
)
def test_events_are_one_deeper_than_the_webhook_they_react_to(api, header, depth):
    headers = {"X-Causation-Depth": header} if header is not None else {}

    assert api.request("POST", "/customers", {"account": "Jo"}, headers=headers).status == 201

    assert Event.objects.get(type="customer.created").causation_depth == depth
