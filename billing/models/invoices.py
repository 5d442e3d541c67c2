"""Invoices: what was sold, to whom, what is still owed."""

import datetime
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from billing.models.items import (
    ChargedTax,
    DocumentItem,
    PricedDocument,
    order_of_numbers,
)
from bizsuite.money import ExchangeRateField, MoneyField, QuantityField
from bizsuite.records import Record, RecordQuerySet, matching, search_text
from customers.models import Customer


class InvoiceStatus(models.TextChoices):
    DRAFT = "Draft", _("Draft")
    UNPAID = "Unpaid", _("Unpaid")
    PARTIALLY_PAID = "Partially Paid", _("Partially paid")
    PAID = "Paid", _("Paid")
    VOID = "Void", _("Void")


# Of a year, numbers that were brought along come before those that were given here.
ORDER_OF_INVOICES = order_of_numbers(Case(When(imported=True, then=Value("0")), default=Value("1")))
OPEN_STATUSES = (InvoiceStatus.UNPAID, InvoiceStatus.PARTIALLY_PAID)


class InvoiceQuerySet(RecordQuerySet["Invoice"]):
    def open(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)

    def overdue(self, today: datetime.date) -> Self:
        return self.open().filter(due_date__lt=today)

    def search(self, terms: str) -> Self:
        """Every word somewhere in number, external id, or about the customer, then and now."""
        return self.filter(matching(terms, "search_text", "customer__search_text"))


class Invoice(PricedDocument, Record):
    """An invoice. `amount` is the grand total; `balance` is what is still owed of it.

    Once issued, its number, customer, items and amounts never change.
    """

    number = models.CharField(_("number"), max_length=40, null=True, unique=True, editable=False)  # noqa: DJ001  null: not numbered
    # Whether the number came with it, from elsewhere, and is none of the series'.
    imported = models.BooleanField(_("imported"), default=False, editable=False)
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=InvoiceStatus.choices,
        default=InvoiceStatus.DRAFT,
        editable=False,
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="invoices", verbose_name=_("customer")
    )
    # The customer as they were when it was issued: name, address, tax id.
    customer_details = models.JSONField(default=dict, editable=False)
    # Likewise the organisation: name, address, tax id.
    seller_details = models.JSONField(default=dict, editable=False)
    date = models.DateField(_("date"), db_index=True)
    due_date = models.DateField(_("due date"))
    supply_date = models.DateField(
        _("supplied on"),
        null=True,
        blank=True,
        help_text=_("The day of delivery or of the service, where it is not the invoice's date."),
    )
    currency = models.CharField(_("currency"), max_length=3)
    # Units of the organisation's currency for one of the invoice's.
    exchange_rate = ExchangeRateField(_("exchange rate"), default=Decimal(1))
    subtotal = MoneyField(_("subtotal"), default=Decimal(0), editable=False)
    tax = MoneyField(_("tax"), default=Decimal(0), editable=False)
    amount = MoneyField(_("amount"), default=Decimal(0), editable=False)
    paid = MoneyField(_("paid"), default=Decimal(0), editable=False)
    credited = MoneyField(_("credited"), default=Decimal(0), editable=False)
    # What will not be paid, and is no longer asked for.
    written_off = MoneyField(_("written off"), default=Decimal(0), editable=False)
    balance = MoneyField(_("balance"), default=Decimal(0), editable=False)
    notes = models.TextField(_("notes"), blank=True, default="")
    recurring_invoice = models.ForeignKey(
        "billing.RecurringInvoice",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="invoices",
        verbose_name=_("recurring invoice"),
    )
    # The first day of the schedule's period that it is for.
    recurring_period = models.DateField(_("period"), null=True, editable=False)
    issued_at = models.DateTimeField(_("issued"), null=True, editable=False)
    voided_at = models.DateTimeField(_("voided"), null=True, editable=False)
    delivery_email = models.EmailField(
        _("delivery e-mail"),
        max_length=254,
        blank=True,
        default="",
        help_text=_("Where this invoice is mailed to; empty for the customer's own address."),
    )
    disputed = models.BooleanField(
        _("disputed"),
        default=False,
        help_text=_("The customer objects to it: no reminders and no late fees meanwhile."),
    )
    reminders_paused = models.BooleanField(
        _("reminders paused"), default=False, help_text=_("No reminders until you say otherwise.")
    )
    # When it was last mailed, and last reminded of.
    sent_at = models.DateTimeField(_("sent by mail"), null=True, editable=False)
    reminded_at = models.DateTimeField(_("reminded"), null=True, editable=False)
    # Of a late fee, which is an invoice of its own: what was paid late.
    late_fee_for = models.ForeignKey(
        "self",
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="late_fees",
        verbose_name=_("late fee for"),
    )
    # Whether invoice.overdue has been said, or never will be: it was overdue when it was loaded.
    overdue_announced = models.BooleanField(default=False, editable=False)
    search_text = models.TextField(editable=False, default="")

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "due_date"], name="billing_invoice_by_due_date"),
        ]
        constraints = [
            models.CheckConstraint(
                name="billing_invoice_numbered_once_issued",
                condition=Q(status="Draft", number=None) | (~Q(status="Draft") & ~Q(number=None)),
            ),
            models.UniqueConstraint(
                fields=["recurring_invoice", "recurring_period"],
                name="billing_invoice_once_per_period",
            ),
            models.CheckConstraint(
                name="billing_invoice_of_a_period_or_of_none",
                condition=Q(recurring_invoice=None, recurring_period=None)
                | Q(recurring_invoice__isnull=False, recurring_period__isnull=False),
            ),
            models.CheckConstraint(
                name="billing_invoice_imported_is_issued",
                condition=Q(imported=False) | ~Q(status="Draft"),
            ),
            models.CheckConstraint(
                name="billing_invoice_amount_is_subtotal_and_tax",
                condition=Q(amount=F("subtotal") + F("tax")),
            ),
            models.CheckConstraint(
                name="billing_invoice_exchange_rate_positive",
                condition=Q(exchange_rate__gt=Decimal(0)),
            ),
            models.CheckConstraint(
                name="billing_invoice_never_overpaid",
                condition=Q(
                    paid__gte=Decimal(0), credited__gte=Decimal(0), written_off__gte=Decimal(0)
                )
                & Q(amount__gte=F("paid") + F("credited") + F("written_off")),
            ),
            models.CheckConstraint(
                name="billing_invoice_balance_is_what_is_owed",
                condition=Q(
                    status="Void", balance=Decimal(0), paid=Decimal(0), written_off=Decimal(0)
                )
                | (
                    ~Q(status="Void")
                    & Q(balance=F("amount") - F("paid") - F("credited") - F("written_off"))
                ),
            ),
            models.CheckConstraint(
                name="billing_invoice_status_follows_balance",
                condition=Q(status__in=["Draft", "Void"])
                | Q(status="Paid", balance=Decimal(0))
                | Q(status="Unpaid", paid=Decimal(0), balance__gt=Decimal(0))
                | Q(status="Partially Paid", paid__gt=Decimal(0), balance__gt=Decimal(0)),
            ),
            *PricedDocument.Meta.constraints,
        ]

    def __str__(self) -> str:
        return self.number or f"Draft {self.pk}"

    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES

    def status_by_figures(self) -> InvoiceStatus:
        """The status of an issued invoice: nothing owed is Paid, however that came about."""
        if not self.balance:
            return InvoiceStatus.PAID
        return InvoiceStatus.PARTIALLY_PAID if self.paid else InvoiceStatus.UNPAID

    def owed(self) -> Decimal:
        """What is still owed of it, by its other figures."""
        return self.amount - self.paid - self.credited - self.written_off

    def is_settled(self) -> bool:
        """Whether all that it charges is paid: nothing is owed, and nothing was given up."""
        return self.paid + self.credited == self.amount

    def is_overdue(self, today: datetime.date) -> bool:
        return self.is_open() and self.due_date < today

    def folded_search_text(self) -> str:
        return search_text(self.number, self.customer.account, self.external_id)


