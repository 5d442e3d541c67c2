"""Links under which a customer sees a document of theirs without signing in."""

import datetime
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from billing.models.invoices import Invoice
from billing.models.quotes import Quote
from bizsuite.records import Record, RecordQuerySet, matching, search_text
from customers.models import Customer


class LinkKind(models.TextChoices):
    """What a link shows."""

    INVOICE = "Invoice", _("Invoice")
    QUOTE = "Quote", _("Quote")
    STATEMENT = "Statement", _("Statement")


class LinkStatus(models.TextChoices):
    ACTIVE = "Active", _("Active")
    EXPIRED = "Expired", _("Expired")
    REVOKED = "Revoked", _("Revoked")


class SharedLinkQuerySet(RecordQuerySet["SharedLink"]):
    def in_status(self, status: str, now: datetime.datetime) -> Self:
        """Those that `status_at(now)` is said of."""
        if status == LinkStatus.REVOKED:
            return self.exclude(revoked_at=None)
        standing = self.filter(revoked_at=None)
        if status == LinkStatus.EXPIRED:
            return standing.filter(expires_at__lte=now)
        return standing.filter(expires_at__gt=now)

    def of_kinds(self, kinds: Any) -> Self:
        return self.filter(kind__in=kinds)

    def search(self, terms: str) -> Self:
        """Every word somewhere in the document's number, external id, or about the customer."""
        return self.filter(matching(terms, "search_text", "customer__search_text"))


class SharedLink(Record):
    """A link to one document, or to a customer's statement.

    Whoever has the token sees what it shows, until `expires_at` or until it is revoked. The token
    is looked up by its keyed hash; it is kept encrypted besides, so that the staff can hand out
    the same link again.
    """

    kind = models.CharField(_("what"), max_length=20, choices=LinkKind.choices, editable=False)
    customer = models.ForeignKey(
        Customer,
        on_delete=models.CASCADE,
        related_name="shared_links",
        verbose_name=_("customer"),
    )
    invoice = models.ForeignKey(
        Invoice,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="shared_links",
        verbose_name=_("invoice"),
    )
    quote = models.ForeignKey(
        Quote,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="shared_links",
        verbose_name=_("quote"),
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    encrypted_token = models.TextField(editable=False)
    expires_at = models.DateTimeField(
        _("good until"), help_text=_("From this moment on the link shows nothing any more.")
    )
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)
    opened_count = models.PositiveIntegerField(_("times opened"), default=0, editable=False)
    last_opened_at = models.DateTimeField(_("last opened"), null=True, editable=False)
    search_text = models.TextField(editable=False, default="")

    objects = SharedLinkQuerySet.as_manager()

    class Meta:
        verbose_name = _("shared link")
        verbose_name_plural = _("shared links")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                name="billing_sharedlink_names_what_it_shows",
                condition=Q(kind="Invoice", invoice__isnull=False, quote=None)
                | Q(kind="Quote", quote__isnull=False, invoice=None)
                | Q(kind="Statement", invoice=None, quote=None),
            ),
            models.UniqueConstraint(
                name="billing_sharedlink_one_stands_per_invoice",
                fields=["invoice"],
                condition=Q(revoked_at=None),
            ),
            models.UniqueConstraint(
                name="billing_sharedlink_one_stands_per_quote",
                fields=["quote"],
                condition=Q(revoked_at=None),
            ),
            models.UniqueConstraint(
                name="billing_sharedlink_one_stands_per_statement",
                fields=["customer"],
                condition=Q(kind="Statement", revoked_at=None),
            ),
        ]

    def __str__(self) -> str:
        return str(self.document)

    @property
    def document(self) -> Invoice | Quote | Customer:
        """What it shows; the customer stands for their statement."""
        return self.invoice or self.quote or self.customer

    def status_at(self, now: datetime.datetime) -> LinkStatus:
        if self.revoked_at is not None:
            return LinkStatus.REVOKED
        return LinkStatus.ACTIVE if now < self.expires_at else LinkStatus.EXPIRED

    def folded_search_text(self) -> str:
        document = self.invoice or self.quote
        return search_text(document.number if document else None, self.external_id)

    def count_opening(self, now: datetime.datetime) -> None:
        """Say that the page was looked at."""
        SharedLink.objects.filter(pk=self.pk).change(
            opened_count=F("opened_count") + 1, last_opened_at=now
        )
