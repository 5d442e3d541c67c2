"""How something is taxed: what is meant where little is said, and what does not go together."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from billing.models import Product
from billing.models.items import DocumentItem
from billing.models.tax_categories import WITH_REASON, TaxCategory, category_of_rate
from bizsuite.errors import Invalid

TREATMENT = ("tax_rate", "tax_category", "tax_exemption_reason")


def tax_treatment(
    given: Mapping[str, Any], *, product: Product | None = None, path: str = ""
) -> dict[str, Any]:
    """Rate, category and reason of an item or a product, from what was given of the three.

    What was not given is the product's where that fits, else follows from the rest: a category
    that charges nothing has the rate 0, and a rate alone says whether it is taxed.
    path: what stands before the names of fields in errors. Raises Invalid.
    """
    category = given.get("tax_category") or None
    rate = given.get("tax_rate")
    if rate is None:
        rate = _rate_of(category, product)
    if category is None:
        fits = product is not None and product.tax_rate == rate
        category = product.tax_category if product and fits else category_of_rate(rate)
    reason = given.get("tax_exemption_reason") or ""
    if not reason and category in WITH_REASON:
        same = product is not None and product.tax_category == category
        reason = product.tax_exemption_reason if product and same else _usual_reason(category)
    _require_fitting(rate, category, reason, path)
    return dict(zip(TREATMENT, (rate, category, reason), strict=True))


def require_one_scope(items: Sequence[DocumentItem]) -> None:
    """EN 16931 BR-O-11 to 14: a document outside the scope of tax has nothing within it."""
    categories = [item.tax_category for item in items]
    if len(set(categories)) > 1 and TaxCategory.OUTSIDE_SCOPE in categories:
        index = categories.index(TaxCategory.OUTSIDE_SCOPE)
        raise Invalid(
            {
                f"items.{index}.tax_category": "outside_scope cannot stand beside other tax"
                " categories: put it on a document of its own"
            }
        )


def _rate_of(category: str | None, product: Product | None) -> Decimal:
    charges = category is None or category == TaxCategory.STANDARD
    return product.tax_rate if product and charges else Decimal(0)


def _usual_reason(category: str) -> str:
    if category == TaxCategory.REVERSE_CHARGE:
        return _("Reverse charge: VAT to be paid by the recipient")
    if category == TaxCategory.OUTSIDE_SCOPE:
        return _("Outside the scope of VAT")
    return ""


def _require_fitting(rate: Decimal, category: str, reason: str, path: str) -> None:
    if category == TaxCategory.STANDARD and not rate:
        raise Invalid(
            {
                f"{path}tax_category": "standard needs a tax_rate above 0; what is not taxed is"
                " zero, exempt, reverse_charge or outside_scope"
            }
        )
    if category != TaxCategory.STANDARD and rate:
        raise Invalid({f"{path}tax_rate": f"Must be 0 where the tax_category is {category}"})
    if category in WITH_REASON and not reason:
        raise Invalid(
            {f"{path}tax_exemption_reason": "Say why it is exempt: the law or the article"}
        )
    if category not in WITH_REASON and reason:
        raise Invalid(
            {
                f"{path}tax_exemption_reason": "Only where the tax_category is exempt,"
                " reverse_charge or outside_scope"
            }
        )
