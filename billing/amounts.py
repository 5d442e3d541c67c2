"""Amounts that change hands."""

from decimal import Decimal

from bizsuite.errors import Invalid
from bizsuite.money import currency_decimals, has_at_most, round_money


def require_payable(amount: Decimal, currency: str, *, field: str = "amount") -> None:
    """Raises Invalid for a fraction of a cent (of a yen, a fils): nobody can pay one."""
    places = currency_decimals(currency)
    if not has_at_most(amount, places):
        raise Invalid({field: f"Must have no more than {places} decimals in {currency}"})


def printed(amount: Decimal, currency: str) -> str:
    """An amount as messages name it: 100.00 USD."""
    return f"{round_money(amount, currency)} {currency}"
