"""Dividing an amount so that the parts add up to it, to the last cent."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from bizsuite.money.currencies import currency_decimals, require_whole_units, round_money
from bizsuite.money.decimals import EXACT, parse_decimal


def split_by_weight(
    amount: Decimal, weights: Sequence[Decimal | int], currency: str
) -> list[Decimal]:
    """`amount` in parts proportional to `weights`, each with the currency's decimals.

    Largest remainder, ties to the first; a negative amount is split like its positive, with the
    signs turned. The parts add up to `amount` exactly, and a weight of 0 gets 0.

    ValueError if `amount` is finer than the currency, if a weight is negative, or if there is
    something to split and nothing with a weight to take it.
    """
    units = require_whole_units(amount, currency)
    shares = [Fraction(parse_decimal(weight)) for weight in weights]
    if any(share < 0 for share in shares):
        raise ValueError("A weight is negative.")
    whole = sum(shares)
    if not whole:
        if units:
            raise ValueError(f"Nothing has a weight, so nothing can take {amount}.")
        return [round_money(0, currency) for _ in shares]
    exact = [abs(units) * share / whole for share in shares]
    parts = [share.numerator // share.denominator for share in exact]
    # sorted() is stable, so equal remainders stay in the order of the weights.
    by_remainder = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
    for index in by_remainder[: abs(units) - sum(parts)]:
        parts[index] += 1
    decimals = currency_decimals(currency)
    sign = -1 if units < 0 else 1
    return [EXACT.scaleb(Decimal(sign * part), -decimals) for part in parts]


def cumulative_share(
    total_share: Decimal,
    done_before: Decimal,
    done_after: Decimal,
    whole: Decimal,
    currency: str,
) -> Decimal:
    """What falls to one step of `total_share`, when shares follow how much of `whole` is done.

    round(total_share × done_after / whole) − round(total_share × done_before / whole): however
    many steps there are, they add up to `total_share` when the whole is done. An invoice of
    119.00 with 19.00 tax, paid 39.67, 39.67 and 39.66, carries tax of 6.33, 6.34 and 6.33.
    A step back (done_after < done_before) gives a negative share.

    ValueError if `whole` is 0 or `total_share` finer than the currency.
    """
    require_whole_units(total_share, currency)
    if not whole:
        raise ValueError("Nothing has a share of a whole that is 0.")
    share_of_one = Fraction(total_share) / Fraction(parse_decimal(whole))

    def share_at(done: Decimal) -> Decimal:
        return round_money(share_of_one * Fraction(parse_decimal(done)), currency)

    return EXACT.subtract(share_at(done_after), share_at(done_before))
