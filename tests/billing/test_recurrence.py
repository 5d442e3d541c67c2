"""When schedules are due, against an oracle that knows calendars in another way."""

import calendar
import datetime
import itertools

import pytest

from billing.periods import PLACEHOLDERS, Period
from billing.recurrence import Interval, Rhythm

ONE_DAY = datetime.timedelta(days=1)
LEAP, COMMON = 2024, 2023
MONTHS = {Interval.MONTHLY: 1, Interval.QUARTERLY: 3, Interval.YEARLY: 12}


def dates(start: datetime.date, interval: str, every: int, count: int) -> list[datetime.date]:
    rhythm = Rhythm(start, interval, every, start.day)
    return [date for steps in range(count) if (date := rhythm.date_of(steps))]


def days_of(year: int) -> list[datetime.date]:
    first = datetime.date(year, 1, 1)
    return [first + ONE_DAY * number for number in range(365 + calendar.isleap(year))]


def by_walking(start: datetime.date, months: int, count: int) -> list[datetime.date]:
    """Walks through the calendar day by day: in each month that is due, the day or the last."""
    found, day, month = [start], start, 0
    while len(found) < count:
        after = day + ONE_DAY
        if after.month != day.month:
            month += 1
            if month % months == 0:
                weeks = calendar.Calendar().itermonthdays(after.year, after.month)
                last = max(weeks)
                found.append(after.replace(day=start.day if start.day <= last else last))
        day = after
    return found


@pytest.mark.parametrize("year", [LEAP, COMMON])
@pytest.mark.parametrize("interval", MONTHS)
def test_from_every_day_of_a_year_months_are_kept_as_walking_through_them_says(year, interval):
    for start in days_of(year):
        count = 3 if interval == Interval.YEARLY else 9
        assert dates(start, interval, 1, count) == by_walking(start, MONTHS[interval], count)


@pytest.mark.parametrize("year", [LEAP, COMMON])
@pytest.mark.parametrize("every", [1, 2, 5])
def test_weeks_are_always_seven_days(year, every):
    for start in days_of(year):
        found = dates(start, Interval.WEEKLY, every, 60)
        gaps = {later - earlier for earlier, later in itertools.pairwise(found)}
        assert gaps == {ONE_DAY * 7 * every}
        assert {date.weekday() for date in found} == {start.weekday()}


@pytest.mark.parametrize(
    ("start", "interval", "every", "expected"),
    [
        ("2024-01-31", "monthly", 1, ["2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"]),
        ("2023-01-31", "monthly", 1, ["2023-02-28", "2023-03-31", "2023-04-30", "2023-05-31"]),
        ("2024-01-30", "monthly", 1, ["2024-02-29", "2024-03-30"]),
        ("2024-02-29", "yearly", 1, ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ("2024-02-29", "monthly", 1, ["2024-03-29", "2024-04-29"]),
        ("2023-11-30", "quarterly", 1, ["2024-02-29", "2024-05-30", "2024-08-30"]),
        ("2024-10-31", "monthly", 2, ["2024-12-31", "2025-02-28", "2025-04-30"]),
        ("2024-12-31", "weekly", 2, ["2025-01-14", "2025-01-28"]),
        ("2099-12-31", "yearly", 100, ["2199-12-31", "2299-12-31"]),
    ],
)
def test_each_date_is_computed_from_the_start(start, interval, every, expected):
    found = dates(datetime.date.fromisoformat(start), interval, every, len(expected) + 1)

    assert [date.isoformat() for date in found] == [start, *expected]


@pytest.mark.parametrize("interval", Interval.values)
def test_a_rhythm_ends_where_the_calendar_does(interval):
    rhythm = Rhythm(datetime.date(9890, 1, 31), interval, 100, 31)

    assert rhythm.date_of(0) == datetime.date(9890, 1, 31)
    assert rhythm.date_of(10**6) is None


def test_a_period_says_its_words():
    words = Period(datetime.date(2024, 1, 31), datetime.date(2024, 2, 28)).words()

    assert tuple(words) == PLACEHOLDERS
    assert words == {
        "period": "31 Jan 2024 – 28 Feb 2024",
        "period_start": "31 Jan 2024",
        "period_end": "28 Feb 2024",
        "month": "January",
        "quarter": "Q1",
        "year": "2024",
        "previous_month": "December 2023",
        "next_month": "February 2024",
    }


def test_the_months_around_are_the_calendars():
    for day in days_of(LEAP):
        words = Period(day, day).words()
        before, after = (day.month - 2) % 12 + 1, day.month % 12 + 1
        assert words["previous_month"].split()[0] == calendar.month_name[before]
        assert words["next_month"].split()[0] == calendar.month_name[after]
        assert words["quarter"] == f"Q{-(-day.month // 3)}"
