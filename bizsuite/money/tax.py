"""The totals of a document with tax on top, and the tax inside an amount that includes it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from bizsuite.errors import DomainError
from bizsuite.money.currencies import require_whole_units, round_money
from bizsuite.money.decimals import EXACT, parse_decimal
from bizsuite.money.fields import MONEY_MAX


class AmountTooLarge(DomainError):
    code = "amount_too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item of a document: `amount` is the price of one, `tax_rate` is in percent."""

    amount: Decimal
    quantity: Decimal = Decimal(1)
    tax_rate: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTotal:
    """What a document charges at one rate: the tax on the sum of its lines, both rounded."""

    rate: Decimal
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A document's totals, all with the currency's decimals.

    `lines` are the lines' net totals in their order, `rates` ascend by rate and include the
    rate 0, `total` = `subtotal` + `tax`.
    """

    lines: tuple[Decimal, ...]
    rates: tuple[RateTotal, ...]
    subtotal: Decimal
    tax: Decimal
    total: Decimal


def compute_totals(lines: Iterable[Line], currency: str) -> Totals:
    """The totals of a document whose prices are without tax.

    Each line is rounded first; then tax is taken once per rate, on the sum of its rounded lines
    (EN 16931 BR-CO-17), because the printed total must be the sum of the printed parts.

    AmountTooLarge if a line or a total is more than a MoneyField holds.
    """
    lines = tuple(lines)
    line_totals = tuple(
        _within_bounds(round_money(EXACT.multiply(line.amount, line.quantity), currency))
        for line in lines
    )
    zero = round_money(0, currency)
    net_by_rate: dict[Decimal, Decimal] = {}
    for line, line_total in zip(lines, line_totals, strict=True):
        net = net_by_rate.get(line.tax_rate, zero)
        net_by_rate[line.tax_rate] = EXACT.add(net, line_total)
    rates = tuple(
        RateTotal(rate=rate, net=net, tax=_tax_on(net, rate, currency))
        for rate, net in sorted(net_by_rate.items())
    )
    subtotal = reduce(EXACT.add, line_totals, zero)
    tax = reduce(EXACT.add, (each.tax for each in rates), zero)
    return Totals(
        lines=line_totals,
        rates=rates,
        subtotal=_within_bounds(subtotal),
        tax=_within_bounds(tax),
        total=_within_bounds(EXACT.add(subtotal, tax)),
    )


def split_gross(gross: Decimal, rate: Decimal, currency: str) -> tuple[Decimal, Decimal]:
    """(net, tax) of an amount that includes tax at `rate` percent; they add up to `gross`.

    ValueError if `gross` is finer than the currency, or the rate is -100 or less.
    """
    require_whole_units(gross, currency)
    if rate <= -100:
        raise ValueError(f"No amount includes {rate} % tax.")
    net = round_money(Fraction(gross) * 100 / (100 + Fraction(parse_decimal(rate))), currency)
    return net, EXACT.subtract(round_money(gross, currency), net)


def _tax_on(net: Decimal, rate: Decimal, currency: str) -> Decimal:
    return round_money(Fraction(net) * Fraction(parse_decimal(rate)) / 100, currency)


def _within_bounds(amount: Decimal) -> Decimal:
    if amount.copy_abs() > MONEY_MAX:
        raise AmountTooLarge(f"{amount} is more than the largest possible amount, {MONEY_MAX}.")
    return amount
