"""The open leads as they are looked at: by stage, and by what is to be done when."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from django.db.models import Case, Count, F, OrderBy, Sum, When, Window
from django.db.models.functions import RowNumber

from crm.models import OPEN_STAGES, Lead, LeadQuerySet, Stage

# A column is looked over, not read through: the list has the rest.
MOST_CARDS = 25
COMING_DAYS = 7
MOST_TASKS = 200


@dataclass(slots=True)
class Column:
    """One stage: all its leads counted and added up, and the first of them."""

    stage: Stage
    count: int = 0
    value: Decimal = Decimal(0)
    leads: list[Lead] = field(default_factory=list)

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
    """The stages in their order. Two queries, however many leads there are."""
    by_stage = {stage.value: Column(stage) for stage in Stage}
    totals = leads.order_by().values("stage").annotate(
        count=Count("pk"), value=Sum("expected_value", default=Decimal(0))
    )  # fmt: skip
    for row in totals:
        by_stage[row["stage"]].count = row["count"]
        by_stage[row["stage"]].value = row["value"]
    place = Window(RowNumber(), partition_by="stage", order_by=_order())
    for lead in leads.annotate(place=place).filter(place__lte=MOST_CARDS).order_by("place"):
        by_stage[lead.stage].leads.append(lead)
    return list(by_stage.values())


def _order() -> list[OrderBy]:
    """What is to be done first; of those won and lost, what was last."""
    due = Case(When(stage__in=OPEN_STAGES, then=F("next_action_date")))
    return [due.asc(nulls_last=True), F("updated_at").desc(), F("id").desc()]


def day_of(leads: LeadQuerySet, today: datetime.date) -> Day:
    """The next actions up to a week from `today`, of open leads."""
    last = today + datetime.timedelta(days=COMING_DAYS)
    found = list(leads.due(last).order_by("next_action_date", "id")[:MOST_TASKS])
    return Day(
        overdue=[each for each in found if _date(each) < today],
        today=[each for each in found if _date(each) == today],
        coming=[each for each in found if _date(each) > today],
    )


def _date(lead: Lead) -> datetime.date:
    assert lead.next_action_date is not None
    return lead.next_action_date
