"""Tickets, and the departments that answer them."""

from typing import Self

from django.db import models
from django.db.models import Case, IntegerField, Q, Value, When
from django.db.models.functions import Length, Substr
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizsuite.identity.models import User
from bizsuite.records import Named, Record, RecordQuerySet, matching, search_text
from customers.models import Customer

PREFIX = "TKT"
SUBJECT_LENGTH = 200
MESSAGE_LENGTH = 100_000


class Department(Named):
    """Who answers. Its address, where there is one, is what its mails come from."""

    email = models.EmailField(
        _("e-mail"),
        max_length=254,
        blank=True,
        default="",
        help_text=_("Its mails come from here; empty for the organisation's address."),
    )

    class Meta:
        verbose_name = _("department")
        verbose_name_plural = _("departments")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(name="support_department_has_name", condition=~Q(name=""))
        ]

    def folded_search_text(self) -> str:
        return search_text(self.name, self.email, self.external_id)


class Priority(models.TextChoices):
    LOW = "Low", _("Low")
    MEDIUM = "Medium", _("Medium")
    HIGH = "High", _("High")
    URGENT = "Urgent", _("Urgent")


class Status(models.TextChoices):
    """Open: it is our turn. Pending: it is the customer's."""

    OPEN = "Open", _("Open")
    PENDING = "Pending", _("Pending")
    CLOSED = "Closed", _("Closed")


# Low first, and not High, which comes first by its letters.
ORDER_OF_PRIORITY = Case(
    *(When(priority=name, then=Value(rank)) for rank, name in enumerate(Priority.values)),
    output_field=IntegerField(),
)
# TKT-2024-1000 comes after TKT-2024-999.
ORDER_OF_NUMBERS = (Substr("number", len(PREFIX) + 2, 4), Length("number"), "number")


class TicketQuerySet(RecordQuerySet["Ticket"]):
    def open(self) -> Self:
        return self.filter(status=Status.OPEN)

    def unresolved(self) -> Self:
        return self.exclude(status=Status.CLOSED)

    def search(self, terms: str) -> Self:
        """Every word somewhere in number, subject, external id, or about the customer."""
        return self.filter(matching(terms, "search_text", "customer__search_text"))


class Ticket(Record):
    """Something a customer wants. `message` is what they wrote first; the replies follow it.

    first_response_at: when staff first answered the customer. waiting_since: since when it has
    been our turn; null while it is not. resolved_at: when it was closed; null again once reopened.
    """

    number = models.CharField(_("number"), max_length=40, unique=True, editable=False)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("customer")
    )
    subject = models.CharField(_("subject"), max_length=SUBJECT_LENGTH)
    message = models.TextField(_("message"), max_length=MESSAGE_LENGTH)
    status = models.CharField(
        _("status"), max_length=10, choices=Status.choices, default=Status.OPEN, editable=False
    )
    priority = models.CharField(
        _("priority"), max_length=10, choices=Priority.choices, default=Priority.MEDIUM
    )
    department = models.ForeignKey(
        Department, on_delete=models.PROTECT, related_name="tickets", verbose_name=_("department")
    )
    assignee = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="tickets",
        verbose_name=_("assignee"),
    )
    first_response_at = models.DateTimeField(_("first response"), null=True, editable=False)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, editable=False)
    resolved_at = models.DateTimeField(_("resolved"), null=True, editable=False)
    # Given by the action, like the other instants of a ticket.
    created_at = models.DateTimeField(_("opened"), default=timezone.now, editable=False)
    search_text = models.TextField(editable=False, default="")

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("ticket")
        verbose_name_plural = _("tickets")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "waiting_since"], name="support_ticket_by_waiting")
        ]
        constraints = [
            models.CheckConstraint(
                name="support_ticket_priority_known", condition=Q(priority__in=Priority.values)
            ),
            models.CheckConstraint(
                name="support_ticket_waits_while_open",
                condition=Q(status="Open", waiting_since__isnull=False, resolved_at=None)
                | Q(status="Pending", waiting_since=None, resolved_at=None)
                | Q(status="Closed", waiting_since=None, resolved_at__isnull=False),
            ),
            models.CheckConstraint(
                name="support_ticket_says_something",
                condition=~Q(subject="") & ~Q(message="") & ~Q(number=""),
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def folded_search_text(self) -> str:
        return search_text(self.number, self.subject, self.external_id)
