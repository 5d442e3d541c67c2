"""How values look in lists and on pages."""

import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from bizsuite.money import format_decimal, plain_decimal, round_money


def money(amount: Decimal | None, currency: str) -> SafeString | str:
    """`1,500.00 EUR`, with figures of one width so that columns line up."""
    if amount is None:
        return "–"
    return format_html(
        '<span class="money">{} <span class="money-currency">{}</span></span>',
        money_text(amount, currency),
        currency,
    )


def money_text(amount: Decimal, currency: str) -> str:
    return f"{round_money(amount, currency):,}".replace("-", "−")


def price(amount: Decimal, currency: str) -> SafeString:
    """A unit price, which may have more decimals than the currency."""
    return format_html(
        '<span class="money">{} <span class="money-currency">{}</span></span>',
        format_decimal(amount, minimum_places=2),
        currency,
    )


def number(value: Decimal | int | None) -> SafeString | str:
    if value is None:
        return "–"
    shown = plain_decimal(value) if isinstance(value, Decimal) else value
    return format_html('<span class="money">{}</span>', shown)


def moment(instant: datetime.datetime | None) -> str:
    """In the organisation's time zone, which is the request's current one."""
    return date_format(localtime(instant), "j M Y, H:i") if instant else "–"


def day(date: datetime.date | None) -> str:
    return date_format(date, "j M Y") if date else "–"


def badge(text: Any, tone: str) -> SafeString:
    """tone: success, info, warning, danger or quiet."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, text)


def pretty_json(text: str) -> SafeString:
    """A JSON text, indented, as it was written: no number passes through a float."""
    return format_html('<pre class="payload">{}</pre>', msgspec.json.format(text, indent=2))
