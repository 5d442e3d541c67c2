"""Every event is declared, with an example that is what the API shows."""

import ast
import re
from collections.abc import Mapping

import pytest

from bizsuite.api.serializers import shown_names
from bizsuite.events.registry import event_types
from bizsuite.exact_json import decode, encode
from tests.api.routes import api_routes
from tests.architecture.sources import sources

TYPES = {event_type.name: event_type for event_type in event_types()}
EVENT_NAME = re.compile(r"[a-z_]+\.[a-z_]+")


def name_pattern(node: ast.expr) -> str | None:
    """A pattern of the names that an expression can be; None where it does not say."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            re.escape(part.value) if isinstance(part, ast.Constant) else "[a-z_]+"
            for part in node.values
        )
    return None


def recorded() -> list[tuple[str, str]]:
    """(place, pattern of the name) of every event that the code records by name."""
    return [
        (source.at(call), pattern)
        for source in sources()
        for call in ast.walk(source.tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in ("record_event", "NewEvent")
        and call.args
        and (pattern := name_pattern(call.args[0])) is not None
    ]


def test_what_the_code_records_is_declared():
    assert len(recorded()) > 20
    undeclared = [
        (place, pattern)
        for place, pattern in recorded()
        if not any(re.fullmatch(pattern, name) for name in TYPES)
    ]

    assert undeclared == []


def test_what_is_declared_can_be_recorded():
    """Its name stands somewhere in the code, or a name put together there can become it."""
    patterns = {
        pattern
        for source in sources()
        if source.path.name != "event_types.py"
        for node in ast.walk(source.tree)
        if (pattern := name_pattern(node)) is not None and "." in pattern
    }

    # Compiled here: there are more of them than `re` remembers.
    compiled = [re.compile(pattern) for pattern in patterns]
    never = [name for name in TYPES if not any(each.fullmatch(name) for each in compiled)]
    assert never == []


@pytest.mark.parametrize("name", TYPES)
def test_each_is_named_and_described_and_its_example_can_be_sent(name):
    event_type = TYPES[name]

    assert EVENT_NAME.fullmatch(name)
    assert len(name) <= 60
    assert event_type.description.endswith(".")
    assert isinstance(event_type.example, Mapping)
    assert event_type.example
    assert decode(encode(event_type.example)).keys() == event_type.example.keys()


@pytest.mark.parametrize(
    "view",
    [
        pytest.param(route.view, id=route.path)
        for route in api_routes()
        if getattr(route.view, "example", None)
    ],
)
def test_examples_show_the_fields_that_the_api_shows(view):
    assert tuple(view.example) == shown_names(view.serializer_class)


def test_examples_of_webhooks_are_those_of_the_api():
    """Of each resource with webhooks, the created event shows all that the API shows."""
    examples = {
        tuple(route.view.example) for route in api_routes() if getattr(route.view, "example", None)
    }
    created = {
        name: tuple(each.example)
        for name, each in TYPES.items()
        if name.endswith((".created", ".received")) and each.public
    }

    assert {name for name, fields in created.items() if fields not in examples} == set()
