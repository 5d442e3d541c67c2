"""What is said on a ticket after its first message."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bizsuite.file_names import FILE_NAME_LENGTH
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


class CannedReplyQuerySet(RecordQuerySet["CannedReply"]):
    def search(self, terms: str) -> Self:
        """Every word somewhere in title or text."""
        found = self
        for word in terms.split():
            found = found.filter(Q(title__icontains=word) | Q(text__icontains=word))
        return found


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

    created_at = models.DateTimeField(_("written"), default=timezone.now, editable=False)

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


class Attachment(models.Model):
    """A file that came with a ticket's first message, or with a reply, and is as internal as that.

    The file lies in the data directory under `stored_name`; `name` is only shown.
    """

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="attachments")
    reply = models.ForeignKey(
        Reply, null=True, blank=True, on_delete=models.CASCADE, related_name="attachments"
    )
    name = models.CharField(_("name"), max_length=FILE_NAME_LENGTH)
    content_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("size"), help_text=_("In bytes."))
    sha256 = models.CharField(max_length=64)
    stored_name = models.CharField(max_length=40, unique=True)
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="support_attachment_is_a_named_file", condition=~Q(name="") & Q(size__gt=0)
            )
        ]

    def __str__(self) -> str:
        return self.name


class CannedReply(Record):
    """A text that staff begin a reply with. `{customer}`, `{ticket}`, `{subject}` and `{agent}`
    stand for what they are when it is picked."""

    title = models.CharField(_("title"), max_length=100, unique=True)
    text = models.TextField(
        _("text"),
        max_length=MESSAGE_LENGTH,
        help_text=_("{customer}, {ticket}, {subject} and {agent} are filled in when it is picked."),
    )

    objects = CannedReplyQuerySet.as_manager()

    class Meta:
        verbose_name = _("canned reply")
        verbose_name_plural = _("canned replies")
        ordering = ["title", "id"]

    def __str__(self) -> str:
        return self.title
