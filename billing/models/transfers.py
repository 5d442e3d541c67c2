"""Money that only changes its place."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import Account
from bizsuite.money import MoneyField, round_money
from bizsuite.records import Record, RecordQuerySet, matching, search_text


class TransferQuerySet(RecordQuerySet["Transfer"]):
    def of_account(self, account_id: int) -> Self:
        """From it or to it."""
        return self.filter(Q(from_account=account_id) | Q(to_account=account_id))

    def search(self, terms: str) -> Self:
        """Every word somewhere in description or external id."""
        return self.filter(matching(terms, "search_text"))


class Transfer(Record):
    """Money moved from one own account to another: neither income nor an expense."""

    from_account = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        related_name="transfers_out",
        verbose_name=_("from account"),
    )
    to_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="transfers_in", verbose_name=_("to account")
    )
    date = models.DateField(_("date"), db_index=True)
    # What left the first account, in that account's currency.
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    # What arrived, in the second account's.
    amount_received = MoneyField(_("amount received"))
    currency_received = models.CharField(_("currency received"), max_length=3, editable=False)
    # What both are worth in the organisation's.
    base_amount = MoneyField(editable=False)
    description = models.CharField(_("description"), max_length=500, blank=True, default="")
    search_text = models.TextField(editable=False, default="")

    objects = TransferQuerySet.as_manager()

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["-date", "-id"]
        constraints = [
            models.CheckConstraint(
                name="billing_transfer_amount_positive", condition=Q(amount__gt=Decimal(0))
            ),
            models.CheckConstraint(
                name="billing_transfer_something_arrives",
                condition=Q(amount_received__gt=Decimal(0), base_amount__gte=Decimal(0)),
            ),
            models.CheckConstraint(
                name="billing_transfer_between_two_accounts",
                condition=~Q(from_account=F("to_account")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {round_money(self.amount, self.currency)} {self.currency}"

    def folded_search_text(self) -> str:
        return search_text(self.description, self.external_id)