class InvoiceItem(DocumentItem):
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="items")
    # What credit notes have taken back of it: without tax, and how many.
    credited = MoneyField(_("credited"), default=Decimal(0), editable=False)
    credited_quantity = QuantityField(_("credited quantity"), default=Decimal(0), editable=False)

    class Meta(DocumentItem.Meta):
        ordering = ["invoice_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "position"], name="billing_invoiceitem_position_once"
            ),
            *DocumentItem.Meta.constraints,
            models.CheckConstraint(
                name="billing_invoiceitem_never_credited_twice",
                condition=Q(credited__gte=Decimal(0), credited__lte=F("net"))
                & Q(credited_quantity__gte=Decimal(0), credited_quantity__lte=F("quantity")),
            ),
        ]

    @property
    def currency(self) -> str:
        return self.invoice.currency

    @property
    def left(self) -> Decimal:
        """What can still be credited of it, without tax."""
        return self.net - self.credited

    @property
    def quantity_left(self) -> Decimal:
        return self.quantity - self.credited_quantity


class InvoiceTax(ChargedTax):
    invoice = models.ForeignKey(Invoice, on_delete=models.CASCADE, related_name="taxes")
    credited_net = MoneyField(_("credited net"), default=Decimal(0))
    credited_tax = MoneyField(_("credited tax"), default=Decimal(0))

    class Meta(ChargedTax.Meta):
        ordering = ["invoice_id", "rate", "category"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "category", "rate"], name="billing_invoicetax_rate_once"
            ),
            models.CheckConstraint(
                name="billing_invoicetax_never_credited_twice",
                condition=Q(credited_net__gte=Decimal(0), credited_net__lte=F("net"))
                & Q(credited_tax__gte=Decimal(0), credited_tax__lte=F("tax")),
            ),
        ]

    @property
    def currency(self) -> str:
        return self.invoice.currency
