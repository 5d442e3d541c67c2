"""Who buys from us."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bizsuite.records import Record, RecordQuerySet, matching, search_text

NAME_LENGTH = 200


class CustomerQuerySet(RecordQuerySet["Customer"]):
    def active(self) -> Self:
        return self.filter(archived_at=None)

    def search(self, terms: str) -> Self:
        """Every word somewhere in name, e-mail, phone, contact, city, tax id or external id."""
        return self.filter(matching(terms, "search_text"))


class Customer(Record):
    """A person or company. Only the name is needed; the rest is whatever is known of them."""

    account = models.CharField(_("name"), max_length=NAME_LENGTH)
    contact_name = models.CharField(_("contact"), max_length=NAME_LENGTH, blank=True, default="")
    email = models.EmailField(_("e-mail"), max_length=254, blank=True, default="")
    # Free text: people write extensions, several numbers, "ask for Ann".
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    tax_id = models.CharField(_("tax id"), max_length=50, blank=True, default="")
    address = models.CharField(_("address"), max_length=500, blank=True, default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="")
    state = models.CharField(_("state"), max_length=100, blank=True, default="")
    zip = models.CharField(_("zip"), max_length=20, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")
    notes = models.TextField(_("notes"), blank=True, default="")
    reminders_paused = models.BooleanField(
        _("reminders paused"),
        default=False,
        help_text=_("No reminders of any of their invoices, and no late fees."),
    )
    archived_at = models.DateTimeField(_("archived"), null=True, blank=True, editable=False)
    search_text = models.TextField(editable=False, default="")

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(name="customers_customer_has_name", condition=~Q(account=""))
        ]

    def __str__(self) -> str:
        return self.account

    def folded_search_text(self) -> str:
        return search_text(
            self.account,
            self.contact_name,
            self.email,
            self.phone,
            self.city,
            self.tax_id,
            self.external_id,
        )
