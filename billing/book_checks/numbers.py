"""The numbers of issued documents."""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from billing.book_checks.findings import Finding, named, paged
from billing.credit_notes import PREFIX as CREDIT_NOTE_PREFIX
from billing.invoices import PREFIX as INVOICE_PREFIX
from billing.models import CreditNote, Invoice
from bizsuite.numbering.models import NumberSeries


def numbers_have_no_gap() -> Iterator[Finding]:
    """The numbers of a year are 1 to its counter, each once, on documents dated in it."""
    yield from _gaps(INVOICE_PREFIX, Invoice.objects.exclude(number=None))
    yield from _gaps(CREDIT_NOTE_PREFIX, CreditNote.objects.all())


def _gaps(prefix: str, documents: QuerySet[Any]) -> Iterator[Finding]:
    given: dict[int, set[int]] = defaultdict(set)
    for document in paged(documents.only("number", "date")):
        year = document.date.year
        digits = str(document.number).removeprefix(f"{prefix}-{year:04}-")
        if not re.fullmatch(r"[0-9]{3,}", digits) or int(digits) in given[year]:
            yield (
                f"{named(document)}: {document.number} is not a number of {year}, or is there"
                " twice."
            )
        else:
            given[year].add(int(digits))
    last = dict(NumberSeries.objects.filter(prefix=prefix).values_list("year", "last"))
    for year in sorted(given.keys() | last.keys()):
        counter = last.get(year, 0)
        expected = set(range(1, counter + 1))
        for number in sorted(expected - given[year]):
            yield f"{prefix}-{year:04}-{number:03} is missing: the counter is at {counter}."
        for number in sorted(given[year] - expected):
            yield f"{prefix}-{year:04}-{number:03} is there: the counter is at {counter}."
