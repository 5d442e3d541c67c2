"""What documents refer to: where money is kept, what it was for, what is sold."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from billing.models.tax_categories import TaxTreated
from bizsuite.money import MoneyField, PercentField
from bizsuite.records import Named, search_text


class Account(Named):
    """A bank or cash account of the organisation. `balance` is what its postings add up to."""

    class Type(models.TextChoices):
        BANK = "Bank", _("Bank")
        CASH = "Cash", _("Cash")
        CARD = "Card", _("Card")
        OTHER = "Other", _("Other")

    type = models.CharField(_("type"), max_length=10, choices=Type.choices)
    currency = models.CharField(_("currency"), max_length=3)
    opening_balance = MoneyField(_("opening balance"), default=Decimal(0))
    balance = MoneyField(_("balance"), default=Decimal(0), editable=False)

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="billing_account_type_known",
                condition=Q(type__in=["Bank", "Cash", "Card", "Other"]),
            )
        ]


class FlowType(models.TextChoices):
    """Which way money goes, as the API spells it."""

    INCOME = "Income", _("Income")
    EXPENSE = "Expense", _("Expense")


class Category(Named):
    """What income was for, or what an expense was for."""

    type = models.CharField(_("type"), max_length=10, choices=FlowType.choices)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["type", "name", "id"]
        constraints = [
            models.CheckConstraint(
                name="billing_category_type_known", condition=Q(type__in=FlowType.values)
            )
        ]


class Supplier(Named):
    """Whom the organisation buys from. Only the name is needed."""

    tax_id = models.CharField(_("tax id"), max_length=50, blank=True, default="")
    email = models.EmailField(_("e-mail"), max_length=254, blank=True, default="")
    phone = models.CharField(_("phone"), max_length=40, blank=True, default="")
    address = models.CharField(_("address"), max_length=500, blank=True, default="")
    city = models.CharField(_("city"), max_length=100, blank=True, default="")
    zip = models.CharField(_("zip"), max_length=20, blank=True, default="")
    country = models.CharField(_("country"), max_length=100, blank=True, default="")
    notes = models.TextField(_("notes"), blank=True, default="")

    class Meta:
        verbose_name = _("supplier")
        verbose_name_plural = _("suppliers")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(name="billing_supplier_has_name", condition=~Q(name=""))
        ]

    def folded_search_text(self) -> str:
        return search_text(
            self.name, self.tax_id, self.email, self.phone, self.city, self.external_id
        )


# "One": what is counted, or has no unit at all.
PLAIN_UNIT = "C62"


class Product(TaxTreated, Named):
    """Something sold: its price without tax, and the rate in percent that is put on it."""

    class Type(models.TextChoices):
        PRODUCT = "product", _("Product")
        SERVICE = "service", _("Service")

    type = models.CharField(_("type"), max_length=10, choices=Type.choices, default=Type.PRODUCT)
    price = MoneyField(_("price"))
    description = models.TextField(_("description"), blank=True, default="")
    tax_rate = PercentField(_("tax rate"), default=Decimal(0))
    unit = models.CharField(_("unit"), max_length=3, default=PLAIN_UNIT)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["name", "id"]
        constraints = [
            models.CheckConstraint(
                name="billing_product_type_known", condition=Q(type__in=["product", "service"])
            ),
            models.CheckConstraint(
                name="billing_product_price_not_negative",
                condition=Q(price__gte=Decimal(0)),
            ),
            models.CheckConstraint(
                name="billing_product_tax_rate_a_percentage",
                condition=Q(tax_rate__gte=Decimal(0), tax_rate__lte=Decimal(100)),
            ),
            *TaxTreated.Meta.constraints,
        ]

    def folded_search_text(self) -> str:
        return search_text(self.name, self.description, self.external_id)
