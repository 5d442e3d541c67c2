"""The open leads as they are looked at: by stage, and by what is to be done when."""

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Sum

from crm.models import OPEN_STAGES, Lead, LeadQuerySet, Stage

# A column is looked over, not read through: the list has the rest.
MOST_CARDS = 25
COMING_DAYS = 7
MOST_TASKS = 100


@dataclass(frozen=True, slots=True)
class Column:
    """One stage: all its leads counted and added up, and the first of them."""

    stage: Stage
    count: int
    value: Decimal
    leads: Sequence[Lead]

    @property
    def hidden(self) -> int:
        return self.count - len(self.leads)


@dataclass(frozen=True, slots=True)
class Day:
    """What is to be done: late, today, and in the days that come."""

    overdue: Sequence[Lead]
    today: Sequence[Lead]
    coming: Sequence[Lead]


def columns(leads: LeadQuerySet) -> list[Column]:
    """The stages in their order: a query for the totals and one for each stage's first cards."""
    totals = leads.order_by().values("stage").annotate(
        count=Count("pk"), value=Sum("expected_value", default=Decimal(0))
    )  # fmt: skip
    by_stage = {row["stage"]: row for row in totals}
    return [_column(leads, stage, by_stage.get(stage)) for stage in Stage]


def _column(leads: LeadQuerySet, stage: Stage, totals: Mapping[str, Any] | None) -> Column:
    if totals is None:
        return Column(stage, count=0, value=Decimal(0), leads=[])
    # What is to be done first; of those won and lost, what was last.
    order = [F("next_action_date").asc(nulls_last=True)] if stage in OPEN_STAGES else []
    cards = leads.filter(stage=stage).order_by(*order, "-updated_at", "-id")[:MOST_CARDS]
    return Column(stage, count=totals["count"], value=totals["value"], leads=list(cards))


def day_of(leads: LeadQuerySet, today: datetime.date) -> Day:
    """The next actions up to a week from `today`, of open leads; MOST_TASKS of each kind."""
    due = leads.due(today + datetime.timedelta(days=COMING_DAYS)).order_by("next_action_date", "id")
    # Each by itself: however much is late, today's calls are seen.
    return Day(
        overdue=list(due.filter(next_action_date__lt=today)[:MOST_TASKS]),
        today=list(due.filter(next_action_date=today)[:MOST_TASKS]),
        coming=list(due.filter(next_action_date__gt=today)[:MOST_TASKS]),
    )
