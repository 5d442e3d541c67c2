"""Credit notes: what is taken back of an issued invoice."""

from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice, InvoiceItem
from billing.models.items import DocumentTax, order_of_numbers
from bizsuite.money import ExchangeRateField, MoneyField, QuantityField
from bizsuite.records import Record, RecordQuerySet, matching, search_text
from customers.models import Customer

ORDER_OF_CREDIT_NOTES = order_of_numbers()


class CreditNoteQuerySet(RecordQuerySet["CreditNote"]):
    def search(self, terms: str) -> Self:
        """Every word somewhere in its number, its invoice's, its reason, or about the customer."""
        return self.filter(matching(terms, "search_text", "customer__search_text"))


class CreditNote(Record):
    """What is credited of an invoice. `amount` is the grand total. It never changes."""

    number = models.CharField(_("number"), max_length=40, unique=True, editable=False)
    invoice = models.ForeignKey(
        Invoice, on_delete=models.PROTECT, related_name="credit_notes", verbose_name=_("invoice")
    )
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="credit_notes",
        verbose_name=_("customer"),
        editable=False,
    )
    # The customer as they were when it was made: name, address, tax id.
    customer_details = models.JSONField(default=dict, editable=False)
    # Likewise the organisation: name, address, tax id.
    seller_details = models.JSONField(default=dict, editable=False)
    date = models.DateField(_("date"), db_index=True)
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    exchange_rate = ExchangeRateField(default=Decimal(1), editable=False)
    subtotal = MoneyField(_("subtotal"), editable=False)
    tax = MoneyField(_("tax"), editable=False)
    amount = MoneyField(_("amount"), editable=False)
    # What it takes off the receivable in the organisation's currency.
    base_amount = MoneyField(editable=False)
    reason = models.TextField(_("reason"), blank=True, default="")
    search_text = models.TextField(editable=False, default="")

    objects = CreditNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("credit note")
        verbose_name_plural = _("credit notes")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="billing_creditnote_amount_positive",
                condition=Q(subtotal__gt=Decimal(0), tax__gte=Decimal(0)),
            ),
            models.CheckConstraint(
                name="billing_creditnote_amount_is_subtotal_and_tax",
                condition=Q(amount=F("subtotal") + F("tax")),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def folded_search_text(self) -> str:
        return search_text(
            self.number, self.invoice.number, self.customer.account, self.reason, self.external_id
        )


class CreditNoteItemManager(models.Manager["CreditNoteItem"]):
    """Each comes with the item that it credits, without which it says nothing.

    Joined, not prefetched: that would name every single id in the query, more than SQLite takes
    of a very long credit note, or of a page of long ones.
    """

    def get_queryset(self) -> models.QuerySet["CreditNoteItem"]:
        return super().get_queryset().select_related("invoice_item")


class CreditNoteItem(models.Model):
    """What is credited of one item of the invoice: `total` without tax.

    quantity: how many of it; none if only its price was lowered.
    """

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="items")
    position = models.PositiveIntegerField(editable=False)
    invoice_item = models.ForeignKey(
        InvoiceItem,
        on_delete=models.PROTECT,
        related_name="credit_note_items",
        verbose_name=_("item"),
    )
    quantity = QuantityField(_("quantity"), null=True)
    total = MoneyField(_("net"))

    objects = CreditNoteItemManager()

    class Meta:
        verbose_name = _("credited item")
        verbose_name_plural = _("credited items")
        ordering = ["credit_note_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["credit_note", "invoice_item"], name="billing_creditnoteitem_item_once"
            ),
            models.CheckConstraint(
                name="billing_creditnoteitem_credits_something",
                condition=Q(total__gt=Decimal(0)) & (Q(quantity=None) | Q(quantity__gt=Decimal(0))),
            ),
        ]

    def __str__(self) -> str:
        return str(self.invoice_item)

    @property
    def currency(self) -> str:
        return self.credit_note.currency


class CreditNoteTax(DocumentTax):
    """What a credit note credits at one rate of one category.

    Its tax is by cumulative rounding: that on all credited so far, less what was credited before.
    """

    credit_note = models.ForeignKey(CreditNote, on_delete=models.PROTECT, related_name="taxes")

    class Meta(DocumentTax.Meta):
        ordering = ["credit_note_id", "rate", "category"]
        constraints = [
            models.UniqueConstraint(
                fields=["credit_note", "category", "rate"], name="billing_creditnotetax_rate_once"
            )
        ]

    @property
    def currency(self) -> str:
        return self.credit_note.currency
