"""The series of numbered documents: gapless per year, and in the order of dates where it is asked.

A number that somebody brought along from elsewhere stands outside of them.
"""

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from billing.models import CreditNote, Invoice, Quote
from bizsuite.errors import Conflict, Invalid
from bizsuite.identity.models import Organisation
from bizsuite.numbering.numbers import next_numbers
from bizsuite.records import folded

# What may stand where our numbers have a hyphen and still be read as one.
_DASHES = re.compile("[\u2010-\u2015\u2043\u2212\ufe58\ufe63\uff0d_]")


class DateBeforeLastIssued(Conflict):
    code = "date_before_last_issued"


class NumberTaken(Conflict):
    code = "invoice_number_taken"


@dataclass(frozen=True)
class Series:
    """kind: what a refusal calls its documents. issued: those that have a number of it.

    may_follow_dates: whether its numbers are in the order of dates where that is asked.
    """

    prefix: str
    kind: str
    issued: QuerySet[Any]
    may_follow_dates: bool = True

    def owns(self, number: str) -> bool:
        """Whether people would take `number` for one of the series: INV-2024-001, inv – 2024 – 1.

        Also one whose turn has not come yet: the series itself gives it one day.
        """
        plain = _DASHES.sub("-", "".join(folded(number).split()))
        return re.fullmatch(rf"{self.prefix.lower()}-[0-9]{{4}}-[0-9]+", plain) is not None


INVOICES = Series("INV", "invoice", Invoice.objects.filter(imported=False).exclude(number=None))
CREDIT_NOTES = Series("CN", "credit note", CreditNote.objects.all())
# No law asks it of quotes, and their dates may still change.
QUOTES = Series("QUO", "quote", Quote.objects.all(), may_follow_dates=False)


def give_numbers(series: Series, documents: Sequence[Any], profile: Organisation) -> None:
    """Give new documents the next numbers of the years of their dates. Nothing is saved.

    In the order of the list; where the organisation wants numbers to follow dates, in the order
    of the dates, and DateBeforeLastIssued is raised for one before the last issued of its year.
    Call late, in the transaction that saves them: it holds the counters from here on.
    """
    by_year: dict[int, list[Any]] = {}
    for document in documents:
        by_year.setdefault(document.date.year, []).append(document)
    # In the order of the years, so that two lists over the same years cannot deadlock.
    for year in sorted(by_year):
        numbers = next_numbers(series.prefix, year, len(by_year[year]))
        if series.may_follow_dates and profile.numbers_follow_dates:
            by_year[year].sort(key=lambda document: document.date)
            # After the counter is taken: whoever had it before has committed, and is seen here.
            _require_not_before_last(series, by_year[year][0].date)
        for document, number in zip(by_year[year], numbers, strict=True):
            document.number = number


def require_free_numbers(imported: Sequence[Invoice]) -> None:
    """For history that comes with its numbers: no other invoice has them, nor will the series.

    Raises Invalid for one that the series owns or that cannot be read out, NumberTaken for one that
    is there already.
    """
    numbers = [str(invoice.number) for invoice in imported]
    for number in numbers:
        if not number.isprintable():
            text = "Must be one line of letters, figures and signs that can be seen"
            raise Invalid({"invoice_number": text})
        if INVOICES.owns(number):
            raise Invalid(
                {
                    "invoice_number": f"{number} is in the form of the numbers given here"
                    f" ({INVOICES.prefix}-2024-001); leave it out, or give one in another form"
                }
            )
    taken = set(Invoice.objects.filter(number__in=numbers).values_list("number", flat=True))
    for index, number in enumerate(numbers):
        if number in taken or number in numbers[:index]:
            raise NumberTaken(f"Another invoice has the number {number}.")


def _require_not_before_last(series: Series, date: datetime.date) -> None:
    last = series.issued.filter(date__year=date.year).order_by("-date", "-pk").first()
    if last is not None and date < last.date:
        raise DateBeforeLastIssued(
            f"Numbers follow dates here, and {last.number} is dated {last.date}: the next"
            f" {series.kind} of {date.year} cannot be dated {date}. Give it {last.date} or a later"
            " date."
        )
