"""Telephone numbers without a country are the organisation's country's, which can change."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import QuerySet

from bizsuite.events.models import Event
from bizsuite.exact_json import decode
from bizsuite.identity.models import organisation
from crm.match_keys import phone_key, region_of
from crm.models import Lead

LEADS_AT_ONCE = 500


def follow_organisation(events: Iterable[Event]) -> None:
    """Handle events: when the organisation moves to another country, read the numbers anew."""
    moved = [event for event in events if event.type == "organisation.updated"]
    if moved and _regions_of(moved) != {region_of(organisation().timezone)}:
        read_numbers_anew()


def _regions_of(moved: Sequence[Event]) -> set[str | None]:
    """The countries that the organisation was in before and between these changes of it."""
    before = (
        Event.objects.filter(type="organisation.updated", id__lt=moved[0].id)
        .order_by("-id")
        .first()
    )
    if before is None:
        return {None, *map(_region_of, moved)}
    return {_region_of(event) for event in (before, *moved)}


def _region_of(event: Event) -> str | None:
    return region_of(str(decode(event.payload.encode()).get("timezone", "")))


def read_numbers_anew() -> None:
    """Make the key of every lead's telephone number again, for the present country."""
    region = region_of(organisation().timezone)
    for leads in _pages():
        different = []
        for lead in leads:
            key = phone_key(lead.phone, region)
            if key != lead.phone_key:
                lead.phone_key = key
                different.append(lead)
        # Not change(): nothing that a lead shows is another now, so it keeps its version.
        QuerySet(Lead).bulk_update(different, ["phone_key"])


def _pages() -> Iterator[list[Any]]:
    """The leads with a number that names no country, some at a time.

    Held until the transaction ends, or the key of a number that is changed meanwhile would be
    made of the old one.
    """
    rows = Lead.objects.exclude(phone="").exclude(phone__startswith="+").order_by("pk")
    rows = rows.select_for_update()
    last = 0
    while page := list(rows.filter(pk__gt=last).only("pk", "phone", "phone_key")[:LEADS_AT_ONCE]):
        yield page
        last = page[-1].pk
