"""What can be done over the API, as the OpenAPI document describes it."""

import functools
from collections.abc import Mapping
from typing import Any

from bizsuite.api.documentation import openapi_document
from bizsuite.api.parsing import MEDIA_TYPE
from bizsuite.identity.roles import Role, Verb, role_may

Schema = Mapping[str, Any]
URLCONF = "bizsuite.urls"


class Operation:
    """One method of one address."""

    def __init__(self, path: str, method: str, said: Schema) -> None:
        # Whose id it is says the address; to a reader it is simply one.
        self.path = path.removeprefix("/api/v2").replace("_pk}", "_id}")
        self.method = method.upper()
        self.said = said
        self.resource: str = said["tags"][0]
        self.is_batch = self.path.startswith("/batch/")

    @property
    def page(self) -> str:
        """The page whose story it belongs to: as its address begins."""
        return self.resource if self.is_batch else self.path.split("/")[1] or "README"

    @property
    def name(self) -> str:
        return f"`{self.method} {self.path}`"

    @property
    def takes(self) -> str | None:
        """The name of the shape of its body."""
        content = self.said.get("requestBody", {}).get("content", {})
        return component_name(content[MEDIA_TYPE]["schema"]) if content else None

    @property
    def shows(self) -> str | None:
        """The name of the shape of the record or records that a success shows."""
        for status, answer in self.said["responses"].items():
            if status.startswith("2") and MEDIA_TYPE in answer.get("content", {}):
                whole = answer["content"][MEDIA_TYPE]["schema"]
                data = whole["properties"].get("data", {})
                return component_name(data.get("items", data))
        return None

    @property
    def roles(self) -> list[str]:
        """Those that may."""
        verb: Verb = "read" if self.method == "GET" else "write"
        return [role.value for role in Role if role_may(role, verb, self.resource)]

    def parameters(self) -> dict[str, Schema]:
        """Those of the query."""
        every = self.said.get("parameters", ())
        return {each["name"]: each for each in every if each["in"] == "query"}


def document() -> Schema:
    return openapi_document(URLCONF)


@functools.cache
def operations() -> list[Operation]:
    return [
        Operation(path, method, said)
        for path, methods in document()["paths"].items()
        for method, said in methods.items()
    ]


def operations_on(page: str) -> list[Operation]:
    if page == "batch":
        return [each for each in operations() if each.is_batch]
    return [each for each in operations() if each.page == page]


@functools.cache
def homes() -> Mapping[str, Operation]:
    """Of each shape that is shown, where it is at home: the shortest address that shows it."""
    places: dict[str, Operation] = {}
    for each in sorted(operations(), key=lambda each: each.path.count("/")):
        if each.shows and not each.is_batch:
            places.setdefault(each.shows, each)
    return places


def component(name: str) -> Schema:
    found: Schema = document()["components"]["schemas"][name]
    return found


def component_name(schema: Schema) -> str | None:
    """What a schema refers to, itself or as one of what may be null."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    for part in (*schema.get("oneOf", ()), *schema.get("allOf", ())):
        if name := component_name(part):
            return name
    return None
