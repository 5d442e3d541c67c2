"""Dates and numbers as both syntaxes write them."""

import functools
from decimal import Decimal

from babel.core import get_global

from bizsuite.money import currency_decimals, format_decimal

# EN 16931 gives amounts no more (BR-DEC-09 and its like); prices and quantities have any number.
DECIMALS_OF_AMOUNTS = 2
# Where its list of currencies (BR-CL-03 to 05) and the CLDR's do not agree on what is in use.
_LISTED, _NOT_LISTED = {"STD", "SVC"}, {"BGN", "STN"}


def amount(value: Decimal, currency: str) -> str:
    """With the decimals of the currency, as far as the standard has them: 1500.00; in JPY 1500."""
    places = min(currency_decimals(currency), DECIMALS_OF_AMOUNTS)
    return format_decimal(value, minimum_places=places)


def number(value: Decimal | None) -> str | None:
    """A price, a quantity, a percentage: without trailing zeros."""
    return None if value is None else format_decimal(value)


def is_listed(currency: str) -> bool:
    """Whether the standard knows it: people load invoices in marks and francs too."""
    return currency in _listed()


@functools.cache
def _listed() -> frozenset[str]:
    uses = get_global("territory_currencies").values()
    of_today = {currency for each in uses for currency, _, until, _ in each if until is None}
    return frozenset(of_today | _LISTED) - _NOT_LISTED
