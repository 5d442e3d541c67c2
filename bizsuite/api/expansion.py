"""`?expand=customer`: another record beside its id, one level deep."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Prefetch, QuerySet, prefetch_related_objects
from django.http import QueryDict
from rest_framework.serializers import BaseSerializer

from bizsuite.errors import Forbidden, Invalid
from bizsuite.identity.actors import Actor


@dataclass(frozen=True, slots=True)
class Expansion:
    """A record that can be shown within another one.

    resource: of the roles' table; who may not read it may not expand it. shape: how it is shown.
    queryset: where it comes from, with everything that the shape reads.
    """

    resource: str
    shape: type[BaseSerializer]
    queryset: QuerySet


def chosen_expansions(
    query: QueryDict, known: Mapping[str, Expansion], actor: Actor
) -> dict[str, Expansion]:
    """What `?expand=customer,account` asks for, by name.

    Raises Invalid for an unknown name and Forbidden for what the actor may not read.
    """
    if "expand" not in query:
        return {}
    names = query["expand"].split(",")
    if not known.keys() >= set(names):
        raise Invalid({"expand": f"Must be some of: {', '.join(known)}"})
    for name in names:
        if not actor.may("read", known[name].resource):
            raise Forbidden(f"This key may not read {known[name].resource}.")
    return {name: known[name] for name in names}


def fetch_expansions(records: Sequence[Any], expansions: Mapping[str, Expansion]) -> None:
    """One query for each expansion, however many the records are."""
    parts = [Prefetch(name, queryset=each.queryset) for name, each in expansions.items()]
    prefetch_related_objects(records, *parts)
