"""Who may become a customer, and what has happened with them so far."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bizsuite.money import MoneyField
from bizsuite.records import Record, RecordQuerySet, matching, search_text
from crm.match_keys import (
    MAX_EMAIL_KEY,
    MAX_NAME_KEY,
    MAX_PHONE_KEY,
    email_key,
    name_key,
    phone_key,
)
from customers.models import Customer


class Stage(models.TextChoices):
    """How far it has come, as the API spells it."""

    NEW = "New", _("New")
    CONTACTED = "Contacted", _("Contacted")
    QUALIFIED = "Qualified", _("Qualified")
    WON = "Won", _("Won")
    LOST = "Lost", _("Lost")


OPEN_STAGES = (Stage.NEW, Stage.CONTACTED, Stage.QUALIFIED)


class LeadQuerySet(RecordQuerySet["Lead"]):
    def current(self) -> Self:
        """Without those that were merged into another."""
        return self.filter(merged_into=None)

    def open(self) -> Self:
        """Neither won nor lost yet."""
        return self.current().filter(stage__in=OPEN_STAGES)

    def due(self, today: datetime.date) -> Self:
        """Open ones whose next action is for today or was for a day before."""
        return self.open().filter(next_action_date__lte=today)

    def overdue(self, today: datetime.date) -> Self:
        return self.open().filter(next_action_date__lt=today)

    def search(self, terms: str) -> Self:
        """Every word somewhere in name, company, e-mail, phone, source or external id."""
        return self.filter(matching(terms, "search_text"))


class Lead(Record):
    """A person or company that may buy. One of first name and company is needed."""

    first_name = models.CharField(_("first name"), max_length=100, blank=True, default="")
    last_name = models.CharField(_("last name"), max_length=100, blank=True, default="")
    company = models.CharField(_("company"), max_length=200, blank=True, default="")
    email = models.EmailField(_("e-mail"), max_length=254, blank=True, default="")
    # Free text: people write extensions, several numbers, "ask for Ann".
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    source = models.CharField(_("source"), max_length=100, blank=True, default="")
    description = models.TextField(_("what they are after"), blank=True, default="")
    stage = models.CharField(_("stage"), max_length=10, choices=Stage.choices, default=Stage.NEW)
    lost_reason = models.CharField(_("lost because"), max_length=500, blank=True, default="")
    # A user who owns leads is made inactive and not removed.
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="leads",
        verbose_name=_("owner"),
    )
    # In the organisation's currency.
    expected_value = MoneyField(_("expected value"), null=True, blank=True)
    expected_close_date = models.DateField(_("expected to close"), null=True, blank=True)
    next_action = models.CharField(_("next action"), max_length=200, blank=True, default="")
    next_action_date = models.DateField(_("on"), null=True, blank=True)
    # The customer is archived and not removed while a lead tells where they came from.
    customer = models.ForeignKey(
        Customer,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="leads",
        verbose_name=_("customer"),
    )
    converted_at = models.DateTimeField(_("converted"), null=True, editable=False)
    # What was merged into a lead is a part of it, and goes with it.
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        editable=False,
        related_name="absorbed",
        verbose_name=_("merged into"),
    )
    search_text = models.TextField(editable=False, default="")
    email_key = models.CharField(max_length=MAX_EMAIL_KEY, editable=False, default="")
    phone_key = models.CharField(max_length=MAX_PHONE_KEY, editable=False, default="")
    name_key = models.CharField(max_length=MAX_NAME_KEY, editable=False, default="")

    objects = LeadQuerySet.as_manager()

    class Meta:
        verbose_name = _("lead")
        verbose_name_plural = _("leads")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["email_key"], name="crm_lead_email_key"),
            models.Index(fields=["phone_key"], name="crm_lead_phone_key"),
            models.Index(fields=["name_key"], name="crm_lead_name_key"),
            models.Index(fields=["stage", "next_action_date"], name="crm_lead_stage_due"),
        ]
        constraints = [
            models.CheckConstraint(
                name="crm_lead_has_name", condition=~Q(first_name="") | ~Q(company="")
            ),
            models.CheckConstraint(
                name="crm_lead_stage_known", condition=Q(stage__in=Stage.values)
            ),
            models.CheckConstraint(
                name="crm_lead_reason_only_if_lost", condition=Q(stage="Lost") | Q(lost_reason="")
            ),
            models.CheckConstraint(
                name="crm_lead_value_not_negative",
                condition=Q(expected_value=None) | Q(expected_value__gte=Decimal(0)),
            ),
            models.CheckConstraint(
                name="crm_lead_converted_is_won",
                condition=Q(customer=None, converted_at=None)
                | Q(customer__isnull=False, converted_at__isnull=False, stage="Won"),
            ),
            models.CheckConstraint(
                name="crm_lead_not_merged_into_itself",
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
            ),
        ]

    def __str__(self) -> str:
        if self.name and self.company:
            return f"{self.name} ({self.company})"
        return self.name or self.company

    @property
    def name(self) -> str:
        return " ".join(filter(None, (self.first_name, self.last_name)))

    @property
    def is_open(self) -> bool:
        return self.stage in OPEN_STAGES and self.merged_into_id is None

    def derived(self, region: str | None) -> Mapping[str, Any]:
        """What is looked up by: made of the other columns. region: see `phone_key`."""
        return {
            "search_text": search_text(
                self.name, self.company, self.email, self.phone, self.source, self.external_id
            ),
            "email_key": email_key(self.email),
            "phone_key": phone_key(self.phone, region),
            "name_key": name_key(self.name, self.company),
        }


class StageMove(models.Model):
    """A lead came to a stage: when, through whom and from where (nowhere when it was added)."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="stage_moves")
    from_stage = models.CharField(_("from"), max_length=10, blank=True, default="")
    to_stage = models.CharField(_("to"), max_length=10, choices=Stage.choices)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    moved_at = models.DateTimeField(_("when"))
    # A name of its own, for people leave.
    moved_by = models.CharField(_("by"), max_length=150)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        verbose_name = _("stage move")
        verbose_name_plural = _("stage history")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="crm_stagemove_goes_somewhere", condition=~Q(from_stage=F("to_stage"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_stage or '–'} → {self.to_stage}"


class LeadNoteQuerySet(RecordQuerySet["LeadNote"]):
    """Notes are added, and move with a merge."""


class LeadNote(Record):
    """Something said, heard or done, on a day that may be long past."""

    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="notes")
    text = models.TextField(_("note"))
    noted_at = models.DateTimeField(_("when"))
    author = models.CharField(_("by"), max_length=150, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    objects = LeadNoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")
        ordering = ["-noted_at", "-id"]
        constraints = [
            models.CheckConstraint(name="crm_leadnote_says_something", condition=~Q(text=""))
        ]

    def __str__(self) -> str:
        return self.text[:60]
