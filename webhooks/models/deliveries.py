"""What is sent, every attempt at it, and who has the turn to send."""

import datetime
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from bizsuite.events.models import Event
from webhooks.models.endpoints import URL_LENGTH, WebhookEndpoint


class DeliveryStatus(models.TextChoices):
    PENDING = "pending", _("Pending")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def search(self, terms: str) -> Self:
        """By the whole message id, or by the record: `invoice 17` and `invoice:17`.

        Nothing else, so that it is quick however many there are.
        """
        words = terms.replace(":", " ").split()
        if not words:
            return self.none()
        *resource, last = words
        if not resource:
            return self.filter(message_id=last)
        # Longer numbers fit no column.
        if not (last.isascii() and last.isdigit() and len(last) < 19):
            return self.none()
        # Not by `subject`, which has no index for it.
        name = "_".join(resource).casefold()
        return self.filter(event__resource=name, event__object_id=int(last))

    def unleased(self, now: datetime.datetime) -> Self:
        """Not being sent at the moment; a lease that ran out belonged to a worker that died."""
        return self.filter(Q(leased_until=None) | Q(leased_until__lte=now))

    def make_due(self, now: datetime.datetime) -> int:
        """Have them sent now, with a fresh schedule of retries, but for those that are being
        sent; returns how many."""
        return self.unleased(now).update(
            status=DeliveryStatus.PENDING,
            next_attempt_at=now,
            step=0,
            delivered_at=None,
            failed_at=None,
            lease_token="",
            leased_until=None,
        )

    def delivered_before(self, instant: datetime.datetime) -> Self:
        return self.filter(status=DeliveryStatus.SUCCEEDED, delivered_at__lt=instant)

    def given_up_before(self, instant: datetime.datetime) -> Self:
        return self.filter(status=DeliveryStatus.FAILED, failed_at__lt=instant)

    def claimable(self, now: datetime.datetime) -> Self:
        """Due, not being sent, and not before an earlier event of the same record.

        Only first attempts wait for each other: one that must be repeated in five hours does not
        hold back what happened since.
        """
        earlier = Delivery.objects.filter(
            endpoint=OuterRef("endpoint"),
            subject=OuterRef("subject"),
            event__lt=OuterRef("event"),
            status=DeliveryStatus.PENDING,
            attempts=0,
        )
        due = self.filter(status=DeliveryStatus.PENDING, next_attempt_at__lte=now)
        return due.unleased(now).filter(Q(attempts__gt=0) | ~Exists(earlier))


