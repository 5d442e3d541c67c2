"""Document numbers: INV-2024-001. No gap and no duplicate, whatever happens at once."""

from django.db.models import F

from bizsuite.numbering.models import NumberSeries


def next_numbers(prefix: str, year: int, count: int) -> list[str]:
    """The next `count` numbers of a year's series. Call late, in the transaction that uses them.

    The update holds the counter's row until that transaction ends, so a number that is rolled
    back goes to the next one. A database sequence would leave a gap there, and MAX() + 1 would
    give two transactions the same number.
    """
    series = NumberSeries.objects.filter(prefix=prefix, year=year)
    if not series.update(last=F("last") + count):
        # The first of the year. Another transaction may have been first at the same moment.
        NumberSeries.objects.bulk_create(
            [NumberSeries(prefix=prefix, year=year)], ignore_conflicts=True
        )
        series.update(last=F("last") + count)
    last = series.values_list("last", flat=True).get()
    return [f"{prefix}-{year:04}-{number:03}" for number in range(last - count + 1, last + 1)]
