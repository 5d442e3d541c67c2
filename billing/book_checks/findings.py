"""How a check says what is off."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet

from billing.models import Posting

Finding = str
Check = Callable[[], Iterator[Finding]]
NOTHING = Decimal(0)
PAGE = 500


def named(record: Model) -> str:
    return f"{str(record._meta.verbose_name).capitalize()} {record.pk}"


def off(name: str, what: str, stored: Any, computed: Any) -> Finding:
    return f"{name}: {what} is {stored}, computed {computed}."


def differs(record: Model, what: str, stored: Any, computed: Any) -> Iterator[Finding]:
    if stored != computed:
        yield off(named(record), what, stored, computed)


def pages(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """All rows, a page at a time by key.

    However many there are, memory stays flat, and no statement runs into the database's timeout
    or depends on how well it guesses the sizes of joined tables.
    """
    rows = rows.order_by("pk")
    page = list(rows[:PAGE])
    while page:
        yield page
        page = list(rows.filter(pk__gt=page[-1].pk)[:PAGE]) if len(page) == PAGE else []


def postings_of(entries: list[int]) -> dict[int, list[Posting]]:
    """The postings of a page of entries, by entry."""
    found: dict[int, list[Posting]] = defaultdict(list)
    for posting in Posting.objects.filter(entry__in=entries).order_by("id"):
        found[posting.entry_id].append(posting)
    return found


def paged(rows: QuerySet[Any]) -> Iterator[Any]:
    for page in pages(rows):
        yield from page
