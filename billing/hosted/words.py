"""What the pages say of a document: every word and figure of it, ready to be shown."""

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from babel.dates import format_datetime
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.models import Invoice, Quote
from billing.models.items import DocumentItem
from billing.pdf.figures import (
    LOCALE,
    money_text,
    quantity_text,
    rate_text,
    unit_price_text,
)
from billing.pdf.parties import seller_address
from billing.units import unit_symbol
from bizsuite.identity.models import Organisation

NOTHING = Decimal(0)


def document_words(document: Invoice | Quote) -> dict[str, Any]:
    """What an invoice and a quote have in common: items, sums, notes."""
    items, taxes = list(document.items.all()), list(document.taxes.all())
    return {
        "items": [_item(item, document.currency) for item in items],
        "has_tax": any(tax.rate for tax in taxes),
        "sums": _sums(document, items, taxes),
        "total": money_text(document.amount, document.currency),
        "tax_inclusive": document.tax_inclusive,
        # Why no tax is charged has to be said on the document.
        "reasons": list(dict.fromkeys(t.exemption_reason for t in taxes if t.exemption_reason)),
        "notes": document.notes,
    }


def seller_words(seller: Organisation) -> dict[str, Any]:
    """Who sells, as on a letterhead."""
    return {
        "name": seller.name,
        "lines": seller_address(seller),
        "email": seller.email,
        "phone": seller.phone,
        "small_print": [each for each in (seller.tax_id, seller.registration_number) if each],
        "footer": seller.footer,
    }


def moment(instant: datetime.datetime) -> str:
    """In the organisation's time zone, which is the request's current one."""
    local = timezone.localtime(instant)
    return str(format_datetime(local, "d MMMM y, HH:mm", tzinfo=local.tzinfo, locale=LOCALE))


def _item(item: DocumentItem, currency: str) -> dict[str, str]:
    return {
        "description": item.description,
        "quantity": " ".join(filter(None, (quantity_text(item.quantity), unit_symbol(item.unit)))),
        "price": unit_price_text(item.amount, currency),
        "discount": _discount(item.discount_percent, item.discount_amount, currency),
        "tax": rate_text(item.tax_rate),
        "total": money_text(item.total, currency),
    }


def _discount(share: Decimal | None, amount: Decimal | None, currency: str) -> str:
    if share:
        return _("%(percent)s discount") % {"percent": rate_text(share)}
    if amount:
        return _("%(amount)s discount") % {"amount": money_text(amount, currency)}
    return ""


def _sums(
    document: Invoice | Quote, items: Iterable[DocumentItem], taxes: Iterable[Any]
) -> list[tuple[str, str]]:
    """From the items to the total."""
    currency = document.currency
    sums = []
    if document.discount:
        listed = sum((item.total for item in items), NOTHING)
        name = _("Discount")
        if document.discount_percent:
            name = _("Discount of %(percent)s") % {"percent": rate_text(document.discount_percent)}
        sums.append((_("Items"), money_text(listed, currency)))
        sums.append((name, money_text(-document.discount, currency)))
    sums.append((_("Net"), money_text(document.subtotal, currency)))
    for tax in taxes:
        if tax.rate:
            on = {"rate": rate_text(tax.rate), "net": money_text(tax.net, currency)}
            sums.append((_("Tax %(rate)s on %(net)s") % on, money_text(tax.tax, currency)))
    return sums
