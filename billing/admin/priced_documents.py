"""What the pages of invoices and quotes share: what their prices mean, and what comes off them."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import Invoice, Quote
from bizsuite.backoffice.display import money

# What is written of prices: frozen with the document.
PRICES = ("reference", "tax_inclusive", "discount_percent", "discount_amount")
PRICES_FIELDSET = (
    gettext_lazy("Discount and prices"),
    {
        "fields": (("discount_percent", "discount_amount"), "tax_inclusive"),
        "classes": ("collapse",),
    },
)


def price_figures(document: Invoice | Quote) -> list[tuple[Any, Any]]:
    """From the items to the total, for the head of the page."""
    figures = [
        (_("Net"), money(document.subtotal, document.currency)),
        (_("Tax"), money(document.tax, document.currency)),
        (_("Total"), money(document.amount, document.currency)),
    ]
    if document.discount:
        figures.insert(0, (_("Discount"), money(document.discount, document.currency)))
    if document.tax_inclusive:
        figures.insert(0, (_("Prices"), _("include tax")))
    return figures
