"""The books: balanced journal entries, written once and never changed."""

from decimal import Decimal
from typing import Any, NoReturn, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bizsuite.money import ExchangeRateField, MoneyField, PercentField
from customers.models import Customer


class Ledger(models.TextChoices):
    """The chart of accounts."""

    CASH = "cash", _("Cash and bank")
    RECEIVABLE = "receivable", _("Accounts receivable")
    CUSTOMER_CREDIT = "customer_credit", _("Customer credit")
    TAX_PAYABLE = "tax_payable", _("Tax payable")
    OPENING_BALANCE = "opening_balance", _("Opening-balance equity")
    INCOME = "income", _("Income")
    EXPENSE = "expense", _("Expense")
    # One account with a sign: a gain is a credit, a loss a debit. In the organisation's currency.
    EXCHANGE_DIFFERENCE = "exchange_difference", _("Exchange gain and loss")
    WRITE_OFF = "write_off", _("Write-offs")
    RETAINED_EARNINGS = "retained_earnings", _("Retained earnings")


# What a year earned: income and what lowers it. Closing the year empties them.
EARNED = (Ledger.INCOME, Ledger.EXPENSE, Ledger.EXCHANGE_DIFFERENCE, Ledger.WRITE_OFF)
# The document whose entries close a year.
YEAR_END = "closedyear"


class Basis(models.TextChoices):
    """On which basis of accounting a posting counts.

    An invoice is income on the accrual basis the day it is issued, on the cash basis the day it
    is paid. So each entry carries both readings, and balances in each: {both, accrual} and
    {both, cash} add up to zero separately.
    """

    BOTH = "both", _("Both")
    ACCRUAL = "accrual", _("Accrual")
    CASH = "cash", _("Cash")


class AppendOnlyQuerySet(models.QuerySet[Any]):
    """Rows are added and read. A mistake is mended by a reversal, in sight of everybody."""

    def update(self, **fields: Any) -> NoReturn:
        raise TypeError("The books are append-only: post a reversal.")

    def delete(self) -> NoReturn:
        raise TypeError("The books are append-only: post a reversal.")


class PostingQuerySet(AppendOnlyQuerySet):
    def within_years(self) -> Self:
        """Without what only closes a year: income that became retained earnings was earned."""
        closings = JournalEntry.objects.filter(document_type=YEAR_END).order_by()
        return self.exclude(entry__in=closings.values("pk"))


class AppendOnly(models.Model):
    """A row of the books."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise TypeError("The books are append-only: post a reversal.")
        super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise TypeError("The books are append-only: post a reversal.")


class JournalEntry(AppendOnly):
    """One balanced booking. `post_entries()` in `billing.ledger` is the only way to make one."""

    date = models.DateField(_("date"), db_index=True)
    recorded_at = models.DateTimeField(_("recorded"), auto_now_add=True)
    # What it books: "invoice" 17. Not a foreign key: entries outlive a deleted transaction.
    document_type = models.CharField(_("document"), max_length=20)
    document_id = models.BigIntegerField(_("document id"))
    description = models.CharField(_("description"), max_length=500, blank=True, default="")
    currency = models.CharField(_("currency"), max_length=3)
    # Units of the organisation's currency for one of the document's.
    exchange_rate = ExchangeRateField(default=Decimal(1))
    reverses = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="reversed_by"
    )

    objects = AppendOnlyQuerySet.as_manager()

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        ordering = ["-date", "-id"]
        indexes = [
            models.Index(fields=["document_type", "document_id"], name="billing_entry_of_document")
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.description}"


class Posting(AppendOnly):
    """One line of an entry. Amounts are signed: debits positive, credits negative."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="postings")
    date = models.DateField(_("date"))  # the entry's; here so that sums need no join
    ledger = models.CharField(_("ledger"), max_length=20, choices=Ledger.choices)
    basis = models.CharField(_("basis"), max_length=10, choices=Basis.choices, default=Basis.BOTH)
    amount = MoneyField(_("amount"), help_text=_("In the organisation's currency."))
    document_amount = MoneyField(_("document amount"))
    currency = models.CharField(_("currency"), max_length=3)
    # What a cash account moved by, in its own currency, where that is not the document's.
    account_amount = MoneyField(_("account amount"), null=True)
    account = models.ForeignKey(
        "billing.Account", null=True, on_delete=models.PROTECT, related_name="postings"
    )
    category = models.ForeignKey(
        "billing.Category", null=True, on_delete=models.PROTECT, related_name="postings"
    )
    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.PROTECT, related_name="postings"
    )
    tax_rate = PercentField(_("tax rate"), null=True)

    objects = PostingQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["ledger", "date"], name="billing_posting_by_ledger")]
        constraints = [
            models.CheckConstraint(
                name="billing_posting_ledger_known", condition=Q(ledger__in=Ledger.values)
            ),
            models.CheckConstraint(
                name="billing_posting_basis_known", condition=Q(basis__in=Basis.values)
            ),
            models.CheckConstraint(
                name="billing_posting_of_cash_names_account",
                condition=~Q(ledger="cash") | Q(account__isnull=False),
            ),
            models.CheckConstraint(
                name="billing_posting_account_amount_is_cash",
                condition=Q(account_amount__isnull=True) | Q(ledger="cash"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ledger} {self.amount}"

    @property
    def moved(self) -> Decimal:
        """What its cash account moved by, in the account's own currency."""
        return self.document_amount if self.account_amount is None else self.account_amount
