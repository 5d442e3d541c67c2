"""Money that came in and went out."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import Account, Category, FlowType, Supplier
from billing.models.invoices import Invoice
from bizsuite.money import ExchangeRateField, MoneyField, PercentField, round_money
from bizsuite.records import Record, RecordQuerySet, matching, search_text
from customers.models import Customer


class PaymentStatus(models.TextChoices):
    """What has become of a payment; derived, never stored."""

    RECEIVED = "Received", _("Received")
    PARTIALLY_REFUNDED = "Partially Refunded", _("Partially refunded")
    REFUNDED = "Refunded", _("Refunded")
    REVERSED = "Reversed", _("Reversed")


class PaymentQuerySet(RecordQuerySet["Payment"]):
    def search(self, terms: str) -> Self:
        """Every word somewhere in the customer's name, method, reference, notes or external id."""
        return self.filter(matching(terms, "search_text", "customer__search_text"))

    def with_status(self, status: str) -> Self:
        if status == PaymentStatus.REVERSED:
            return self.exclude(reversed_at=None)
        standing = self.filter(reversed_at=None)
        if status == PaymentStatus.RECEIVED:
            return standing.filter(refunded=Decimal(0))
        if status == PaymentStatus.REFUNDED:
            return standing.filter(refunded=F("amount"))
        return standing.filter(refunded__gt=Decimal(0), refunded__lt=F("amount"))


