"""When something that recurs is due: computed from its start, never from the time before.

Else 31 January, 28 February would go on as 28 March for ever.
"""

import calendar
import datetime
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

from bizsuite.identity.models import LATEST_DAY


class Interval(models.TextChoices):
    WEEKLY = "weekly", _("Weekly")
    MONTHLY = "monthly", _("Monthly")
    QUARTERLY = "quarterly", _("Quarterly")
    YEARLY = "yearly", _("Yearly")


MONTHS: dict[str, int] = {Interval.MONTHLY: 1, Interval.QUARTERLY: 3, Interval.YEARLY: 12}
DAYS_OF_WEEK = 7


@dataclass(frozen=True, slots=True)
class Rhythm:
    """A start and an interval: "every 2 months from 31 January on".

    anchor_day: the day of the month that is meant; in a month without it the last day stands for
    it. start: the first day, in the month and on the day that this gives.
    """

    start: datetime.date
    interval: str
    every: int
    anchor_day: int

    def date_of(self, steps: int) -> datetime.date | None:
        """The date `steps` intervals after the start; None beyond the last day that there is."""
        if self.interval == Interval.WEEKLY:
            days = DAYS_OF_WEEK * self.every * steps
            far = (LATEST_DAY - self.start).days < days
            return None if far else self.start + datetime.timedelta(days=days)
        months = self.start.year * 12 + self.start.month - 1 + self.months * steps
        year, month = months // 12, months % 12 + 1
        if year >= LATEST_DAY.year:
            return None
        last_of_month = calendar.monthrange(year, month)[1]
        return datetime.date(year, month, min(self.anchor_day, last_of_month))

    @property
    def months(self) -> int:
        """How many months one step is; 0 where it is weeks."""
        return MONTHS.get(self.interval, 0) * self.every
