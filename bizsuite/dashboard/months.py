"""Income and expenses of the last months, as bars."""

import datetime
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import TruncMonth
from django.utils.formats import date_format

from billing.models import Posting
from billing.models.ledger import Basis, Ledger
from bizsuite.backoffice.display import money_text

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Bar:
    """One month. The heights are percent of the highest bar."""

    month: str
    income: str
    expenses: str
    income_height: int
    expenses_height: int


@dataclass(frozen=True, slots=True)
class MonthlyBars:
    currency: str
    highest: str
    bars: list[Bar]


def monthly_bars(today: datetime.date, currency: str) -> MonthlyBars | None:
    """The last MONTHS months with this one, cash basis, net; None while there is nothing."""
    months = _months(today)
    sums = _sums(months[0])
    highest = max((abs(value) for value in sums.values()), default=Decimal(0))
    if not highest:
        return None
    bars = []
    for month in months:
        income = -sums.get((month, Ledger.INCOME), Decimal(0))  # credits are negative
        expenses = sums.get((month, Ledger.EXPENSE), Decimal(0))
        bars.append(
            Bar(
                month=date_format(month, "M y"),
                income=money_text(income, currency),
                expenses=money_text(expenses, currency),
                income_height=_height(income, highest),
                expenses_height=_height(expenses, highest),
            )
        )
    return MonthlyBars(currency, money_text(highest, currency), bars)


def _months(today: datetime.date) -> list[datetime.date]:
    last = today.year * 12 + today.month - 1
    return [datetime.date(n // 12, n % 12 + 1, 1) for n in range(last - MONTHS + 1, last + 1)]


def _sums(first: datetime.date) -> dict[tuple[datetime.date, str], Decimal]:
    rows = (
        Posting.objects.within_years()
        .filter(
            ledger__in=(Ledger.INCOME, Ledger.EXPENSE),
            basis__in=(Basis.BOTH, Basis.CASH),
            date__gte=first,
        )
        .annotate(month=TruncMonth("date"))
        .values("month", "ledger")
        .annotate(total=Sum("amount"))
        .order_by()
    )
    return {(row["month"], row["ledger"]): row["total"] for row in rows}


def _height(value: Decimal, highest: Decimal) -> int:
    """A month of refunds has no bar; the smallest amount still shows."""
    return max(1, round(100 * value / highest)) if value > 0 else 0
