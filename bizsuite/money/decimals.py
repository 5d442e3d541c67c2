"""Exact decimals: reading them, rounding them, printing them. No float ever comes near."""

import re
from decimal import (
    MAX_EMAX,
    MAX_PREC,
    MIN_EMIN,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)
from fractions import Fraction

# Sums and products keep every digit here, whatever the ambient context's precision (28) is.
# What has no exact decimal (1 / 3) is a Fraction until round_half_up; the trap catches the rest.
EXACT = Context(
    prec=MAX_PREC,
    Emax=MAX_EMAX,
    Emin=MIN_EMIN,
    traps=[DivisionByZero, Inexact, InvalidOperation, Overflow],
)

# Decimal() alone would also take "1e9", "1_000", "NaN" and the digits of other scripts.
PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")


def parse_decimal(value: object) -> Decimal:
    """The exact decimal that a Decimal, an int or a plain numeric string stands for.

    TypeError for anything else, floats above all: 0.1 as a float is
    0.1000000000000000055…, and nobody can tell what was meant. ValueError for NaN, infinities
    and texts that are no plain number.
    """
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a number.")
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value)
    if isinstance(value, str):
        if not PLAIN_NUMBER.fullmatch(value):
            raise ValueError(f"{value[:40]!r} is not a plain number.")
        return Decimal(value)
    raise TypeError(
        f"{value!r} is a {type(value).__name__}; an exact number is a Decimal, an int or a string."
    )


def has_at_most(value: Decimal, places: int) -> bool:
    """Whether `value` can be written with `places` decimals; 1.50000 can with one."""
    exponent = plain_decimal(value).as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -places


def round_half_up(value: Decimal | Fraction | int, places: int) -> Decimal:
    """`value` with exactly `places` decimals, halves away from zero: 0.005 → 0.01, -0.005 → -0.01.

    Exact for any size, and for quotients given as a Fraction. Never -0.
    """
    if not isinstance(value, Decimal | Fraction | int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is a {type(value).__name__}; only exact numbers are rounded.")
    if places < 0:
        raise ValueError("places is a number of decimals, 0 or more.")
    numerator, denominator = value.as_integer_ratio()
    # floor((n / d) + 1/2) on the magnitude, in integers.
    units = (2 * abs(numerator) * 10**places + denominator) // (2 * denominator)
    return EXACT.scaleb(Decimal(units if numerator >= 0 else -units), -places)


def plain_decimal(value: Decimal | int) -> Decimal:
    """The same number without trailing zeros, exponent or a negative zero: 1, 2.5, 100, 0."""
    number = parse_decimal(value)
    if not number:
        return Decimal(0)
    shortest = number.normalize(EXACT)
    exponent = shortest.as_tuple().exponent
    if isinstance(exponent, int) and exponent > 0:  # 1E+2
        return shortest.quantize(Decimal(1), context=EXACT)
    return shortest


def format_decimal(value: Decimal | int, *, minimum_places: int = 0) -> str:
    """Digits as people write them: no exponent, no zeros beyond `minimum_places` decimals."""
    number = plain_decimal(value)
    if has_at_most(number, minimum_places):
        number = round_half_up(number, minimum_places)
    # str() would write 0.0000005 as 5E-7.
    return format(number, "f")
