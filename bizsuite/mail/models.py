"""The mails that leave the product, each a row from before it is sent until well after."""

import datetime
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

SUBJECT_LENGTH = 500
# What a sandbox's mails went through: `bizsuite.mail.captured`.
CAPTURED = "captured"
# What takes mails in place of a server, and gives them to nobody.
STAND_INS = frozenset({CAPTURED, "console", "dummy", "filebased", "locmem"})


class MailStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    SENT = "sent", _("Sent")
    FAILED = "failed", _("Failed")


class OutgoingMailQuerySet(models.QuerySet["OutgoingMail"]):
    def unleased(self, now: datetime.datetime) -> Self:
        """Not being sent at the moment; a lease that ran out belonged to a worker that died."""
        return self.filter(Q(leased_until=None) | Q(leased_until__lte=now))

    def due(self, now: datetime.datetime) -> Self:
        return self.filter(status=MailStatus.QUEUED, next_attempt_at__lte=now).unleased(now)

    def failed(self) -> Self:
        return self.filter(status=MailStatus.FAILED)

    def search(self, terms: str) -> Self:
        """Every word somewhere in address or subject."""
        found = self
        for word in terms.split():
            found = found.filter(Q(to_address__icontains=word) | Q(subject__icontains=word))
        return found


class OutgoingMail(models.Model):
    """One mail to one address.

    message_id: of the Message-ID header, the same on every attempt. references: the ids of the
    mails that this one continues, oldest first; it is an answer to the last. resource, object_id:
    the record that it is about, `ticket` and 17.
    """

    to_address = models.CharField(_("to"), max_length=320)
    from_address = models.CharField(_("from"), max_length=600)
    subject = models.CharField(_("subject"), max_length=SUBJECT_LENGTH)
    body = models.TextField(_("text"))
    # The same for mail programs that show more than text; empty where there is only text.
    html_body = models.TextField(blank=True, default="")
    message_id = models.CharField(_("message id"), max_length=255, unique=True)
    references = models.JSONField(default=list, blank=True)
    resource = models.CharField(max_length=30)
    object_id = models.BigIntegerField()
    status = models.CharField(
        _("status"), max_length=10, choices=MailStatus.choices, default=MailStatus.QUEUED
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    # How many of them the schedule of retries counts; it begins again when a person asks.
    step = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    lease_token = models.CharField(max_length=32, blank=True, default="")
    leased_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True, default="")
    # The server it was handed to, or what stood in for one.
    sent_through = models.CharField(_("sent through"), max_length=200, blank=True, default="")
    created_at = models.DateTimeField(_("written"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OutgoingMailQuerySet.as_manager()

    class Meta:
        verbose_name = _("mail")
        verbose_name_plural = _("mails")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="mail_outgoingmail_queued_is_scheduled",
                condition=Q(status="queued", next_attempt_at__isnull=False)
                | (~Q(status="queued") & Q(next_attempt_at=None)),
            ),
            models.CheckConstraint(
                name="mail_outgoingmail_sent_is_dated",
                condition=Q(status="sent", sent_at__isnull=False)
                | (~Q(status="sent") & Q(sent_at=None)),
            ),
            models.CheckConstraint(
                name="mail_outgoingmail_leased_while_queued",
                condition=Q(lease_token="", leased_until=None)
                | (~Q(lease_token="") & Q(leased_until__isnull=False, status="queued")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="mail_outgoingmail_due",
                condition=Q(status="queued"),
            ),
            models.Index(
                fields=["sent_at"], name="mail_outgoingmail_sent", condition=Q(status="sent")
            ),
            models.Index(fields=["resource", "object_id"], name="mail_outgoingmail_record"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def stayed_here(self) -> bool:
        """Whether it is settled, but nobody outside was given it."""
        return self.status == MailStatus.SENT and self.sent_through in STAND_INS


class MailAttachment(models.Model):
    """A file that goes with a mail. The file itself is its owner's (`bizsuite.stored_files`)."""

    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=100)
    stored_name = models.CharField(max_length=40, db_index=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name
