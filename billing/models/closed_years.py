"""Fiscal years whose books are closed."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bizsuite.money import MoneyField
from bizsuite.records import Record, RecordQuerySet, matching, search_text


class ClosedYearQuerySet(RecordQuerySet["ClosedYear"]):
    def standing(self) -> Self:
        return self.filter(reopened_at=None)

    def search(self, terms: str) -> Self:
        return self.filter(matching(terms, "search_text"))


class ClosedYear(Record):
    """A fiscal year, closed: what it earned is retained earnings, and nothing is booked in it.

    profit, cash_profit: what was moved, on the accrual and on the cash basis; a loss is negative.
    """

    last_day = models.DateField(_("last day"))
    profit = MoneyField(_("profit"), editable=False)
    cash_profit = MoneyField(_("profit on the cash basis"), editable=False)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    # The organisation's closing date before, which comes back with a reopening.
    closed_until_before = models.DateField(null=True, editable=False)
    reopened_at = models.DateTimeField(_("reopened"), null=True, editable=False)
    search_text = models.TextField(editable=False, default="")

    objects = ClosedYearQuerySet.as_manager()

    class Meta:
        verbose_name = _("closed year")
        verbose_name_plural = _("closed years")
        ordering = ["-last_day", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["last_day"],
                condition=Q(reopened_at=None),
                name="billing_closedyear_closed_once",
            )
        ]

    def __str__(self) -> str:
        return _("Year to %(day)s") % {"day": self.last_day}

    def folded_search_text(self) -> str:
        return search_text(str(self.last_day), self.external_id)