class Delivery(models.Model):
    """One event on its way to one endpoint; the same row, and the same id, over all attempts.

    Kept in the database and not in a broker: what is due is found again whatever dies.
    """

    # Neither key has an index of its own: those of Meta begin with them.
    event = models.ForeignKey(
        Event,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        verbose_name=_("event"),
    )
    endpoint = models.ForeignKey(
        WebhookEndpoint,
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_index=False,
        verbose_name=_("webhook"),
    )
    # The `webhook-id` header. Receivers know a repeated message by it.
    message_id = models.CharField(_("message id"), max_length=40)
    # "invoice:17", the record that the event is about. Here as well as in the event, because
    # claiming compares it for every due row.
    subject = models.CharField(_("subject"), max_length=70)
    status = models.CharField(
        _("status"),
        max_length=20,
        choices=DeliveryStatus.choices,
        default=DeliveryStatus.PENDING,
    )
    # All that were made; `step` is how many of them the retry schedule has counted, which begins
    # again when a person sends the message once more.
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    step = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True)
    lease_token = models.CharField(max_length=32, blank=True, default="")
    leased_until = models.DateTimeField(null=True, blank=True)
    response_status = models.PositiveSmallIntegerField(_("response"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True, default="")
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    # When it was given up.
    failed_at = models.DateTimeField(_("failed"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"))

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                name="webhooks_delivery_once_per_endpoint", fields=["event", "endpoint"]
            ),
            # As a constraint and not by unique=True, which on PostgreSQL brings a second index.
            models.UniqueConstraint(
                name="webhooks_delivery_message_id_unique", fields=["message_id"]
            ),
            models.CheckConstraint(
                name="webhooks_delivery_pending_is_scheduled",
                condition=Q(status="pending", next_attempt_at__isnull=False)
                | (~Q(status="pending") & Q(next_attempt_at=None)),
            ),
            models.CheckConstraint(
                name="webhooks_delivery_succeeded_is_dated",
                condition=Q(status="succeeded", delivered_at__isnull=False)
                | (~Q(status="succeeded") & Q(delivered_at=None)),
            ),
            models.CheckConstraint(
                name="webhooks_delivery_failed_is_dated",
                condition=Q(status="failed", failed_at__isnull=False)
                | (~Q(status="failed") & Q(failed_at=None)),
            ),
            models.CheckConstraint(
                name="webhooks_delivery_leased_while_pending",
                condition=Q(lease_token="", leased_until=None)
                | (~Q(lease_token="") & Q(leased_until__isnull=False, status="pending")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["endpoint", "next_attempt_at", "event"],
                name="webhooks_delivery_due",
                condition=Q(status="pending"),
            ),
            models.Index(
                fields=["endpoint", "subject", "event"],
                name="webhooks_delivery_first_tries",
                condition=Q(status="pending", attempts=0),
            ),
            models.Index(fields=["endpoint", "id"], name="webhooks_delivery_of_endpoint"),
            # What is done, in the order in which it is pruned.
            models.Index(
                fields=["endpoint", "delivered_at"],
                name="webhooks_delivery_succeeded",
                condition=Q(status="succeeded"),
            ),
            models.Index(
                fields=["endpoint", "failed_at"],
                name="webhooks_delivery_failed",
                condition=Q(status="failed"),
            ),
        ]

    def __str__(self) -> str:
        return self.message_id


class DeliveryAttempt(models.Model):
    """One try: when, how long, and what came back."""

    delivery = models.ForeignKey(
        Delivery, on_delete=models.CASCADE, related_name="attempt_log", verbose_name=_("delivery")
    )
    number = models.PositiveIntegerField(_("number"))
    started_at = models.DateTimeField(_("started"))
    duration_ms = models.PositiveIntegerField(_("duration in ms"))
    # Where it went and how it was signed, which the endpoint's next change would have forgotten.
    # With these, the request can be shown again byte for byte (`webhooks.messages`). Empty when
    # nothing was sent.
    url = models.CharField(_("URL"), max_length=URL_LENGTH, blank=True, default="")
    signature = models.CharField(_("signature"), max_length=200, blank=True, default="")
    # Null when no answer came; then `error` says why.
    response_status = models.PositiveSmallIntegerField(_("response"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=500, blank=True, default="")
    # Those of use to a person, by their names in lower case (`webhooks.sending.KEPT_HEADERS`).
    response_headers = models.JSONField(_("response headers"), blank=True, default=dict)
    response = models.TextField(
        _("response body"), blank=True, default="", help_text=_("At most its first 64 kB.")
    )

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(
                name="webhooks_attempt_numbered", fields=["delivery", "number"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_id} #{self.number}"


class DispatchTurn(models.Model):
    """Whose turn it is to send; its one row is pk 1.

    One process at a time sends, with hundreds of connections: otherwise every worker process
    could end up waiting for slow receivers, and nobody would be left to number events.
    """

    token = models.CharField(max_length=32, blank=True, default="")
    until = models.DateTimeField(null=True)
    # Who has it, and since when. `machine` is what process ids are unique within: another start
    # of the machine, or another container on it, counts its processes anew.
    taken_at = models.DateTimeField(null=True)
    host = models.CharField(max_length=255, blank=True, default="")
    process_id = models.PositiveIntegerField(null=True)
    machine = models.CharField(max_length=120, blank=True, default="")

    def __str__(self) -> str:
        return self.token
