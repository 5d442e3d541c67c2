"""Every operation takes the query parameters that it declares, once each, and no others."""

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction

from tests.api.world import Operation, World, operations, resolved
from tests.api_client import Answer
from webhooks.views import WebhookViewSet

pytestmark = pytest.mark.django_db

OPERATIONS = operations()
WRONG_DATES = ("2024-1-5", "20240115", "2024-02-30", "0000-01-01", "10000-01-01")
WRONG_INSTANTS = ("2024-01-15", "2024-01-15T10:00:00", "1705312800", "yesterday")
WRONG_NUMBERS = ("-1", "abc", "1.5", str(10**19), "\uff11")


@pytest.fixture
def world(client_with, monkeypatch) -> World:
    monkeypatch.setattr(WebhookViewSet, "resolve", staticmethod(lambda host: ["93.184.215.14"]))
    return World(client_with(rate_limit=10**6))


class Asking:
    """Sends an operation's own example with various queries, and takes back what it did."""

    def __init__(self, world: World, operation: Operation) -> None:
        self.world, self.operation = world, operation
        self.address = world.address(operation.path)
        self.options = {"body": world.example_of(operation)} if operation.takes_body else {}
        # Whether the example is carried out where nothing is wrong with the query.
        self.works = self.ask().status < 300

    def ask(self, *query: tuple[str, Any]) -> Answer:
        address = f"{self.address}?{urlencode(query)}" if query else self.address
        with transaction.atomic():
            answer = self.world.api.request(self.operation.method, address, **self.options)
            transaction.set_rollback(True)
        return answer


def values_of(parameter: dict[str, Any]) -> Any:
    """A right value and some wrong ones, by what the description says of it."""
    schema = resolved(parameter["schema"])
    name = parameter["name"]
    if words := schema.get("enum"):
        return words[0], ["", "nonsense", f"{words[0]},{words[0]}"]
    if schema.get("type") == "array":
        return schema["items"]["enum"][0], ["", "nonsense", schema["items"]["enum"][0] + ","]
    if "const" in schema:
        return schema["const"], ["", "nonsense"]
    if schema.get("format") == "date":
        return "2024-01-15", ["", *WRONG_DATES]
    if schema.get("format") == "date-time":
        return "2024-01-15T10:00:00Z", ["", *WRONG_INSTANTS]
    if schema["type"] == "integer":
        return max(schema.get("minimum", 1), 1), ["", *WRONG_NUMBERS]
    if schema["type"] == "boolean":
        return "true", ["", "yes", "1", "True"]
    longest = schema.get("maxLength")
    wrong = ["", "a\x00b", *(["a" * (longest + 1)] if longest else [])]
    special = {
        "sort": (sortable(schema)[-1], ["", "nonsense", "-", "--id", "id,"]),
        "fields": (str(schema.get("example")).split(",")[0], ["", "nonsense", "id,"]),
        "currency": ("EUR", ["", "euro", "\x00"]),
    }
    return special.get(name, (schema.get("example", "EUR"), wrong))


def sortable(schema: dict[str, Any]) -> list[str]:
    names = re.search(r"\((.*?)\)", schema.get("pattern", "(id)"))
    assert names
    return names[1].split("|")


def shown_names(data: Any) -> set[str]:
    rows = data if isinstance(data, list) else [data]
    return {name for row in rows for name in row}


def test_an_undeclared_parameter_is_refused_everywhere(world):
    wrong, working = [], 0
    for operation in OPERATIONS:
        asking = Asking(world, operation)
        working += asking.works
        answer = asking.ask(("nonsense", "1"))
        if asking.works and answer.body.get("errors") != {"nonsense": "Unknown parameter"}:
            wrong.append((str(operation), answer.status, answer.body))
        if not 400 <= answer.status < 500:
            wrong.append((str(operation), answer.status))

    assert wrong == []
    # The others are forbidden by their record's state, or need more than their example says.
    assert working > 0.85 * len(OPERATIONS)


def test_what_is_declared_is_taken_once(world):
    wrong = []
    for operation in OPERATIONS:
        if not operation.parameters or not (asking := Asking(world, operation)).works:
            continue
        for name, parameter in operation.parameters.items():
            right, _ = values_of(parameter)
            once, twice = asking.ask((name, right)), asking.ask((name, right), (name, right))
            if once.status >= 300:
                wrong.append((str(operation), name, right, once.body))
            elif name == "fields" and shown_names(once.data) - {right}:
                wrong.append((str(operation), "shows more than", right))
            if twice.body.get("errors") != {name: "Give this parameter once"}:
                wrong.append((str(operation), name, "twice", twice.status))

    assert wrong == []


def test_a_wrong_value_is_refused_by_name(world):
    """Of lists, records, reports and batches; other writes know `fields` and `expand` alone."""
    wrong, tried = [], 0
    for operation in OPERATIONS:
        if operation.method != "GET" and not operation.path.startswith("/batch/"):
            continue
        asking = Asking(world, operation)
        for name, parameter in operation.parameters.items():
            for value in values_of(parameter)[1]:
                tried += 1
                answer = asking.ask((name, value))
                if answer.status != 400 or name not in answer.body.get("errors", {}):
                    wrong.append((str(operation), name, value, answer.status))

    assert wrong == []
    assert tried > 500
