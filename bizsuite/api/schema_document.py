"""The whole of the OpenAPI document, once drf-spectacular has drawn the operations."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from drf_spectacular.generators import SchemaGenerator

from bizsuite.api.parsing import MEDIA_TYPE
from bizsuite.api.schema_parts import HEADERS, RESPONSES, SCHEMAS, Schema, ref
from bizsuite.events.registry import EventType, event_types

INTRODUCTION = Path(__file__).with_name("introduction.md")

MESSAGE_HEADERS: tuple[Schema, ...] = (
    {
        "name": "webhook-id",
        "in": "header",
        "required": True,
        "description": "Names this message: the same on every attempt, so that a receiver can "
        "leave out what it has had.",
        "schema": {"type": "string"},
    },
    {
        "name": "webhook-timestamp",
        "in": "header",
        "required": True,
        "description": "When this attempt was made, in seconds since 1970-01-01T00:00:00Z.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    {
        "name": "webhook-signature",
        "in": "header",
        "required": True,
        "description": "`v1,` and the base64 of the HMAC-SHA256 of `id.timestamp.body`; for 24 "
        "hours after a rotation two of them, separated by a space (Standard Webhooks 1.0).",
        "schema": {"type": "string", "pattern": "^v1,[A-Za-z0-9+/]{43}=( v1,[A-Za-z0-9+/]{43}=)?$"},
    },
    {
        "name": "X-Record-Version",
        "in": "header",
        "required": True,
        "description": "The record's version, the number that its ETag begins with. A retry may "
        "arrive after later messages: the highest version is the newest state.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    {
        "name": "X-Causation-Depth",
        "in": "header",
        "required": True,
        "description": "How many messages led to this one: 0 for what nobody's message caused. "
        "Whoever writes back because of a message sends it along, so that loops are noticed.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
    {
        "name": "X-Request-ID",
        "in": "header",
        "required": False,
        "description": "The id of the request that made the change, if it was made by one.",
        "schema": {"type": "string"},
    },
)


def complete(result: Schema, generator: SchemaGenerator, **_: Any) -> Schema:
    """drf-spectacular's postprocessing hook: what is said once, and what is no operation."""
    result["info"]["description"] = INTRODUCTION.read_text()
    result["tags"] = _tags(generator)
    components = result["components"]
    components["headers"] = HEADERS
    components["responses"] = RESPONSES
    components["schemas"] = dict(sorted((components.get("schemas", {}) | SCHEMAS).items()))
    result["webhooks"] = {
        each.name: {"post": _message(each, components["schemas"])}
        for each in event_types()
        if each.public
    }
    for name, schema in components["schemas"].items():
        components["schemas"][name] = _plain(schema)
    _drop_unused(result)
    return result


def _tags(generator: SchemaGenerator) -> list[Schema]:
    """One per resource, with what the view says of it that has the shortest address."""
    descriptions: dict[str, str] = {}
    for *_, callback in sorted(generator.endpoints, key=lambda each: len(each[0])):
        view = getattr(callback, "cls", None)
        if hasattr(view, "resource"):
            descriptions.setdefault(view.resource, inspect.getdoc(view) or "")
    return [{"name": name, "description": descriptions[name]} for name in sorted(descriptions)]


def _message(event_type: EventType, schemas: Mapping[str, Schema]) -> Schema:
    """What a subscriber gets for an event, and how it answers."""
    shape: Schema = {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"type": "string", "const": event_type.name},
            "timestamp": {"type": "string", "format": "date-time"},
            "data": _data_of(event_type, schemas),
        },
    }
    example = {
        "type": event_type.name,
        "timestamp": "2024-01-15T10:00:00Z",
        "data": event_type.example,
    }
    return {
        "operationId": f"on_{event_type.name.replace('.', '_')}",
        "summary": event_type.name,
        "description": event_type.description,
        "tags": ["webhooks"],
        "security": [],
        "parameters": list(MESSAGE_HEADERS),
        "requestBody": {
            "required": True,
            "content": {MEDIA_TYPE: {"schema": shape, "example": example}},
        },
        "responses": {
            "2XX": {"description": "Received. Any other answer, or none in 15 s: tried again."},
            "410": {"description": "Not wanted any more: the webhook is switched off."},
        },
    }


def _data_of(event_type: EventType, schemas: Mapping[str, Schema]) -> Schema:
    """The resource as the API shows it, and what else the event tells (a ticket's new reply)."""
    resource = _component_name(event_type.name.partition(".")[0])
    if resource not in schemas:
        return {"type": "object"}
    more = {
        name: ref("schemas", _component_name(name))
        for name in event_type.example
        if name not in schemas[resource]["properties"]
    }
    if not more:
        return ref("schemas", resource)
    return {
        "type": "object",
        "allOf": [ref("schemas", resource)],
        "required": list(more),
        "properties": more,
    }


def _component_name(name: str) -> str:
    """`credit_note` is shown as a `CreditNote`."""
    return "".join(word.capitalize() for word in name.split("_"))


def _plain(part: Any) -> Any:
    """A shape without `readOnly`, and without the `allOf` of one that drf-spectacular put it in.

    What comes in has shapes of its own (`…Request`), so the mark says nothing here; but in a
    webhook our shapes go out in a request, where what is read-only must not be.
    """
    if isinstance(part, list):
        return [_plain(each) for each in part]
    if not isinstance(part, Mapping):
        return part
    plain = {
        name: _plain(each)
        for name, each in part.items()
        if not (name == "readOnly" and each is True)
    }
    if len(plain.get("allOf", ())) == 1:
        plain |= plain.pop("allOf")[0]
    return plain


def _drop_unused(document: Schema) -> None:
    """Shapes that drf-spectacular noted and no operation mentions, until there are none."""
    components: dict[str, Schema] = document["components"]
    while True:
        used = set(_references(document))
        unused = [
            (kind, name)
            for kind in ("schemas", "headers", "responses")
            for name in components[kind]
            if f"#/components/{kind}/{name}" not in used
        ]
        if not unused:
            return
        for kind, name in unused:
            components[kind] = {key: each for key, each in components[kind].items() if key != name}


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, Mapping):
        target = part.get("$ref")
        if isinstance(target, str):
            yield target
        yield from _all_references(part.values())
    elif isinstance(part, list):
        yield from _all_references(part)


def _all_references(parts: Iterable[Any]) -> Iterator[str]:
    for part in parts:
        yield from _references(part)
