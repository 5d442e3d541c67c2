"""The query parameters of the OpenAPI document that are not a list's own filters."""

from bizsuite.api.batch_bodies import SWITCHES
from bizsuite.api.fields import MAX_ID
from bizsuite.api.listing import DEFAULT_LIMIT, MAX_LIMIT, MAX_PAGE
from bizsuite.api.schema_parts import Schema

LIST_PARAMETERS: list[Schema] = [
    {
        "name": "page",
        "in": "query",
        "description": "Number of the page. One past the end is empty.",
        "schema": {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 1},
    },
    {
        "name": "limit",
        "in": "query",
        "description": "Records on a page.",
        "schema": {
            "type": "integer",
            "minimum": 1,
            "maximum": MAX_LIMIT,
            "default": DEFAULT_LIMIT,
        },
    },
]
CURSOR_PARAMETERS: list[Schema] = [
    {
        "name": "after",
        "in": "query",
        "description": "The last number that you have seen: `next_after` of the answer before.",
        "schema": {"type": "integer", "minimum": 0, "maximum": MAX_ID, "default": 0},
    },
    LIST_PARAMETERS[1],
]
BATCH_MEANINGS = {
    "mode": "Each record by itself: the good ones are written, the answer (207) tells of each.",
    "upsert": "A record whose `external_id` is known is changed, the others are created.",
}
BATCH_PARAMETERS: list[Schema] = [
    {
        "name": name,
        "in": "query",
        "description": BATCH_MEANINGS[name],
        "schema": {"type": "string", "const": value},
    }
    for name, value in SWITCHES.items()
]


def sort_parameter(sortable: tuple[str, ...]) -> Schema:
    column = f"-?({'|'.join(sortable)})"
    return {
        "name": "sort",
        "in": "query",
        "description": "Columns separated by commas, a minus before those that descend: "
        f"`-{sortable[-1]},id`. Any of: {', '.join(f'`{name}`' for name in sortable)}.",
        "schema": {"type": "string", "pattern": f"^{column}(,{column})*$", "default": "id"},
    }


def fields_parameter(names: tuple[str, ...]) -> Schema:
    return {
        "name": "fields",
        "in": "query",
        "description": "Show these fields alone: names separated by commas.",
        "schema": {"type": "string", "example": ",".join(names[:2])},
    }


def expand_parameter(names: tuple[str, ...]) -> Schema:
    return {
        "name": "expand",
        "in": "query",
        "description": "Show these records too, each beside its id: names separated by commas.",
        "style": "form",
        "explode": False,
        "schema": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string", "enum": list(names)},
            "example": [names[0]],
        },
    }
