"""What one invoice of a schedule is for, and the words that stand for it in its texts."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format

# {{ month }} in a text; see `billing.mailing.placeholders`.
PLACEHOLDERS = (
    "period",
    "period_start",
    "period_end",
    "month",
    "quarter",
    "year",
    "previous_month",
    "next_month",
)


@dataclass(frozen=True, slots=True)
class Period:
    """From its first day to its last, both of which belong to it."""

    start: datetime.date
    end: datetime.date

    def words(self) -> dict[str, str]:
        """By placeholder. previous_month and next_month say their year: in January it is another.

        In the installation's own language, whoever's request or work it is.
        """
        first = self.start.replace(day=1)
        month_before = first - datetime.timedelta(days=1)
        month_after = first + datetime.timedelta(days=31)
        with translation.override(settings.LANGUAGE_CODE):
            start, end = date_format(self.start, "j M Y"), date_format(self.end, "j M Y")
            return {
                "period": f"{start} – {end}",
                "period_start": start,
                "period_end": end,
                "month": date_format(self.start, "F"),
                "quarter": f"Q{(self.start.month + 2) // 3}",
                "year": str(self.start.year),
                "previous_month": date_format(month_before, "F Y"),
                "next_month": date_format(month_after, "F Y"),
            }
