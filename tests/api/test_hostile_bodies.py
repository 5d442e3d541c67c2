"""No body, however wrong, does more to any route than get itself a clean refusal.

Generated from the API's description: a route that is new joins in by itself.
"""

from typing import Any

import pytest
from django.apps import apps

from tests.api.world import Operation, World, operations, resolved
from tests.api_client import Answer
from webhooks.views import WebhookViewSet

pytestmark = pytest.mark.django_db

WRITES = [each for each in operations() if each.takes_body]
# Refused while it is read, whatever the route would make of it.
UNREADABLE = {
    "cut short": b'{"a":',
    "trailing comma": b'{"a":1,}',
    "two values": b"{} {}",
    "no JSON": b"account=Jane",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "bad UTF-8": b'{"a":"\xff"}',
    "raw surrogate": b'{"a":"\xed\xa0\x80"}',
    "escaped surrogate": b'{"a":"\\ud800"}',
    "surrogate as a key": b'{"\\udc00":1}',
    "NUL": b'{"a":"\\u0000"}',
    "NUL as a key": b'{"\\u0000":1}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":-Infinity}',
    "1e400": b'{"a":1e400}',
    "huge exponent": b'{"a":1e99999999999999999999}',
    "5,000 digits": b'{"a":' + b"9" * 5000 + b"}",
    "too large": b'{"a":9223372036854775808}',
    "key twice": b'{"a":1,"a":1}',
    "depth 33": b"[" * 33 + b"]" * 33,
    "depth 1,000": b'{"a":' * 1_000 + b"1" + b"}" * 1_000,
    "depth 100,000": b"[" * 100_000 + b"]" * 100_000,
    "a list": b"[]",
    "a text": b'"a"',
    "null": b"null",
}
WRONG_TYPES = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json; charset=latin-1",
)
# One value of each kind; a field gets those that are not its own.
VALUES: tuple[Any, ...] = (5, True, "no such word", ["x"], {"x": {}}, None)
FORMATS = ("date", "date-time", "email", "uri")


@pytest.fixture
def world(client_with, monkeypatch) -> World:
    monkeypatch.setattr(WebhookViewSet, "resolve", staticmethod(lambda host: ["93.184.215.14"]))
    return World(client_with(rate_limit=10**6))


def rows() -> dict[str, int]:
    return {
        model._meta.label: model._default_manager.count()
        for model in apps.get_models()
        if model._meta.managed
    }


def refusal_of(answer: Answer, status: int) -> str | None:
    """What is not clean about the refusal that an answer must be."""
    body = answer.body
    if answer.status != status:
        return f"status {answer.status}"
    if not isinstance(body, dict) or body["success"] is not False or not body["message"]:
        return f"no envelope: {answer.raw[:200]!r}"
    return None if body["request_id"] == answer.headers["X-Request-ID"] else "no request id"


def send(world: World, operation: Operation, **options: Any) -> Answer:
    return world.api.request(operation.method, world.address(operation.path), **options)


def is_allowed(value: Any, schema: dict[str, Any]) -> bool:
    """Whether a value is of the kind that the description names."""
    kinds = schema.get("type", ())
    kinds = {kinds} if isinstance(kinds, str) else set(kinds)
    if value is None:
        return "null" in kinds or not kinds
    if isinstance(value, str):
        closed = "enum" in schema or schema.get("format") in FORMATS
        return "string" in kinds and not closed
    own = {bool: {"boolean"}, int: {"integer", "number"}, list: {"array"}, dict: set()}
    return bool(kinds & own[type(value)])


def wrong_fields(schema: dict[str, Any], value: Any) -> dict[str, Any]:
    """A body with this value for every field that it is wrong for; one level of items too."""
    body: dict[str, Any] = {}
    for name, described in schema.get("properties", {}).items():
        field = resolved(described)
        items = resolved(field.get("items", {}))
        if "properties" in items:
            body[name] = [wrong_fields(items, value)]
        elif "null" in str(described) and value is None:
            continue
        elif not is_allowed(value, field):
            body[name] = value
    return body


def unnamed(body: dict[str, Any], errors: dict[str, str], path: str = "") -> list[str]:
    """The fields of a body that no error names."""
    missing = []
    for name, value in body.items():
        here = f"{path}{name}"
        if isinstance(value, list) and value and isinstance(value[0], dict):
            missing += unnamed(value[0], errors, f"{here}.0.")
        elif not any(each == here or each.startswith(f"{here}.") for each in errors):
            missing.append(here)
    return missing


def unreadable(world: World) -> list[tuple[str, int]]:
    """The reading operations that do not work (any more)."""
    return [
        (str(operation), answer.status)
        for operation in operations()
        if operation.method == "GET"
        and (answer := world.api.get(world.address(operation.path))).status != 200
    ]


def test_what_cannot_be_read_is_refused_everywhere(world):
    wrong = []
    for operation in WRITES:
        world.address(operation.path)
    before = rows()
    for operation in WRITES:
        for name, raw in UNREADABLE.items():
            if problem := refusal_of(send(world, operation, raw=raw), 400):
                wrong.append((str(operation), name, problem))
        for content_type in WRONG_TYPES:
            answer = send(world, operation, raw=b'{"a":1}', content_type=content_type)
            if problem := refusal_of(answer, 415):
                wrong.append((str(operation), content_type, problem))

    assert wrong == []
    assert rows() == before
    assert unreadable(world) == []


def test_a_field_of_the_wrong_kind_is_named_everywhere(world):
    wrong, tried = [], 0
    for operation in WRITES:
        world.address(operation.path)
    before = rows()
    for operation in WRITES:
        shape = resolved(operation.body or {})
        for value in VALUES:
            body = wrong_fields(shape, value)
            answer = send(world, operation, body=body | {"nonsense": value, "": value})
            tried += len(body)
            if problem := refusal_of(answer, 400):
                wrong.append((str(operation), body, problem))
                continue
            errors = answer.body.get("errors", {})
            # A rule may speak before the others are looked at; then each must be named alone.
            for path in unnamed(body | {"nonsense": value}, errors):
                alone = {path: (body | {"nonsense": value}).get(path)}
                if path not in send(world, operation, body=alone).body.get("errors", {}):
                    wrong.append((str(operation), path, value))

    assert wrong == []
    assert tried > 500
    assert rows() == before
    assert unreadable(world) == []
