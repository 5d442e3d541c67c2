"""What was sold, on paper: the items, and how they come to the total."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.exchange import converted
from billing.models import CreditNote, Invoice, Quote
from billing.models.items import DocumentItem, DocumentTax
from billing.models.tax_categories import WITH_REASON, TaxCategory
from billing.pdf.figures import money_text, quantity_text, rate_text, unit_price_text
from billing.pdf.layout import Words, columns, rows
from billing.units import unit_symbol
from bizsuite.money import format_decimal

# With more rates than these they have a table of their own.
MOST_TAXES_IN_SUMS = 6


def content_words(document: Invoice | Quote) -> Words:
    """Items and sums of an invoice or a quote, and what the law wants said beside them."""
    items, taxes, currency = (
        list(document.items.all()),
        list(document.taxes.all()),
        document.currency,
    )
    totals = [item.total for item in items]
    words = {
        "columns": columns(
            (_("Description"), "wide"),
            (_("Quantity"), "figures"),
            (_("Price"), "figures"),
            (_("Tax"), "figures"),
            (_("Amount"), "figures"),
        ),
        **rows([_cells(item, currency) for item in items], totals, currency),
        **_tax_words(taxes, document.tax, currency),
        "total": [_("Total"), money_text(document.amount, currency)],
        "remarks": _remarks(taxes),
    }
    for row, item in zip(words["rows"], items, strict=True):
        row["notes"] = _notes(item, currency)
    before = _before_net(document, sum(totals, Decimal(0)))
    words["sums"] = [*before, [_("Net"), money_text(document.subtotal, currency)], *words["sums"]]
    if document.tax_inclusive:
        words["remarks"].insert(0, _("Prices include tax."))
    return words


def credited_words(note: CreditNote) -> Words:
    """What a credit note takes back, without tax, and its sums."""
    items, taxes = list(note.items.all()), list(note.taxes.all())
    words = {
        "columns": columns(
            (_("Description"), "wide"),
            (_("Quantity"), "figures"),
            (_("Tax"), "figures"),
            (_("Amount"), "figures"),
        ),
        **rows(
            [
                [
                    item.invoice_item.description,
                    _counted(item.quantity, item.invoice_item.unit),
                    _tax_text(item.invoice_item.tax_category, item.invoice_item.tax_rate),
                    money_text(item.total, note.currency),
                ]
                for item in items
            ],
            [item.total for item in items],
            note.currency,
        ),
        **_tax_words(taxes, note.tax, note.currency),
        "total": [_("Total credited"), money_text(note.amount, note.currency)],
        "remarks": _remarks(taxes),
    }
    words["sums"] = [[_("Net"), money_text(note.subtotal, note.currency)], *words["sums"]]
    return words


def exchange_words(document: Invoice | CreditNote, base_currency: str) -> list[str]:
    """At which rate it is booked, and its tax in the organisation's own currency, as the law wants
    it said (Article 230, Council Directive 2006/112/EC). Nothing of what is in that currency."""
    if document.currency == base_currency:
        return []
    rate = _("Exchange rate: 1 %(currency)s = %(rate)s %(base_currency)s") % {
        "currency": document.currency,
        "rate": format_decimal(document.exchange_rate),
        "base_currency": base_currency,
    }
    if not document.tax:
        return [rate]
    tax = converted(document.tax, document.exchange_rate, base_currency)
    text = _("%(rate)s; the tax is %(tax)s") % {"rate": rate, "tax": money_text(tax, base_currency)}
    return [text]


def _cells(item: DocumentItem, currency: str) -> list[str]:
    return [
        item.description,
        _counted(item.quantity, item.unit),
        unit_price_text(item.amount, currency),
        _tax_text(item.tax_category, item.tax_rate),
        money_text(item.total, currency),
    ]


def _notes(item: DocumentItem, currency: str) -> list[str]:
    """Small below its description: why it comes to less than its price."""
    if not item.discount:
        return []
    name = _discount_name(item.discount_percent)
    return [f"{name}: {money_text(-item.discount, currency)}"]


def _before_net(document: Invoice | Quote, items: Decimal) -> list[list[str]]:
    """From what the items come to until the net, where these differ."""
    currency = document.currency
    name = _("Items, tax included") if document.tax_inclusive else _("Items")
    lines = [[name, money_text(items, currency)]]
    if document.discount:
        off = _discount_name(document.discount_percent)
        return [*lines, [off, money_text(-document.discount, currency)]]
    return lines if document.tax_inclusive else []


def _tax_words(taxes: Sequence[DocumentTax], total: Decimal, currency: str) -> Words:
    """The tax of each rate and category, or a table of them where there are many.

    Nothing is said of a document that is plainly not taxed.
    """
    plain = len(taxes) == 1 and taxes[0].category == TaxCategory.ZERO
    said = () if plain else taxes
    if len(said) <= MOST_TAXES_IN_SUMS:
        return {
            "sums": [
                [
                    _("%(tax)s on %(net)s")
                    % {"tax": _tax_name(tax), "net": money_text(tax.net, currency)},
                    money_text(tax.tax, currency),
                ]
                for tax in said
            ]
        }
    return {
        "sums": [[_("Tax"), money_text(total, currency)]],
        "tax_table": {
            "title": _("Tax by rate"),
            "columns": columns((_("Rate"), "wide"), (_("Net"), "figures"), (_("Tax"), "figures")),
            "rows": [
                [
                    _tax_text(tax.category, tax.rate),
                    money_text(tax.net, currency),
                    money_text(tax.tax, currency),
                ]
                for tax in said
            ],
        },
    }


def _remarks(taxes: Iterable[DocumentTax]) -> list[str]:
    """Why no tax is charged, as the law wants it printed."""
    return [
        _("Exempt from tax: %(reason)s") % {"reason": tax.exemption_reason}
        if tax.category == TaxCategory.EXEMPT
        else tax.exemption_reason
        for tax in taxes
        if tax.exemption_reason
    ]


def _counted(quantity: Decimal | None, unit: str) -> str:
    return "–" if quantity is None else f"{quantity_text(quantity)} {unit_symbol(unit)}".strip()


def _discount_name(percent: Decimal | None) -> str:
    if percent is None:
        return _("Discount")
    return _("Discount of %(percent)s") % {"percent": rate_text(percent)}


def _tax_name(tax: DocumentTax) -> str:
    text = _tax_text(tax.category, tax.rate)
    return text if tax.category in WITH_REASON else _("Tax %(rate)s") % {"rate": text}


def _tax_text(category: str, rate: Decimal) -> str:
    """The rate, or why there is none."""
    return str(TaxCategory(category).label) if category in WITH_REASON else rate_text(rate)
