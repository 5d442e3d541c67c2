"""Closed years: nothing is left in the ledgers of what was earned, and all of it is retained."""

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

from billing.book_checks.findings import NOTHING, Finding, differs, named, off, paged
from billing.closed_years import earned_until
from billing.models import ClosedYear, Posting
from billing.models.ledger import YEAR_END, Basis, Ledger
from bizsuite.identity.models import organisation


def closed_years_leave_nothing() -> Iterator[Finding]:
    """Up to the end of a closed year each ledger of what was earned is empty, on each basis."""
    for year in paged(ClosedYear.objects.standing()):
        for (ledger, basis), total in earned_until(year.last_day).items():
            yield off(named(year), f"left in {ledger} ({basis})", total, NOTHING)


def earnings_are_retained() -> Iterator[Finding]:
    """What a year earned is in its retained earnings; of a reopened one nothing."""
    for year in paged(ClosedYear.objects.all()):
        retained: dict[str, Decimal] = defaultdict(Decimal)
        rows = Posting.objects.filter(
            entry__document_type=YEAR_END,
            entry__document_id=year.pk,
            ledger=Ledger.RETAINED_EARNINGS,
        )
        for posting in rows:
            retained[posting.basis] -= posting.amount
        stands = year.reopened_at is None
        for what, basis, said in (
            ("profit", Basis.ACCRUAL, year.profit),
            ("cash profit", Basis.CASH, year.cash_profit),
        ):
            booked = retained[Basis.BOTH] + retained[basis]
            yield from differs(year, what, said if stands else NOTHING, booked)


def closed_years_are_locked() -> Iterator[Finding]:
    """The organisation knows the year that was closed last, and the books are closed until then."""
    last = ClosedYear.objects.standing().order_by("-last_day").first()
    end = last.last_day if last else None
    yield from differs(organisation(), "last closed year", organisation().closed_year_end, end)
