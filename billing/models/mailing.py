"""What customers are written: the texts of mails, and when they are reminded of what they owe."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from bizsuite.money import MoneyField, PercentField
from bizsuite.records import Record, RecordQuerySet

SUBJECT_LENGTH = 200


class MailKind(models.TextChoices):
    INVOICE = "invoice", _("Invoice")
    QUOTE = "quote", _("Quote")
    CREDIT_NOTE = "credit_note", _("Credit note")
    RECEIPT = "receipt", _("Receipt for a payment")


class MailText(Record):
    """The text of a mail, with placeholders. What is left empty says what the product's own does."""

    subject = models.CharField(_("subject"), max_length=SUBJECT_LENGTH, blank=True, default="")
    body = models.TextField(_("text"), blank=True, default="")

    class Meta:
        abstract = True


class MailTemplate(MailText):
    """The text of one kind of mail; each kind has its row from the start."""

    kind = models.CharField(
        _("kind"), max_length=20, choices=MailKind.choices, unique=True, editable=False
    )

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail template")
        verbose_name_plural = _("mail templates")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="billing_mailtemplate_kind_known", condition=Q(kind__in=MailKind.values)
            )
        ]

    def __str__(self) -> str:
        return str(MailKind(self.kind).label)


class ReminderLevel(MailText):
    """When customers are reminded of an invoice, in which words, and what that costs them.

    days: after the due date; before it if negative. fee_amount is in the organisation's currency,
    fee_percent of what is still owed; 0 is no fee.
    """

    name = models.CharField(_("name"), max_length=100)
    days = models.SmallIntegerField(
        _("days after the due date"), help_text=_("Negative: so many days before it.")
    )
    active = models.BooleanField(
        _("active"), default=True, help_text=_("Switched off, this level is passed over.")
    )
    fee_amount = MoneyField(
        _("late fee"),
        default=Decimal(0),
        help_text=_("0: none. A fee becomes an invoice of its own, outside VAT."),
    )
    fee_percent = PercentField(
        _("late fee in percent"),
        default=Decimal(0),
        help_text=_("Of what is still owed; added to the fee."),
    )

    objects = RecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("reminder level")
        verbose_name_plural = _("reminder levels")
        ordering = ["days", "id"]
        constraints = [
            models.UniqueConstraint(fields=["days"], name="billing_reminderlevel_days_once"),
            models.CheckConstraint(
                name="billing_reminderlevel_days_in_bounds",
                condition=Q(days__gte=-365, days__lte=3650),
            ),
            models.CheckConstraint(
                name="billing_reminderlevel_fee_not_negative",
                condition=Q(fee_amount__gte=Decimal(0), fee_percent__gte=Decimal(0)),
            ),
            models.CheckConstraint(
                name="billing_reminderlevel_fee_only_when_late",
                condition=Q(days__gt=0) | Q(fee_amount=Decimal(0), fee_percent=Decimal(0)),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Reminder(models.Model):
    """One reminder that was written. Its mail, and its late fee if any, are of the same commit."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="reminders")
    level = models.ForeignKey(ReminderLevel, on_delete=models.PROTECT, related_name="reminders")
    fee = models.OneToOneField(
        Invoice, null=True, on_delete=models.PROTECT, related_name="fee_of_reminder"
    )
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["invoice", "level"], name="billing_reminder_level_once_per_invoice"
            ),
            models.CheckConstraint(
                name="billing_reminder_fee_is_another_invoice",
                condition=Q(fee=None) | ~Q(fee=models.F("invoice")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.level}: {self.invoice}"
