"""Why what tax is charged: the categories that EN 16931 (BT-151) tells apart."""

from decimal import Decimal

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class TaxCategory(models.TextChoices):
    """Only the standard one has a rate; those that charge nothing say why, but for the zero rate."""

    STANDARD = "standard", _("Taxed")
    ZERO = "zero", _("Zero rate")
    EXEMPT = "exempt", _("Exempt")
    REVERSE_CHARGE = "reverse_charge", _("Reverse charge")
    OUTSIDE_SCOPE = "outside_scope", _("Outside the scope of tax")


WITH_REASON = (TaxCategory.EXEMPT, TaxCategory.REVERSE_CHARGE, TaxCategory.OUTSIDE_SCOPE)
# EN 16931 BR-S-5 to BR-O-10: which rate each may have, and which must give a reason.
FITS_ITS_RATE = (
    Q(tax_category="standard", tax_rate__gt=Decimal(0), tax_exemption_reason="")
    | Q(tax_category="zero", tax_rate=Decimal(0), tax_exemption_reason="")
    | (Q(tax_category__in=WITH_REASON, tax_rate=Decimal(0)) & ~Q(tax_exemption_reason=""))
)
REASON_MAX_LENGTH = 500


def category_of_rate(rate: Decimal) -> TaxCategory:
    """What is meant where only a rate is given."""
    return TaxCategory.STANDARD if rate else TaxCategory.ZERO


class TaxTreated(models.Model):
    """What is taxed: at which rate in percent, and why so."""

    tax_category = models.CharField(
        _("tax category"),
        max_length=20,
        choices=TaxCategory.choices,
        default=TaxCategory.ZERO,
        help_text=_("Whether it is taxed at its rate, or why it is not."),
    )
    tax_exemption_reason = models.CharField(
        _("reason for no tax"),
        max_length=REASON_MAX_LENGTH,
        blank=True,
        default="",
        help_text=_("Printed: the law that exempts it, or what else says why no tax is charged."),
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(app_label)s_%(class)s_tax_category_fits_its_rate", condition=FITS_ITS_RATE
            ),
        ]
