"""Dates and numbers as both syntaxes write them."""

from decimal import Decimal

from bizsuite.money import currency_decimals, format_decimal

# EN 16931 gives amounts no more (BR-DEC-09 and its like); prices and quantities have any number.
DECIMALS_OF_AMOUNTS = 2


def amount(value: Decimal, currency: str) -> str:
    """With the decimals of the currency, as far as the standard has them: 1500.00; in JPY 1500."""
    places = min(currency_decimals(currency), DECIMALS_OF_AMOUNTS)
    return format_decimal(value, minimum_places=places)


def number(value: Decimal | None) -> str | None:
    """A price, a quantity, a percentage: without trailing zeros."""
    return None if value is None else format_decimal(value)
