"""What is said on a ticket after its first message."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bizsuite.identity.models import NAME_LENGTH, User
from bizsuite.records import Record, RecordQuerySet
from support.models.tickets import MESSAGE_LENGTH, Ticket


class Author(models.TextChoices):
    STAFF = "staff", _("Staff")
    CUSTOMER = "customer", _("Customer")


class ReplyQuerySet(RecordQuerySet["Reply"]):
    def public(self) -> Self:
        """What the customer may see."""
        return self.filter(internal=False)


class Reply(Record):
    """One message. An internal one is a note among staff: nothing for the customer shows it."""

    ticket = models.ForeignKey(
        Ticket, on_delete=models.CASCADE, related_name="replies", verbose_name=_("ticket")
    )
    author = models.CharField(_("author"), max_length=10, choices=Author.choices)
    # As it was then: people marry, and users are deleted.
    author_name = models.CharField(_("name"), max_length=max(NAME_LENGTH, 200))
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )
    message = models.TextField(_("message"), max_length=MESSAGE_LENGTH)
    internal = models.BooleanField(_("internal"), default=False)
    # Of the mail that brought it to the customer: answers name it, and so do the next mails.
    mail_message_id = models.CharField(max_length=255, blank=True, default="", editable=False)

    objects = ReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("reply")
        verbose_name_plural = _("replies")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="support_reply_author_known", condition=Q(author__in=Author.values)
            ),
            models.CheckConstraint(
                name="support_reply_notes_are_among_staff",
                condition=Q(internal=False) | Q(author="staff", mail_message_id=""),
            ),
            models.CheckConstraint(name="support_reply_says_something", condition=~Q(message="")),
        ]

    def __str__(self) -> str:
        return f"{self.author_name}, {self.pk}"