class Payment(Record):
    """Money received from a customer. What no invoice takes is the customer's credit."""

    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="payments", verbose_name=_("customer")
    )
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="payments", verbose_name=_("account")
    )
    date = models.DateField(_("date"), db_index=True)
    amount = MoneyField(_("amount"))
    unallocated = MoneyField(_("unallocated"), editable=False)
    refunded = MoneyField(_("refunded"), default=Decimal(0), editable=False)
    # When it was said that this never happened; the books then hold nothing of it.
    reversed_at = models.DateTimeField(_("reversed"), null=True, editable=False)
    # The currency of the invoices that it pays: `amount`, allocations and credit are in it.
    currency = models.CharField(_("currency"), max_length=3)
    # Units of the organisation's currency for one of `currency`, on the day that it came.
    exchange_rate = ExchangeRateField(_("exchange rate"), default=Decimal(1))
    # What arrived, in the account's currency; and what that was worth in the organisation's.
    amount_received = MoneyField(_("amount received"))
    currency_received = models.CharField(_("currency received"), max_length=3, editable=False)
    base_amount = MoneyField(editable=False)
    method = models.CharField(_("method"), max_length=50, blank=True, default="")
    reference = models.CharField(_("reference"), max_length=100, blank=True, default="")
    notes = models.TextField(_("notes"), blank=True, default="")
    search_text = models.TextField(editable=False, default="")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="billing_payment_amount_positive", condition=Q(amount__gt=Decimal(0))
            ),
            models.CheckConstraint(
                name="billing_payment_exchanged_for_something",
                condition=Q(
                    exchange_rate__gt=Decimal(0),
                    amount_received__gt=Decimal(0),
                    base_amount__gte=Decimal(0),
                ),
            ),
            models.CheckConstraint(
                name="billing_payment_never_spent_twice",
                condition=Q(unallocated__gte=Decimal(0), refunded__gte=Decimal(0))
                & Q(amount__gte=F("unallocated") + F("refunded")),
            ),
            models.CheckConstraint(
                name="billing_payment_reversed_leaves_nothing",
                condition=Q(reversed_at=None) | Q(unallocated=Decimal(0), refunded=Decimal(0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{round_money(self.amount, self.currency)} {self.currency}"

    @property
    def left(self) -> Decimal:
        """What of it has not gone back to the customer."""
        return Decimal(0) if self.reversed_at else self.amount - self.refunded

    @property
    def status(self) -> PaymentStatus:
        if self.reversed_at:
            return PaymentStatus.REVERSED
        if not self.refunded:
            return PaymentStatus.RECEIVED
        return PaymentStatus.PARTIALLY_REFUNDED if self.left else PaymentStatus.REFUNDED

    def folded_search_text(self) -> str:
        return search_text(
            self.customer.account, self.method, self.reference, self.notes, self.external_id
        )


class Allocation(models.Model):
    """The part of a payment that pays an invoice, and the tax in it.

    amount: what stands; what goes back to the customer lowers it, and with nothing left the row
    goes. The books keep each step.
    tax: the invoice's tax that this part carries, by cumulative rounding: the parts of a fully
    paid invoice add up to its tax.
    base_amount: what of the invoice's receivable it clears in the organisation's currency, at the
    invoice's rate, by cumulative rounding too.
    date: the latest of the payment's, the invoice's and the day it was allocated; cash-basis
    income counts then.
    """

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="allocations")
    amount = MoneyField(_("amount"))
    tax = MoneyField(_("tax"))
    base_amount = MoneyField(editable=False)
    date = models.DateField(_("date"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("allocation")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="billing_allocation_amount_positive", condition=Q(amount__gt=Decimal(0))
            ),
            models.CheckConstraint(
                name="billing_allocation_tax_within_amount",
                condition=Q(tax__gte=Decimal(0), tax__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="billing_allocation_clears_no_less_than_nothing",
                condition=Q(base_amount__gte=Decimal(0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} → {self.invoice_id}"


class Refund(models.Model):
    """Money of a payment that went back to the customer, from the account it had come to.

    amount: in the payment's currency. amount_sent: what left the account, in the account's.
    base_amount: what that was worth in the organisation's currency, at `exchange_rate`.
    """

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = MoneyField(_("amount"))
    exchange_rate = ExchangeRateField(_("exchange rate"), default=Decimal(1))
    amount_sent = MoneyField(_("amount sent"))
    base_amount = MoneyField(editable=False)
    date = models.DateField(_("date"))
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("refund")
        verbose_name_plural = _("refunds")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="billing_refund_amount_positive", condition=Q(amount__gt=Decimal(0))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.amount}"


class TransactionQuerySet(RecordQuerySet["Transaction"]):
    def search(self, terms: str) -> Self:
        """Every word somewhere in description, reference or external id, or about the supplier."""
        return self.filter(matching(terms, "search_text", "supplier__search_text"))


class Transaction(Record):
    """A line of the cash book: income or expense on an account. `amount` includes the tax."""

    type = models.CharField(_("type"), max_length=10, choices=FlowType.choices)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="transactions", verbose_name=_("account")
    )
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="transactions", verbose_name=_("category")
    )
    supplier = models.ForeignKey(
        Supplier,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="transactions",
        verbose_name=_("supplier"),
        help_text=_("Of an expense: whom it was paid to."),
    )
    # The payment that this line shows; such a line changes with its payment only.
    payment = models.OneToOneField(
        Payment,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="transaction",
    )
    date = models.DateField(_("date"), db_index=True)
    amount = MoneyField(_("amount"))
    tax_rate = PercentField(_("tax rate"), default=Decimal(0))
    tax = MoneyField(_("tax"), default=Decimal(0), editable=False)
    # Its account's.
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    exchange_rate = ExchangeRateField(_("exchange rate"), default=Decimal(1))
    description = models.CharField(_("description"), max_length=500, blank=True, default="")
    reference = models.CharField(
        _("reference"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("What identifies it elsewhere: the number of the supplier's invoice."),
    )
    # When a reversal took it out of the books, on that reversal's date.
    reversed_on = models.DateField(_("reversed"), null=True, editable=False)
    search_text = models.TextField(editable=False, default="")

    objects = TransactionQuerySet.as_manager()

    class Meta:
        verbose_name = _("transaction")
        verbose_name_plural = _("transactions")
        ordering = ["-date", "-id"]
        constraints = [
            models.CheckConstraint(
                name="billing_transaction_amount_positive", condition=Q(amount__gt=Decimal(0))
            ),
            models.CheckConstraint(
                name="billing_transaction_exchange_rate_positive",
                condition=Q(exchange_rate__gt=Decimal(0)),
            ),
            models.CheckConstraint(
                name="billing_transaction_type_known", condition=Q(type__in=FlowType.values)
            ),
            models.CheckConstraint(
                name="billing_transaction_supplier_of_expense",
                condition=Q(supplier=None) | Q(type="Expense"),
            ),
            models.CheckConstraint(
                name="billing_transaction_tax_within_amount",
                condition=Q(tax__gte=Decimal(0), tax__lte=F("amount")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.date} {self.type} {round_money(self.amount, self.currency)}"

    def folded_search_text(self) -> str:
        return search_text(self.description, self.reference, self.external_id)
