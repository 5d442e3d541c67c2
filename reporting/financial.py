"""The financial summary, read from the books."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum

from billing.models import Posting
from billing.models.ledger import Basis, Ledger

# What lowers the profit. Written off is what was income on the accrual basis and never came.
LOSSES = (Ledger.EXPENSE, Ledger.WRITE_OFF)


@dataclass(frozen=True, slots=True)
class Period:
    """Days from first to last, both inclusive; None is open on that side."""

    first: datetime.date | None
    last: datetime.date | None


@dataclass(frozen=True, slots=True)
class FinancialSummary:
    """What came in and went out in a period, net of tax, and what was owed at its end."""

    period: Period
    basis: Basis
    currency: str
    income: Decimal
    expenses: Decimal
    outstanding: Decimal

    @property
    def profit(self) -> Decimal:
        return self.income - self.expenses


def period_of(year: int | None, month: int | None, today: datetime.date) -> Period:
    """A year, a month of it (of this year when none is given), or all time."""
    if year is None and month is None:
        return Period(None, None)
    year = today.year if year is None else year
    first_month, last_month = (1, 12) if month is None else (month, month)
    first = datetime.date(year, first_month, 1)
    if last_month == 12:
        return Period(first, datetime.date(year, 12, 31))
    return Period(first, datetime.date(year, last_month + 1, 1) - datetime.timedelta(days=1))


def financial_summary(
    period: Period,
    *,
    basis: Basis,
    today: datetime.date,
    base_currency: str,
    currency: str | None = None,
) -> FinancialSummary:
    """Sum the books of a period, on the cash or the accrual basis.

    currency: only documents in it, unconverted; None: all, in `base_currency`, the books' own.
    Outstanding is what customers owed at the end of the period (today when it has none).
    One statement, so that the figures belong to the same instant.
    """
    column = "amount" if currency is None else "document_amount"
    postings = (
        Posting.objects.all() if currency is None else Posting.objects.filter(currency=currency)
    ).within_years()
    earned = _within(period) & Q(basis__in=(Basis.BOTH, basis))
    owed = Q(ledger=Ledger.RECEIVABLE, date__lte=period.last or today)
    sums = _sums(
        postings.filter(ledger__in=(Ledger.INCOME, *LOSSES, Ledger.RECEIVABLE)),
        column,
        income=earned & Q(ledger=Ledger.INCOME),
        expenses=earned & Q(ledger__in=LOSSES),
        outstanding=owed,
    )
    return FinancialSummary(
        period=period,
        basis=basis,
        currency=currency or base_currency,
        income=-sums["income"],  # a credit, which the books keep negative
        expenses=sums["expenses"],
        outstanding=sums["outstanding"],
    )


def _within(period: Period) -> Q:
    within = Q()
    if period.first is not None:
        within &= Q(date__gte=period.first)
    if period.last is not None:
        within &= Q(date__lte=period.last)
    return within


def _sums(postings: QuerySet[Any], column: str, **conditions: Q) -> dict[str, Decimal]:
    return postings.aggregate(
        **{
            name: Sum(column, filter=condition, default=Decimal(0))
            for name, condition in conditions.items()
        }
    )
