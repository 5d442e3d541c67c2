"""What will not be paid, and is no longer asked for."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from bizsuite.money import ExchangeRateField, MoneyField, round_money
from bizsuite.records import Record, RecordQuerySet, matching, search_text
from customers.models import Customer


class WriteOffQuerySet(RecordQuerySet["WriteOff"]):
    def standing(self) -> Self:
        return self.filter(reversed_on=None)

    def search(self, terms: str) -> Self:
        """Every word somewhere in its invoice's number, its reason, or about the customer."""
        return self.filter(matching(terms, "search_text", "customer__search_text"))


class WriteOff(Record):
    """A part of an invoice that the customer will not pay: a loss, not a correction.

    It never changes; a reversal takes it back when they pay after all.
    """

    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="write_offs", verbose_name=_("invoice")
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="write_offs",
        verbose_name=_("customer"),
        editable=False,
    )
    date = models.DateField(_("date"), db_index=True)
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    exchange_rate = ExchangeRateField(default=Decimal(1), editable=False)
    # What of the receivable it clears in the organisation's currency.
    base_amount = MoneyField(editable=False)
    reason = models.TextField(_("reason"), blank=True, default="")
    # When a reversal took it out of the books, on that reversal's date.
    reversed_on = models.DateField(_("reversed"), null=True, editable=False)
    search_text = models.TextField(editable=False, default="")

    objects = WriteOffQuerySet.as_manager()

    class Meta:
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="billing_writeoff_amount_positive", condition=Q(amount__gt=Decimal(0))
            ),
            models.CheckConstraint(
                name="billing_writeoff_reversed_no_earlier",
                condition=Q(reversed_on=None) | Q(reversed_on__gte=F("date")),
            ),
        ]

    def __str__(self) -> str:
        return f"{round_money(self.amount, self.currency)} {self.currency}"

    def folded_search_text(self) -> str:
        return search_text(
            self.invoice.number, self.customer.account, self.reason, self.external_id
        )
