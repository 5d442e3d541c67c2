"""The enums of the OpenAPI document, each named after the class that declares it.

Not drf-spectacular's own hook: that one guesses names from fields, and a new field that shares a
set of values renames what generated clients already use.
"""

import functools
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

from django.db import models
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent

Schema = dict[str, Any]
T = TypeVar("T")


class ChoiceExtension(OpenApiSerializerFieldExtension):
    """A field of a record that holds one of a class's values."""

    target_class = "rest_framework.serializers.ChoiceField"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> Schema:
        return enum_of(auto_schema, self.target.choices)


def enum_of(auto_schema: AutoSchema, words: Iterable[str]) -> Schema:
    """A reference to the enum of these words; written out where no class declares them."""
    values = tuple(words)
    schema: Schema = {"type": "string", "enum": list(values)}
    name = _names().get(values)
    if name is None:
        return schema
    component = ResolvedComponent(name, ResolvedComponent.SCHEMA, schema=schema, object=name)
    auto_schema.registry.register_on_missing(component)
    return component.ref


@functools.cache
def _names() -> dict[tuple[str, ...], str]:
    """`InvoiceStatus`; for a class inside a model's both names, `AccountType`."""
    return {
        tuple(choices.values): choices.__qualname__.replace(".", "")
        for choices in all_subclasses(models.TextChoices)
        if choices.__module__.partition(".")[0] != "django"
    }


def all_subclasses(parent: type[T]) -> Iterator[type[T]]:
    for child in parent.__subclasses__():
        yield child
        yield from all_subclasses(child)
