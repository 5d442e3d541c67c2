"""Which leads are likely the same: they share an e-mail address, a telephone or name and company."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from typing import Any

from django.db.models import CharField, F, QuerySet, Value, Window
from django.db.models.functions import RowNumber

from crm.models import Lead

KEYS = ("email_key", "phone_key", "name_key")
# Of an address that hundreds share, as many as somebody looks through.
MOST = 20


def possible_duplicates(leads: Sequence[Lead]) -> dict[int, list[int]]:
    """By lead's id the ids of the leads likely the same, the oldest first, at most 20.

    One query however many leads are asked about. What was merged into another lead is settled.
    """
    asked = [lead for lead in leads if lead.merged_into_id is None]
    holders: dict[tuple[str, str], list[int]] = defaultdict(list)
    for column, key, pk in _holders_of(asked):
        holders[column, key].append(pk)
    found = {lead.pk: _others(lead, holders) for lead in asked}
    return {lead.pk: found.get(lead.pk, []) for lead in leads}


def _others(lead: Lead, holders: dict[tuple[str, str], list[int]]) -> list[int]:
    same = {pk for column in KEYS for pk in holders.get((column, getattr(lead, column)), ())}
    return list(islice(sorted(same - {lead.pk}), MOST))


def _holders_of(leads: Sequence[Lead]) -> list[tuple[str, str, int]]:
    """(column, key, id) of the leads with a key that one of `leads` has, the first of each key."""
    queries = []
    for column in KEYS:
        keys = {getattr(lead, column) for lead in leads} - {""}
        if keys:
            queries.append(_first_holders(column, keys))
    if not queries:
        return []
    return list(queries[0].union(*queries[1:], all=True))


def _first_holders(column: str, keys: set[str]) -> QuerySet[Lead, Any]:
    place = Window(RowNumber(), partition_by=F(column), order_by="pk")
    return (
        Lead.objects.current()
        .filter(**{f"{column}__in": keys})
        .order_by()
        .annotate(place=place, column=Value(column, output_field=CharField()), key=F(column))
        .filter(place__lte=MOST + 1)
        .values_list("column", "key", "pk")
    )
