"""What a printed invoice says: every word and figure, ready to be set."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.invoices import copied_details
from billing.models import Invoice
from billing.models.invoices import InvoiceStatus
from billing.pdf.typesetting import typeset
from billing.sellers import seller_of
from bizsuite.identity.models import Organisation
from bizsuite.money import currency_decimals, format_decimal

LOCALE = Locale("en")
# Written large across the page: these are no demands for money.
MARKS = {InvoiceStatus.DRAFT: gettext_lazy("DRAFT"), InvoiceStatus.VOID: gettext_lazy("VOID")}
# "City, State 12345"; elsewhere the postal code comes first.
POSTAL_CODE_LAST = {"US", "CA", "AU", "GB", "IN"}


def invoice_pdf(invoice: Invoice, *, seller: Organisation) -> bytes:
    """The invoice as a PDF, with both parties as they were when it was issued.

    seller: the organisation as it is now; where to pay is always today's.
    """
    words = invoice_words(invoice, seller=seller_of(invoice, today=seller))
    return typeset(words, dated=invoice.updated_at)


def pdf_name(invoice: Invoice) -> str:
    """What the file is called."""
    return f"{invoice}.pdf"


def invoice_words(invoice: Invoice, *, seller: Organisation) -> dict[str, Any]:
    """What `document.typ` is filled with."""
    return {
        "language": LOCALE.language,
        "title": _("Invoice"),
        "number": invoice.number or "",
        "mark": str(MARKS.get(InvoiceStatus(invoice.status), "")),
        "seller": {"name": seller.name, "lines": _seller_lines(seller)},
        "customer": customer_lines(_customer(invoice)),
        "facts": [[_("Date"), _day(invoice.date)], [_("Due date"), _day(invoice.due_date)]],
        "columns": [_("Description"), _("Quantity"), _("Price"), _("Tax"), _("Amount")],
        "items": [
            [
                item.description,
                format_decimal(item.quantity),
                unit_price_text(item.amount, invoice.currency),
                _rate(item.tax_rate),
                money_text(item.total, invoice.currency),
            ]
            for item in invoice.items.all()
        ],
        "sums": _sums(invoice),
        "total": [_("Total"), money_text(invoice.amount, invoice.currency)],
        "settled": _settled(invoice),
        "notes": invoice.notes,
        "footer": " · ".join(filter(None, (seller.name, seller.tax_id, seller.email))),
        "labels": {"to": _("Billed to"), "notes": _("Notes")},
    }


def customer_lines(details: Mapping[str, str]) -> list[str]:
    """A customer's name and address as on an envelope, and their tax id."""
    country = details["country"]
    parts = (details["zip"], details["city"])
    if country in POSTAL_CODE_LAST:
        region = " ".join(filter(None, (details["state"], details["zip"])))
        place = ", ".join(filter(None, (details["city"], region)))
    else:
        place = ", ".join(filter(None, (" ".join(filter(None, parts)), details["state"])))
    lines = (
        details["account"],
        details["contact_name"],
        *details["address"].splitlines(),
        place,
        LOCALE.territories.get(country, country),
        details["tax_id"] and _("Tax id %(id)s") % {"id": details["tax_id"]},
    )
    return [line for line in lines if line]


def money_text(amount: Decimal, currency: str) -> str:
    """`€1,500.00`; currencies that share a sign with others by their code."""
    return str(
        format_currency(amount, currency, locale=LOCALE, currency_digits=True)
        if LOCALE.currency_symbols.get(currency, currency) != currency
        else f"{currency} {amount:,.{currency_decimals(currency)}f}"
    )


def unit_price_text(amount: Decimal, currency: str) -> str:
    """A price with the decimals that it has, at least the currency's."""
    shown = format_decimal(amount, minimum_places=currency_decimals(currency))
    whole, dot, decimals = shown.partition(".")
    return f"{int(whole):,}{dot}{decimals}"


def _customer(invoice: Invoice) -> Mapping[str, str]:
    """Frozen once it is issued; a draft shows the customer of today."""
    return invoice.customer_details or copied_details(invoice.customer)


def _seller_lines(seller: Organisation) -> list[str]:
    return [line for line in (*seller.address.splitlines(), seller.email, seller.tax_id) if line]


def _sums(invoice: Invoice) -> list[list[str]]:
    taxes = [
        [
            _("Tax %(rate)s on %(net)s")
            % {"rate": _rate(tax.rate), "net": money_text(tax.net, invoice.currency)},
            money_text(tax.tax, invoice.currency),
        ]
        for tax in invoice.taxes.all()
        if tax.rate
    ]
    return [[_("Net"), money_text(invoice.subtotal, invoice.currency)], *taxes]


def _settled(invoice: Invoice) -> list[list[str]]:
    """What came of it since: nothing is said of an invoice that is owed in full."""
    parts = (
        (_("Paid"), invoice.paid),
        (_("Credited"), invoice.credited),
        (_("Written off"), invoice.written_off),
    )
    lines = [[name, money_text(-amount, invoice.currency)] for name, amount in parts if amount]
    if lines:
        lines.append([_("Balance due"), money_text(invoice.balance, invoice.currency)])
    return lines


def _rate(rate: Decimal) -> str:
    return f"{format_decimal(rate)} %"


def _day(date: datetime.date) -> str:
    return str(format_date(date, "d MMMM y", locale=LOCALE))
