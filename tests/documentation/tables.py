"""Tables in Markdown, and schemas in the words of their cells: `text, up to 200 characters`."""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from bizsuite.api.fields import MAX_ID, ApiMoneyField
from tests.documentation.operations import Schema, component, component_name, homes

TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "object",
}
FORMATS = {"date": "date", "date-time": "instant", "email": "e-mail", "uri": "address"}
# As many as the column can hold: no limit that anybody meets.
HUGE = 10**9


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def fields_table(shown: str | None, sent: str | None, *, but: Iterable[str] = ()) -> str:
    """One row per field of a shape, as it is shown, as it is sent, or both; without those of `but`.

    The fields of its parts follow it: `items.amount`.
    """
    rows = [row for row in _field_rows(shown, sent) if row[0].strip("`") not in but]
    if sent is None:
        return table(("name", "type", "meaning"), [(*row[:2], row[3]) for row in rows])
    return table(("name", "type", "when sent", "meaning"), rows)


def _field_rows(
    shown: str | None, sent: str | None, prefix: str = ""
) -> Iterator[tuple[str, str, str, str]]:
    outgoing, incoming = properties(shown), properties(sent)
    required = component(sent).get("required", ()) if sent else ()
    for name in dict.fromkeys((*outgoing, *incoming)):
        out, into = outgoing.get(name), incoming.get(name)
        said = into or out or {}
        if into is None:
            when = "read-only"
        elif name in required:
            when = "required"
        else:
            when = "optional" if out or not shown else "optional, not shown"
        meaning = said.get("description") or (out or {}).get("description", "")
        yield f"`{prefix}{name}`", type_in_words(said), when, meaning
        yield from _rows_of_parts(out, into, f"{prefix}{name}.")


def _rows_of_parts(
    shown: Schema | None, sent: Schema | None, prefix: str
) -> Iterator[tuple[str, str, str, str]]:
    """The fields of what a field is made of, unless that is at home elsewhere."""
    names = [component_name(each.get("items", each)) if each else None for each in (shown, sent)]
    if names[0] not in homes() and any(map(properties, names)):
        yield from _field_rows(*names, prefix)


def properties(name: str | None) -> Schema:
    """The fields of a shape by name."""
    return component(name).get("properties", {}) if name else {}


def type_in_words(schema: Schema) -> str:
    """What may stand there, within which limits, and null if it may."""
    may_be_null = "null" in schema.get("type", ()) or {"type": "null"} in schema.get("oneOf", ())
    return f"{_type(schema)}, or null" if may_be_null else _type(schema)


def _type(schema: Schema) -> str:
    if name := component_name(schema):
        if home := homes().get(name):
            return f"[{name.lower()}]({home.page}.md)"
        schema = component(name)
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"] if each is not None)
    if "const" in schema:
        return f"`{schema['const']}`"
    if "items" in schema:
        return f"list of {_several(_type(schema['items']))}"
    if "propertyNames" in schema:
        return "object of texts"
    words = FORMATS.get(schema.get("format", "")) or TYPES.get(_kind(schema), "any")
    if schema.get("example") == ApiMoneyField.example:
        words = "money"
    return ", ".join((words, *_limits(schema)))


def _several(words: str) -> str:
    noun, comma, limits = words.partition(",")
    return words if noun[0] in "`[" else f"{noun}s{comma}{limits}"


def _kind(schema: Schema) -> str:
    kinds = schema.get("type", "")
    return next(each for each in kinds if each != "null") if isinstance(kinds, list) else kinds


def _limits(schema: Schema) -> Iterator[str]:
    if longest := schema.get("maxLength"):
        yield f"up to {longest} characters"
    if "exclusiveMinimum" in schema:
        yield f"more than {schema['exclusiveMinimum']}"
    elif _is_worth_telling(schema.get("minimum")):
        yield f"at least {schema['minimum']}"
    if _is_worth_telling(schema.get("maximum")):
        yield f"at most {schema['maximum']}"


def _is_worth_telling(bound: Any) -> bool:
    return bound not in (None, 1, MAX_ID) and abs(Decimal(bound)) < HUGE
