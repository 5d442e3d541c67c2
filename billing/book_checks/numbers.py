"""The numbers of issued documents."""

import re
from collections import defaultdict
from collections.abc import Iterator

from billing.book_checks.findings import Finding, named, paged
from billing.models import Invoice
from billing.series import CREDIT_NOTES, INVOICES, Series
from bizsuite.numbering.models import NumberSeries


def numbers_have_no_gap() -> Iterator[Finding]:
    """The numbers of a year are 1 to its counter, each once, on documents dated in it."""
    yield from _gaps(INVOICES)
    yield from _gaps(CREDIT_NOTES)


def imported_numbers_are_none_of_ours() -> Iterator[Finding]:
    """A number that an invoice was imported with is not in the form of those given here."""
    for invoice in paged(Invoice.objects.filter(imported=True).only("number")):
        if INVOICES.owns(str(invoice.number)):
            yield f"{named(invoice)}: {invoice.number} was imported, and looks as if given here."


def _gaps(series: Series) -> Iterator[Finding]:
    prefix, given = series.prefix, defaultdict[int, set[int]](set)
    for document in paged(series.issued.only("number", "date")):
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
