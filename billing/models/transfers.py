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
    amount = MoneyField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, editable=False)
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
                name="billing_transfer_between_two_accounts",
                condition=~Q(from_account=F("to_account")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {round_money(self.amount, self.currency)} {self.currency}"

    @property
    def amount_received(self) -> Decimal:
        """What arrived: all of it, for all accounts are kept in one currency."""
        return self.amount

    def folded_search_text(self) -> str:
        return search_text(self.description, self.external_id)
