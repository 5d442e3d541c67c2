"""Recurring invoices: schedules by which invoices are made, one for each period."""

import datetime
import itertools
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.items import ChargedTax, DocumentItem, PricedDocument
from billing.periods import Period
from billing.recurrence import Interval, Rhythm
from bizsuite.money import MoneyField
from bizsuite.records import Record, RecordQuerySet, matching, search_text
from customers.models import Customer


class RecurringStatus(models.TextChoices):
    ACTIVE = "Active", _("Active")
    PAUSED = "Paused", _("Paused")
    ENDED = "Ended", _("Ended")


class CatchUp(models.TextChoices):
    """What becomes of periods whose day passed while nothing ran."""

    ALL = "all", _("Make them all, the oldest first")
    SKIP = "skip", _("Make the latest only")


class RecurringInvoiceQuerySet(RecordQuerySet["RecurringInvoice"]):
    def due(self, today: datetime.date) -> Self:
        return self.filter(status=RecurringStatus.ACTIVE, next_date__lte=today)

    def failing(self) -> Self:
        return self.exclude(failure="")

    def search(self, terms: str) -> Self:
        """Every word somewhere in what it charges for, external id, or about the customer."""
        return self.filter(matching(terms, "search_text", "customer__search_text"))


class RecurringInvoice(PricedDocument, Record):
    """What is invoiced again and again. `amount` is the grand total of one invoice.

    start_date, anchor_day, interval, every: see `Rhythm`. steps: how many intervals after the
    start the next period begins. last_period: the first day of the last one that is done with,
    its invoice made or passed over. made: how many invoices were made.
    """

    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        related_name="recurring_invoices",
        verbose_name=_("customer"),
    )
    status = models.CharField(
        _("status"),
        max_length=10,
        choices=RecurringStatus.choices,
        default=RecurringStatus.ACTIVE,
        editable=False,
    )
    interval = models.CharField(_("interval"), max_length=10, choices=Interval.choices)
    every = models.PositiveSmallIntegerField(
        _("every"),
        default=1,
        help_text=_("Every how many weeks, months, quarters or years."),
    )
    start_date = models.DateField(
        _("first date"),
        help_text=_(
            "The date of the first invoice; the others follow it: after 31 January comes 28 or 29"
            " February, then 31 March."
        ),
    )
    anchor_day = models.PositiveSmallIntegerField(editable=False)
    steps = models.PositiveIntegerField(default=0, editable=False)
    next_date = models.DateField(_("next date"), null=True, editable=False)
    last_period = models.DateField(null=True, editable=False)
    made = models.PositiveIntegerField(_("invoices made"), default=0, editable=False)
    end_date = models.DateField(
        _("end date"), null=True, blank=True, help_text=_("No invoice is dated after this day.")
    )
    count = models.PositiveIntegerField(
        _("count"), null=True, blank=True, help_text=_("It ends after so many invoices.")
    )
    payment_terms_days = models.PositiveSmallIntegerField(
        _("payment terms in days"),
        null=True,
        blank=True,
        help_text=_("Empty: the organisation's."),
    )
    draft = models.BooleanField(
        _("make drafts"),
        default=False,
        help_text=_("The invoices wait as drafts until somebody issues them."),
    )
    mail = models.BooleanField(
        _("mail them"),
        default=False,
        help_text=_("Each invoice is mailed to the customer as soon as it is issued."),
    )
    catch_up = models.CharField(
        _("after an outage"),
        max_length=10,
        choices=CatchUp.choices,
        default=CatchUp.ALL,
        help_text=_("What becomes of periods whose day has passed without an invoice."),
    )
    currency = models.CharField(_("currency"), max_length=3)
    subtotal = MoneyField(_("subtotal"), default=Decimal(0), editable=False)
    tax = MoneyField(_("tax"), default=Decimal(0), editable=False)
    amount = MoneyField(_("amount"), default=Decimal(0), editable=False)
    notes = models.TextField(_("notes"), blank=True, default="")
    # Why the next invoice could not be made when it was last tried; tried again until it can be.
    failure = models.TextField(_("failure"), blank=True, default="", editable=False)
    failure_code = models.CharField(max_length=50, blank=True, default="", editable=False)
    failed_at = models.DateTimeField(_("failed"), null=True, editable=False)
    search_text = models.TextField(editable=False, default="")

    objects = RecurringInvoiceQuerySet.as_manager()

    class Meta:
        verbose_name = _("recurring invoice")
        verbose_name_plural = _("recurring invoices")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "next_date"], name="billing_recurring_by_next_date"),
        ]
        constraints = [
            models.CheckConstraint(
                name="billing_recurringinvoice_known_words",
                condition=Q(
                    status__in=RecurringStatus.values,
                    interval__in=Interval.values,
                    catch_up__in=CatchUp.values,
                ),
            ),
            models.CheckConstraint(
                name="billing_recurringinvoice_has_a_rhythm",
                condition=Q(every__gte=1, anchor_day__gte=1, anchor_day__lte=31),
            ),
            models.CheckConstraint(
                name="billing_recurringinvoice_goes_on_unless_ended",
                condition=Q(status="Ended", next_date=None)
                | (~Q(status="Ended") & Q(next_date__isnull=False)),
            ),
            models.CheckConstraint(
                name="billing_recurringinvoice_goes_forward",
                condition=Q(next_date=None)
                | Q(last_period=None)
                | Q(next_date__gt=F("last_period")),
            ),
            models.CheckConstraint(
                name="billing_recurringinvoice_mails_no_drafts",
                condition=Q(draft=False) | Q(mail=False),
            ),
            models.CheckConstraint(
                name="billing_recurringinvoice_ends_in_one_way",
                condition=Q(end_date=None) | Q(count=None),
            ),
            models.CheckConstraint(
                name="billing_recurringinvoice_never_beyond_its_count",
                condition=Q(count=None) | Q(count__gte=F("made")),
            ),
            models.CheckConstraint(
                name="billing_recurringinvoice_amount_is_subtotal_and_tax",
                condition=Q(amount=F("subtotal") + F("tax")),
            ),
            *PricedDocument.Meta.constraints,
        ]

    def __str__(self) -> str:
        return str(_("Recurring invoice %(id)s") % {"id": self.pk})

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.start_date, self.interval, self.every, self.anchor_day)

    def date_after(self, steps: int) -> datetime.date | None:
        """The date of the period after `steps` more than the next; None if it ended by then."""
        date = self.rhythm.date_of(self.steps + steps)
        if date is None or (self.end_date is not None and date > self.end_date):
            return None
        return date

    def dates(self) -> Iterator[datetime.date]:
        """The dates of all periods to come until its end date, whatever becomes of them."""
        steps = 0
        while self.next_date is not None and (date := self.date_after(steps)) is not None:
            yield date
            steps += 1

    def upcoming(self) -> Iterator[datetime.date]:
        """The dates of the invoices that are still to come if none is skipped, as far as it goes."""
        return itertools.islice(
            self.dates(), None if self.count is None else self.count - self.made
        )

    def period_after(self, steps: int) -> Period:
        """The period of an upcoming invoice: until the day before the next one begins."""
        start = self.rhythm.date_of(self.steps + steps) or self.start_date
        following = self.rhythm.date_of(self.steps + steps + 1)
        return Period(start, following - datetime.timedelta(days=1) if following else start)

    def folded_search_text(self, descriptions: Iterable[str]) -> str:
        """descriptions: its items', which may not be saved yet."""
        return search_text(self.notes, self.external_id, *descriptions)


class RecurringInvoiceItem(DocumentItem):
    recurring_invoice = models.ForeignKey(
        RecurringInvoice, on_delete=models.CASCADE, related_name="items"
    )

    class Meta(DocumentItem.Meta):
        ordering = ["recurring_invoice_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["recurring_invoice", "position"],
                name="billing_recurringinvoiceitem_position_once",
            ),
            *DocumentItem.Meta.constraints,
        ]

    @property
    def currency(self) -> str:
        return self.recurring_invoice.currency


class RecurringInvoiceTax(ChargedTax):
    recurring_invoice = models.ForeignKey(
        RecurringInvoice, on_delete=models.CASCADE, related_name="taxes"
    )

    class Meta(ChargedTax.Meta):
        ordering = ["recurring_invoice_id", "rate", "category"]
        constraints = [
            models.UniqueConstraint(
                fields=["recurring_invoice", "category", "rate"],
                name="billing_recurringinvoicetax_rate_once",
            ),
        ]

    @property
    def currency(self) -> str:
        return self.recurring_invoice.currency
