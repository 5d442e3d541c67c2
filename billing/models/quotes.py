"""Quotes: what is offered to a customer, at which price, until when."""

import datetime
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Cast, Concat, Left, Length, LPad
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from billing.models.items import ChargedTax, DocumentItem, PricedDocument
from bizsuite.money import ExchangeRateField, MoneyField
from bizsuite.records import Record, RecordQuerySet, matching, search_text
from customers.models import Customer


class QuoteStatus(models.TextChoices):
    DRAFT = "Draft", _("Draft")
    SENT = "Sent", _("Sent")
    ACCEPTED = "Accepted", _("Accepted")
    DECLINED = "Declined", _("Declined")
    EXPIRED = "Expired", _("Expired")
    CONVERTED = "Converted", _("Converted")


# Those that the customer has not answered yet; only they expire.
UNANSWERED = (QuoteStatus.DRAFT, QuoteStatus.SENT)
# QUO-2024-1000 comes after QUO-2024-999. A number's year is that of its prefix, for a date may move.
ORDER_OF_QUOTES = Concat(
    Left("number", 8), LPad(Cast(Length("number"), models.CharField()), 2, Value("0")), "number"
)


ANSWERED_BY_LENGTH = 100


class QuoteQuerySet(RecordQuerySet["Quote"]):
    def past(self, today: datetime.date) -> Self:
        """Unanswered when their last day ended: expired, whether that is stored already or not."""
        return self.filter(status__in=UNANSWERED, valid_until__lt=today)

    def in_status(self, status: str, today: datetime.date) -> Self:
        """Those that `status_on(today)` is said of."""
        past = Q(status__in=UNANSWERED, valid_until__lt=today)
        if status == QuoteStatus.EXPIRED:
            return self.filter(past | Q(status=status))
        return self.filter(~past, status=status)

    def search(self, terms: str) -> Self:
        """Every word somewhere in number, external id, or about the customer."""
        return self.filter(matching(terms, "search_text", "customer__search_text"))


class Quote(PricedDocument, Record):
    """An offer. `amount` is the grand total; it binds until the end of `valid_until`."""

    number = models.CharField(_("number"), max_length=40, unique=True, editable=False)
    # As stored: the sweep writes Expired a little later than it is so. `status_on()` knows at once.
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=QuoteStatus.choices,
        default=QuoteStatus.DRAFT,
        editable=False,
    )
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="quotes", verbose_name=_("customer")
    )
    # Who was offered it and who offered, as they were when it was sent; of a draft nothing yet.
    customer_details = models.JSONField(default=dict, editable=False)
    seller_details = models.JSONField(default=dict, editable=False)
    date = models.DateField(_("date"), db_index=True)
    valid_until = models.DateField(
        _("valid until"), help_text=_("The customer can accept until the end of this day.")
    )
    currency = models.CharField(_("currency"), max_length=3)
    # Units of the organisation's currency for one of the quote's.
    exchange_rate = ExchangeRateField(_("exchange rate"), default=Decimal(1))
    subtotal = MoneyField(_("subtotal"), default=Decimal(0), editable=False)
    tax = MoneyField(_("tax"), default=Decimal(0), editable=False)
    amount = MoneyField(_("amount"), default=Decimal(0), editable=False)
    notes = models.TextField(_("notes"), blank=True, default="")
    # Which version of the offer this is. What the customer had of the earlier ones is in `versions`.
    revision = models.PositiveIntegerField(_("version"), default=1, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, editable=False)
    accepted_at = models.DateTimeField(_("accepted"), null=True, editable=False)
    declined_at = models.DateTimeField(_("declined"), null=True, editable=False)
    decline_reason = models.TextField(
        _("why it was declined"), blank=True, default="", editable=False
    )
    # Who answered on the quote's page, and from where; empty where the staff wrote the answer down.
    answered_by = models.CharField(
        _("answered by"), max_length=ANSWERED_BY_LENGTH, blank=True, default="", editable=False
    )
    answered_from = models.GenericIPAddressField(_("answered from"), null=True, editable=False)
    invoice = models.OneToOneField(
        Invoice,
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="quote",
        verbose_name=_("invoice"),
    )
    search_text = models.TextField(editable=False, default="")

    objects = QuoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "valid_until"], name="billing_quote_by_validity"),
        ]
        constraints = [
            models.CheckConstraint(
                name="billing_quote_status_known", condition=Q(status__in=QuoteStatus.values)
            ),
            models.CheckConstraint(
                name="billing_quote_amount_is_subtotal_and_tax",
                condition=Q(amount=F("subtotal") + F("tax")),
            ),
            models.CheckConstraint(
                name="billing_quote_exchange_rate_positive",
                condition=Q(exchange_rate__gt=Decimal(0)),
            ),
            models.CheckConstraint(
                name="billing_quote_converted_names_its_invoice",
                condition=Q(status="Converted", invoice__isnull=False)
                | (~Q(status="Converted") & Q(invoice__isnull=True)),
            ),
            *PricedDocument.Meta.constraints,
        ]

    def __str__(self) -> str:
        return self.number

    def status_on(self, today: datetime.date) -> QuoteStatus:
        """Expired from the moment that its last day has ended."""
        if self.status in UNANSWERED and self.valid_until < today:
            return QuoteStatus.EXPIRED
        return QuoteStatus(self.status)

    def status_before_end(self) -> QuoteStatus:
        """What an expired or converted quote was before, by what had happened to it."""
        if self.accepted_at is not None:
            return QuoteStatus.ACCEPTED
        return QuoteStatus.DRAFT if self.sent_at is None else QuoteStatus.SENT

    def folded_search_text(self) -> str:
        return search_text(self.number, self.external_id)


class QuoteItem(DocumentItem):
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="items")

    class Meta(DocumentItem.Meta):
        ordering = ["quote_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["quote", "position"], name="billing_quoteitem_position_once"
            ),
            *DocumentItem.Meta.constraints,
        ]

    @property
    def currency(self) -> str:
        return self.quote.currency


class QuoteTax(ChargedTax):
    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="taxes")

    class Meta(ChargedTax.Meta):
        ordering = ["quote_id", "rate", "category"]
        constraints = [
            models.UniqueConstraint(
                fields=["quote", "category", "rate"], name="billing_quotetax_rate_once"
            )
        ]

    @property
    def currency(self) -> str:
        return self.quote.currency


class QuoteVersion(models.Model):
    """What the customer had before the quote was revised: a copy of all of it, never changed.

    content: the columns of the quote and of its items and taxes, as text by name, so that a column
    which is new is copied like all others. See `billing.quote_versions`.
    """

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="versions")
    revision = models.PositiveIntegerField(_("version"))
    content = models.JSONField()
    replaced_at = models.DateTimeField(_("replaced"))

    class Meta:
        verbose_name = _("version")
        verbose_name_plural = _("versions")
        ordering = ["quote_id", "revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["quote", "revision"], name="billing_quoteversion_revision_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quote_id} · {self.revision}"
