"""What other currencies are worth, day by day."""

import datetime
from decimal import Decimal
from typing import Self

from babel.numbers import get_currency_name
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bizsuite.money import ExchangeRateField, format_decimal
from bizsuite.records import Record, RecordQuerySet, matching, search_text


class ExchangeRateQuerySet(RecordQuerySet["ExchangeRate"]):
    def known_on(self, currency: str, date: datetime.date) -> Self:
        """The rates that a document of this date may have, the newest first."""
        return self.filter(currency=currency, date__lte=date).order_by("-date")

    def search(self, terms: str) -> Self:
        """Every word somewhere in the currency's code, its English name or the external id."""
        return self.filter(matching(terms, "search_text"))


class ExchangeRate(Record):
    """What one unit of a currency is worth in the organisation's own, from a day on.

    Documents take the newest one of their date or before it, unless they are given their own.
    """

    currency = models.CharField(_("currency"), max_length=3)
    date = models.DateField(
        _("date"), db_index=True, help_text=_("It holds from this day until a newer one.")
    )
    rate = ExchangeRateField(
        _("rate"), help_text=_("Units of your own currency for one of this currency.")
    )
    search_text = models.TextField(editable=False, default="")

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("exchange rate")
        verbose_name_plural = _("exchange rates")
        ordering = ["-date", "currency", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["currency", "date"], name="billing_exchangerate_once_a_day"
            ),
            models.CheckConstraint(
                name="billing_exchangerate_positive", condition=Q(rate__gt=Decimal(0))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.currency} {format_decimal(self.rate)}"

    def folded_search_text(self) -> str:
        name = get_currency_name(self.currency, locale="en")
        return search_text(self.currency, name, self.external_id)
