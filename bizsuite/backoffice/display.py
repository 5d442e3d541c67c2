"""How values look in lists and on pages."""

import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from bizsuite.money import format_decimal, parse_decimal, round_money


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


def signed_money(amount: Decimal, currency: str) -> SafeString:
    """For cash books: what came in is green and has a plus, what went out a minus."""
    tone = "money-in" if amount > 0 else "money-out"
    sign = "+" if amount > 0 else ""
    return format_html(
        '<span class="money {}">{}{} <span class="money-currency">{}</span></span>',
        tone,
        sign,
        money_text(amount, currency),
        currency,
    )


def number(
    value: Decimal | int | None, *, minimum_places: int = 0, unit: str = ""
) -> SafeString | str:
    """A quantity, a rate or a unit price: no zeros beyond `minimum_places`."""
    if value is None:
        return "–"
    shown = format_decimal(value, minimum_places=minimum_places)
    return format_html('<span class="money">{}</span>', f"{shown} {unit}".strip())


def plain_number(text: str, *, minimum_places: int = 0) -> str:
    """A decimal that is printed already, without its superfluous zeros."""
    try:
        return format_decimal(parse_decimal(text), minimum_places=minimum_places)
    except ValueError:
        return text


def moment(instant: datetime.datetime | None) -> str:
    """In the organisation's time zone, which is the request's current one."""
    return date_format(localtime(instant), "j M Y, H:i") if instant else "–"


def day(date: datetime.date | None) -> str:
    return date_format(date, "j M Y") if date else "–"


def badge(text: Any, tone: str) -> SafeString:
    """tone: success, info, warning, danger or quiet."""
    return format_html('<span class="badge badge-{}">{}</span>', tone, text)


def archived_badge(archived_at: datetime.datetime | None) -> SafeString:
    return badge(_("Active"), "success") if archived_at is None else badge(_("Archived"), "quiet")


def pretty_json(text: str) -> SafeString:
    """A JSON text, indented, as it was written: no number passes through a float."""
    return format_html('<pre class="payload">{}</pre>', msgspec.json.format(text, indent=2))
