"""What stands on a document: its items, its discount, and the tax at each rate."""

from decimal import Decimal

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, ExtractYear, Length, LPad
from django.utils.translation import gettext_lazy as _

from billing.models.catalogue import PLAIN_UNIT, Category, Product
from billing.models.tax_categories import TaxCategory, TaxTreated
from bizsuite.money import (
    Discount,
    MoneyField,
    PercentField,
    QuantityField,
    TaxKey,
    round_money,
)


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


class Discounted(models.Model):
    """What may have a discount: a percentage or an amount, never both."""

    discount_percent = PercentField(
        _("discount in %"), null=True, blank=True, help_text=_("A percentage or an amount.")
    )
    discount_amount = MoneyField(_("discount"), null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_discount_of_one_kind",
                condition=Q(discount_percent=None, discount_amount=None)
                | Q(discount_percent=None, discount_amount__gte=Decimal(0))
                | Q(
                    discount_percent__gte=Decimal(0),
                    discount_percent__lte=Decimal(100),
                    discount_amount=None,
                ),
            ),
        ]

    @property
    def own_discount(self) -> Discount:
        return Discount(percent=self.discount_percent, amount=self.discount_amount)


class PricedDocument(Discounted):
    """An invoice or a quote: how its items become its totals.

    discount: what is taken off the items' totals; with `tax_inclusive` prices it includes tax.
    reference: what the customer calls it, such as the number of their order.
    """

    discount = MoneyField(_("discount"), default=Decimal(0), editable=False)
    tax_inclusive = models.BooleanField(
        _("prices include tax"),
        default=False,
        help_text=_("The tax is taken out of the prices, not put on top of them."),
    )
    reference = models.CharField(
        _("reference"),
        max_length=100,
        blank=True,
        default="",
        help_text=_("The customer's own: the number of their order, for example. Printed."),
    )

    class Meta:
        abstract = True
        constraints = [
            *Discounted.Meta.constraints,
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_discount_is_what_is_said",
                condition=Q(discount_percent=None, discount_amount=None, discount=Decimal(0))
                | Q(discount_amount__isnull=False, discount_amount=F("discount"))
                | Q(discount_percent__isnull=False, discount__gte=Decimal(0)),
            ),
        ]


class DocumentItem(Discounted, TaxTreated):
    """One line of a document.

    amount: the price of one; with tax in it if the document is `tax_inclusive`.
    total: amount × quantity, rounded, less the line's own discount: what is printed on the line.
    net: what it is of the document's subtotal, after every discount and without tax.
    """

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
    unit = models.CharField(_("unit"), max_length=3, default=PLAIN_UNIT)
    total = MoneyField(_("total"), editable=False)
    net = MoneyField(_("net"), editable=False)

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
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_net_within_total",
                condition=Q(net__gte=Decimal(0), net__lte=F("total")),
            ),
            *Discounted.Meta.constraints,
            *TaxTreated.Meta.constraints,
        ]

    def __str__(self) -> str:
        return self.description

    @property
    def currency(self) -> str:
        """The document's."""
        raise NotImplementedError

    @property
    def tax_key(self) -> TaxKey:
        return self.tax_rate, self.tax_category

    @property
    def discount(self) -> Decimal:
        """What its own discount takes off the price by quantity."""
        return round_money(self.amount * self.quantity, self.currency) - self.total


class DocumentTax(models.Model):
    """What a document charges at one rate of one category: the tax on the sum of its items, frozen.

    exemption_reason: those of its items, where no tax is charged.
    """

    category = models.CharField(_("tax category"), max_length=20, choices=TaxCategory.choices)
    exemption_reason = models.TextField(_("reason for no tax"), blank=True, default="")
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

    @property
    def key(self) -> TaxKey:
        """Which items it taxes: those of this `tax_key`."""
        return self.rate, self.category


class ChargedTax(DocumentTax):
    """A tax line of a document that may have a discount.

    discount: the part of the document's discount that falls on this line, without tax. `net` is
    what the items come to without tax, less this.
    """

    discount = MoneyField(_("discount"), default=Decimal(0))

    class Meta:
        abstract = True
