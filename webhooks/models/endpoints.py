"""Where our events are sent, and how that fares."""

import datetime
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import urlsplit

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from bizsuite.crypto import decrypt
from bizsuite.events.registry import EventType, matches
from bizsuite.records import Record, RecordQuerySet

URL_LENGTH = 2000
NAME_LENGTH = 60


class DisabledReason(models.TextChoices):
    BY_HAND = "by_hand", _("Switched off by a person")
    GONE = "gone", _("The receiver answered 410 Gone")
    FAILING = "failing", _("No delivery succeeded for five days")


class PausedReason(models.TextChoices):
    BY_HAND = "by_hand", _("Paused by a person")
    BACKLOG = "backlog", _("Too many deliveries were waiting")


class WebhookEndpointQuerySet(RecordQuerySet["WebhookEndpoint"]):
    def active(self) -> Self:
        return self.filter(active=True)

    def receiving(self) -> Self:
        """Those that messages are sent to: neither switched off nor paused."""
        return self.filter(active=True, paused_at=None)

    def fed(self) -> Self:
        """Those that the fan-out has to look at: it makes their deliveries, or must remember
        the first one that it did not make."""
        return self.filter(Q(active=True, catch_up_from=None) | Q(active=False, missed_from=None))

    def behind(self) -> Self:
        """Those whose deliveries the catch-up makes."""
        return self.filter(catch_up_from__isnull=False)

    def note(self, **fields: Any) -> int:
        """Keep how the receiver fares and how far its deliveries are made, and leave version and
        updated_at alone.

        Not by change(): it is no change of the webhook, no event tells of it, and whoever edits
        the webhook of a receiver that comes and goes must not be told that somebody else did.
        """
        return super(RecordQuerySet, self).update(**fields)

    def note_failing(
        self, *, since: datetime.datetime | None, last: datetime.datetime | None
    ) -> int:
        return self.note(failing_since=since, last_failed_at=last)

    def note_pruned(self, *, through: int) -> int:
        """Keep up to where deliveries have been forgotten."""
        return self.filter(pruned_through__lt=through).note(pruned_through=through)

    def search(self, terms: str) -> Self:
        """Every word somewhere in the URL."""
        query = Q()
        for term in terms.split():
            query &= Q(url__icontains=term)
        return self.filter(query)


class WebhookEndpoint(Record):
    """An address that is told of the events it subscribed to."""

    url = models.CharField(_("URL"), max_length=URL_LENGTH)
    # Exact names, `invoice.*` or `*`.
    events = models.JSONField(_("events"), default=list)
    encrypted_secret = models.TextField(editable=False)
    # For a day after a rotation both secrets sign, so that the receiver can change over in peace.
    encrypted_previous_secret = models.TextField(editable=False, blank=True, default="")
    previous_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    active = models.BooleanField(_("active"), default=True)
    disabled_at = models.DateTimeField(_("disabled"), null=True, blank=True, editable=False)
    disabled_reason = models.CharField(
        _("reason"),
        max_length=20,
        choices=DisabledReason.choices,
        blank=True,
        default="",
        editable=False,
    )
    # The first and the latest failure since the last success, tests and long silences left out;
    # null while all is well.
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True, editable=False)
    last_failed_at = models.DateTimeField(null=True, blank=True, editable=False)
    # The highest sequence among the events whose deliveries arrived and were pruned since. Up to
    # it, an event without a delivery may well have arrived; after it, it never did.
    pruned_through = models.PositiveBigIntegerField(default=0, editable=False)
    # While paused nothing is sent; deliveries are made and wait, until too many do.
    paused_at = models.DateTimeField(_("paused"), null=True, blank=True, editable=False)
    paused_reason = models.CharField(
        _("reason of the pause"),
        max_length=20,
        choices=PausedReason.choices,
        blank=True,
        default="",
        editable=False,
    )
    # The first event (its sequence, and when it was) that did not arrive because the endpoint was
    # failing and then off. Null: none, or a person has said whether to make up for it.
    missed_from = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    missed_since = models.DateTimeField(_("missed since"), null=True, blank=True, editable=False)
    # From this event on the catch-up makes the deliveries, in slices, and the fan-out makes none:
    # an endpoint is fed by one of them. Null: by the fan-out.
    catch_up_from = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    # What the catch-up has to send again, where a delivery exists and did not arrive: of the
    # events from the first sequence up to, not including, the second.
    replay_from = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    replay_until = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    # Up to this event its queue cannot be full: until then the fan-out need not count it.
    room_until = models.PositiveBigIntegerField(default=0, editable=False)
    # When the administrators were last told that messages to it go round in circles.
    loop_told_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="webhooks_endpoint_disabled_with_reason",
                condition=Q(active=True, disabled_at=None, disabled_reason="")
                | (Q(active=False, disabled_at__isnull=False) & ~Q(disabled_reason="")),
            ),
            models.CheckConstraint(
                name="webhooks_endpoint_previous_secret_ends",
                condition=Q(encrypted_previous_secret="", previous_secret_until=None)
                | (~Q(encrypted_previous_secret="") & Q(previous_secret_until__isnull=False)),
            ),
            models.CheckConstraint(
                name="webhooks_endpoint_has_secret", condition=~Q(encrypted_secret="")
            ),
            models.CheckConstraint(
                name="webhooks_endpoint_paused_with_reason",
                condition=Q(paused_at=None, paused_reason="")
                | (Q(active=True, paused_at__isnull=False) & ~Q(paused_reason="")),
            ),
            models.CheckConstraint(
                name="webhooks_endpoint_missed_is_dated",
                condition=Q(missed_from=None, missed_since=None)
                | Q(missed_from__isnull=False, missed_since__isnull=False),
            ),
            models.CheckConstraint(
                name="webhooks_endpoint_catches_up_while_active",
                condition=Q(catch_up_from=None) | Q(active=True),
            ),
            models.CheckConstraint(
                name="webhooks_endpoint_replays_by_catching_up",
                condition=Q(replay_from=None, replay_until=None)
                | Q(
                    catch_up_from__isnull=False,
                    replay_from__isnull=False,
                    replay_until__isnull=False,
                    replay_from__lt=F("replay_until"),
                ),
            ),
        ]

    def __str__(self) -> str:
        """Short enough for the head of a page."""
        address = self.address
        return address if len(address) <= NAME_LENGTH else f"{address[: NAME_LENGTH - 1]}…"

    @property
    def address(self) -> str:
        """Host and path; not the query, which may hold a password of the receiver's."""
        url = urlsplit(self.url)
        return f"{url.netloc}{url.path}"

    @property
    def secret(self) -> str:
        """The signing secret, `whsec_…`. Shown at creation and rotation only."""
        return decrypt(self.encrypted_secret)

    def signing_secrets(
        self, now: datetime.datetime, *, decrypt: Callable[[str], str] = decrypt
    ) -> list[str]:
        """The secrets to sign with, the current one first."""
        secrets = [decrypt(self.encrypted_secret)]
        if self.previous_secret_until is not None and now < self.previous_secret_until:
            secrets.append(decrypt(self.encrypted_previous_secret))
        return secrets

    @property
    def catching_up(self) -> bool:
        """Whether deliveries of what happened are still to be made, as its queue drains."""
        return self.catch_up_from is not None

    def wants(self, event_type: EventType) -> bool:
        return any(matches(pattern, event_type) for pattern in self.events)
