"""What stands on a document: its items, and the tax at each rate."""

from decimal import Decimal

from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, ExtractYear, Length, LPad
from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import Category, Product
from bizsuite.money import MoneyField, PercentField, QuantityField


def order_of_numbers(*within_year: Combinable) -> Case:
    """What sorts documents by number: INV-2024-1000 comes after INV-2024-999.

    One expression, for a column of the admin sorts by no more. Those without a number come first.
    within_year: texts that come before the number itself.
    """
    length = LPad(Cast(Length("number"), models.CharField()), 2, Value("0"))
    year = LPad(Cast(ExtractYear("date"), models.CharField()), 4, Value("0"))
    return Case(
        When(number=None, then=Value("")), default=Concat(year, *within_year, length, "number")
    )


class DocumentItem(models.Model):
    """One line: `amount` is the price of one without tax, `total` = amount × quantity, rounded."""

    position = models.PositiveIntegerField(editable=False)
    product = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("product"),
    )
    category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("category"),
    )
    description = models.CharField(_("description"), max_length=500)
    amount = MoneyField(_("unit price"))
    quantity = QuantityField(_("quantity"), default=Decimal(1))
    tax_rate = PercentField(_("tax rate"), default=Decimal(0))
    total = MoneyField(_("total"), editable=False)

    class Meta:
        abstract = True
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_sells_something",
                condition=Q(quantity__gt=Decimal(0), amount__gte=Decimal(0)),
            ),
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_tax_rate_a_percentage",
                condition=Q(tax_rate__gte=Decimal(0), tax_rate__lte=Decimal(100)),
            ),
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def currency(self) -> str:
        """The document's."""
        raise NotImplementedError


class DocumentTax(models.Model):
    """What a document charges at one rate: the tax on the sum of its items, frozen."""

    rate = PercentField(_("rate"))
    net = MoneyField(_("net"))
    tax = MoneyField(_("tax"))

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.rate} %"

    @property
    def currency(self) -> str:
        """The document's."""
        raise NotImplementedError
