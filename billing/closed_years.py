"""Closing fiscal years: what was earned becomes retained earnings, and nothing changes any more."""

import calendar
import datetime
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from billing.currency import open_books
from billing.ledger import NewEntry, NewPosting, opposite, post_year_end, standing_entries
from billing.models import ClosedYear, Posting
from billing.models.ledger import EARNED, Basis, Ledger
from billing.serializers import ClosedYearSerializer
from bizsuite.errors import Conflict, Invalid
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import Organisation, organisation
from bizsuite.records import lock
from bizsuite.team.profile import close_books_until

NOTHING = Decimal(0)
Sums = Mapping[tuple[Ledger, Basis], Decimal]


class YearNotOver(Conflict):
    code = "year_not_over"


class YearClosed(Conflict):
    code = "year_closed"


class YearReopened(Conflict):
    code = "year_reopened"


@transaction.atomic
def close_year(*, actor: Actor, last_day: datetime.date, **details: Any) -> ClosedYear:
    """Close the fiscal year that ends on `last_day`, and whatever before it is not closed yet.

    One entry, dated that day, moves what is left in income, expenses, write-offs and exchange
    differences into retained earnings, on each basis; then the books are closed until that day.
    details: external_id, metadata. Raises YearNotOver and YearClosed.
    """
    profile = _held_alone()
    today = profile.today()
    if last_day != year_end(last_day, profile):
        raise Invalid({"last_day": f"The fiscal year ends on {year_end(last_day, profile)}"})
    if last_day >= today:
        raise YearNotOver(f"The year to {last_day} is not over yet.")
    if profile.closed_year_end is not None and last_day <= profile.closed_year_end:
        raise YearClosed(f"The years up to {profile.closed_year_end} are closed already.")
    earned = earned_until(last_day)
    year = ClosedYear(
        last_day=last_day,
        profit=_profit(earned, Basis.ACCRUAL),
        cash_profit=_profit(earned, Basis.CASH),
        currency=profile.currency,
        closed_until_before=profile.closed_until,
        **details,
    )
    year.search_text = year.folded_search_text()
    year.save(force_insert=True)
    if earned:
        post_year_end(_entry(year, earned))
    close_books_until(
        profile,
        closed_until=max(last_day, profile.closed_until or last_day),
        closed_year_end=last_day,
        actor=actor,
    )
    record_event("closed_year.created", year, data=ClosedYearSerializer(year).data, actor=actor)
    return year


@transaction.atomic
def reopen_year(year: ClosedYear, *, actor: Actor) -> ClosedYear:
    """Take back the closing of the year that was closed last; its entry is reversed.

    The books are closed until the day until which they were before. Raises YearReopened, and
    YearClosed where a later year is closed.
    """
    profile = _held_alone()
    lock(year)
    if year.reopened_at is not None:
        raise YearReopened(f"The year to {year.last_day} has been reopened already.")
    if year.last_day != profile.closed_year_end:
        raise YearClosed(f"The year to {profile.closed_year_end} is closed: reopen that one first.")
    for entry in standing_entries(year):
        post_year_end(opposite(entry, year, date=year.last_day))
    ClosedYear.objects.filter(pk=year.pk).change(reopened_at=timezone.now())
    year.refresh()
    before = ClosedYear.objects.standing().order_by("-last_day").first()
    close_books_until(
        profile,
        closed_until=year.closed_until_before,
        closed_year_end=before.last_day if before else None,
        actor=actor,
    )
    record_event("closed_year.reopened", year, data=ClosedYearSerializer(year).data, actor=actor)
    return year


def year_end(day: datetime.date, profile: Organisation) -> datetime.date:
    """The last day of the fiscal year in which `day` is."""
    month = (profile.fiscal_year_start_month + 10) % 12 + 1
    year = day.year if day.month <= month else day.year + 1
    return datetime.date(year, month, calendar.monthrange(year, month)[1])


def next_year_end(profile: Organisation) -> datetime.date:
    """Of the year after the one closed last; of the one that ended last, if none is closed."""
    if profile.closed_year_end is not None:
        return year_end(profile.closed_year_end + datetime.timedelta(days=1), profile)
    today = profile.today()
    try:
        a_year_ago = today.replace(year=today.year - 1)
    except ValueError:  # 29 February
        a_year_ago = today.replace(year=today.year - 1, day=28)
    return year_end(a_year_ago, profile)


def earned_until(day: datetime.date) -> Sums:
    """What is in the ledgers of income and losses up to a day, by ledger and basis."""
    rows = (
        Posting.objects.filter(ledger__in=EARNED, date__lte=day)
        .order_by()
        .values_list("ledger", "basis")
        .annotate(total=Sum("amount"))
    )
    return {(Ledger(ledger), Basis(basis)): total for ledger, basis, total in rows if total}


def _held_alone() -> Organisation:
    """The organisation's row. Who books holds it shared, so that none of them is under way."""
    # Before it is held shared: two who closed a year would wait for each other's hold.
    list(Organisation.objects.select_for_update().filter(pk=organisation().pk))
    return open_books()


def _profit(earned: Sums, basis: Basis) -> Decimal:
    counted = (Basis.BOTH, basis)
    return -sum((total for (_, on), total in earned.items() if on in counted), NOTHING)


def _entry(year: ClosedYear, earned: Sums) -> NewEntry:
    """Empties each ledger, on both readings and on each alone; what they held is retained."""
    retained: dict[Basis, Decimal] = defaultdict(Decimal)
    for (_ledger, basis), total in earned.items():
        retained[basis] += total
    emptied = [
        NewPosting(ledger=ledger, basis=basis, amount=-total)
        for (ledger, basis), total in sorted(earned.items())
    ]
    return NewEntry(
        date=year.last_day,
        document=year,
        description=f"Closing of the year to {year.last_day}",
        currency=year.currency,
        postings=[
            *emptied,
            *(
                NewPosting(ledger=Ledger.RETAINED_EARNINGS, basis=basis, amount=total)
                for basis, total in sorted(retained.items())
            ),
        ],
    )
