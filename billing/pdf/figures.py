"""How paper writes amounts, rates and days."""

import datetime
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency

from bizsuite.money import currency_decimals, format_decimal

LOCALE = Locale("en")


def money_text(amount: Decimal, currency: str) -> str:
    """`€1,500.00`; currencies that share a sign with others by their code. Less is `−€5.00`."""
    sign = "\N{MINUS SIGN}" if amount < 0 else ""
    return sign + str(
        format_currency(abs(amount), currency, locale=LOCALE, currency_digits=True)
        if LOCALE.currency_symbols.get(currency, currency) != currency
        else f"{currency} {abs(amount):,.{currency_decimals(currency)}f}"
    )


def unit_price_text(amount: Decimal, currency: str) -> str:
    """A price with the decimals that it has, at least the currency's."""
    return _grouped(format_decimal(amount, minimum_places=currency_decimals(currency)))


def quantity_text(quantity: Decimal) -> str:
    return _grouped(format_decimal(quantity))


def rate_text(rate: Decimal) -> str:
    return f"{format_decimal(rate)} %"


def day_text(date: datetime.date) -> str:
    return str(format_date(date, "d MMMM y", locale=LOCALE))


def _grouped(shown: str) -> str:
    whole, dot, decimals = shown.partition(".")
    return f"{int(whole):,}{dot}{decimals}"
