"""Which currencies there are, how many decimals each has, and rounding to them."""

from decimal import Decimal
from fractions import Fraction
from functools import cache

from babel.numbers import get_currency_precision
from babel.numbers import is_currency as is_listed_currency

from bizsuite.errors import DomainError
from bizsuite.money.decimals import EXACT, has_at_most, round_half_up

# ISO 4217 gives these no minor unit ("N.A."): metals, bond units, special drawing rights, the
# code for tests and the one for no currency. No amount in them can be rounded.
WITHOUT_DECIMALS_IN_ISO_4217 = frozenset(
    ["XAG", "XAU", "XBA", "XBB", "XBC", "XBD", "XDR", "XPD", "XPT", "XSU", "XTS", "XUA", "XXX"]
)

# babel's table is CLDR's, which shows these as they are used in shops: without the decimals
# that invoices and bank statements still have.
DECIMALS_OF_ISO_4217 = dict.fromkeys(
    ["AFN", "ALL", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "RSD", "SOS", "SYP", "YER"], 2
) | {"IQD": 3}


class UnknownCurrency(DomainError):
    code = "unknown_currency"


def is_currency(code: object) -> bool:
    """Whether `code` is an ISO 4217 code, in capitals, of a currency that is or once was money."""
    return (
        isinstance(code, str)
        and is_listed_currency(code)
        and code not in WITHOUT_DECIMALS_IN_ISO_4217
    )


@cache  # at most one entry per currency: what raises is not kept
def currency_decimals(code: str) -> int:
    """The currency's minor unit by ISO 4217: 2 for GBP, 0 for JPY, 3 for KWD.

    UnknownCurrency if there is no such currency.
    """
    if not is_currency(code):
        raise UnknownCurrency(f"{code!r} is not an ISO 4217 currency code.")
    if code in DECIMALS_OF_ISO_4217:
        return DECIMALS_OF_ISO_4217[code]
    decimals: int = get_currency_precision(code)
    return decimals


def round_money(amount: Decimal | Fraction | int, currency: str) -> Decimal:
    """`amount` with exactly the currency's decimals, halves away from zero."""
    return round_half_up(amount, currency_decimals(currency))


def require_whole_units(amount: Decimal, currency: str) -> int:
    """`amount` in the currency's smallest units; ValueError if it has a fraction of one.

    What is divided must be an amount that can be paid, or the parts could not add up to it.
    """
    decimals = currency_decimals(currency)
    if not has_at_most(amount, decimals):
        raise ValueError(f"{amount} has more decimals than {currency} has ({decimals}).")
    return int(EXACT.scaleb(amount, decimals))
