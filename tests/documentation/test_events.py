"""The examples of docs/events.md are what the events really are."""

from decimal import Decimal
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from bizsuite.api.documentation import openapi_document
from bizsuite.api.schema_document import MESSAGE_HEADERS
from bizsuite.events.registry import event_type, event_types
from tests.documentation.happening import differences, everything_that_happens
from tests.documentation.pages import CATALOGUE

PUBLIC = {each.name: each for each in event_types() if each.public}


@pytest.mark.django_db
def test_every_event_is_as_its_example_and_its_schema_show_it(api):
    told = everything_that_happens(api)

    wrong = {
        f"{name}: {difference}"
        for name, data in told
        for difference in differences(event_type(name).example, data)
    } | {
        f"{name}: {error}"
        for name, data in dict(told).items()
        if name in PUBLIC
        for error in misfits(name, data)
    }
    assert not wrong, "\n".join(sorted(wrong))
    assert PUBLIC.keys() - dict(told) == set(), "Make these happen, in happening.py"


def misfits(name: str, data: Any) -> list[str]:
    """Where a message does not fit what the OpenAPI document says of it."""
    document = openapi_document("bizsuite.urls")
    content = document["webhooks"][name]["post"]["requestBody"]["content"]["application/json"]
    schema = {**content["schema"], "components": document["components"]}
    message = {"type": name, "timestamp": "2024-01-15T10:00:00Z", "data": data}
    return [error.message for error in Draft202012Validator(schema).iter_errors(message)]


@pytest.mark.parametrize(
    ("real", "found"),
    [
        ({"id": 1, "items": [{"name": "x"}], "paid": None}, []),
        ({"id": 1, "items": []}, ["data.paid is only in the example"]),
        ({"id": "1", "items": [], "paid": 1}, ["data.id is text, in the example a number"]),
        (
            {"id": 1, "items": [{"name": "x", "more": 1}], "paid": True},
            ["data.items[].more is not in the example", "data.paid is true or false, in the example a number"],
        ),
    ],
)  # fmt: skip
def test_a_difference_is_found(real, found):
    example = {"id": 1, "items": [{"name": "y"}], "paid": Decimal("1.00")}

    assert sorted(differences(example, real)) == found


def test_a_misfit_is_found():
    assert misfits("customer.created", dict(PUBLIC["customer.created"].example)) == []
    assert misfits("customer.created", {"id": 1})


def test_the_page_shows_each_event_that_leaves_and_no_other():
    headings = [line[4:] for line in CATALOGUE.read_text().splitlines() if line.startswith("### ")]

    assert headings == sorted(PUBLIC)


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_every_event_has_an_example_of_its_own_record(name):
    told = PUBLIC[name]

    assert told.example, f"{name} needs an example in event_types.py"
    assert "id" in told.example
    assert told.description[0].isupper()
    assert told.description.endswith(".")


def test_the_document_of_the_api_describes_each_message_with_its_headers():
    webhooks = openapi_document("bizsuite.urls")["webhooks"]

    assert set(webhooks) == set(PUBLIC)
    for name, item in webhooks.items():
        message = item["post"]
        assert message["description"] == PUBLIC[name].description
        assert message["parameters"] == list(MESSAGE_HEADERS)
        content = message["requestBody"]["content"]["application/json"]
        assert content["example"]["type"] == name
        assert content["example"]["data"] == PUBLIC[name].example
        assert content["schema"]["properties"]["type"]["const"] == name
    assert {each["name"] for each in MESSAGE_HEADERS if each["required"]} == {
        "webhook-id", "webhook-timestamp", "webhook-signature",
        "X-Record-Version", "X-Causation-Depth",
    }  # fmt: skip
