"""What a document comes to: its lines, its discount, the tax at each rate, and the tax inside an
amount that includes it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import reduce

from bizsuite.errors import DomainError
from bizsuite.money.currencies import require_whole_units, round_money
from bizsuite.money.decimals import EXACT, parse_decimal
from bizsuite.money.fields import MONEY_MAX
from bizsuite.money.shares import split_by_weight

# A rate and what kind of tax it is: what the same tax is put on.
TaxKey = tuple[Decimal, str]


class AmountTooLarge(DomainError):
    code = "amount_too_large"


class DiscountTooLarge(DomainError):
    """More is taken off than there is. line: whose discount it is, from 0; None: the document's.

    most: what could be taken off.
    """

    code = "discount_too_large"

    def __init__(self, most: Decimal, line: int | None) -> None:
        super().__init__(f"A discount must not be more than what it is taken off: {most}.")
        self.most = most
        self.line = line


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """What is taken off: `percent` of it, rounded once, or `amount`; nothing if neither is given."""

    percent: Decimal | None = None
    amount: Decimal | None = None


NO_DISCOUNT = Discount()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One item of a document: `amount` is the price of one, `tax_rate` is in percent.

    The discount is taken off the line's total, never off the price of one.
    """

    amount: Decimal
    quantity: Decimal = Decimal(1)
    tax_rate: Decimal = Decimal(0)
    tax_category: str = ""
    discount: Discount = NO_DISCOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class RateTotal:
    """What a document charges at one rate of one category: both figures rounded.

    discount: the part of the document's discount that falls on it, without tax; with `net` it is
    what its lines come to without tax.
    """

    rate: Decimal
    net: Decimal
    tax: Decimal
    category: str = ""
    discount: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A document's totals, all with the currency's decimals.

    lines: the lines' totals in their order, after their own discounts; they include the tax if
    the prices do. nets: what each is of the `subtotal`, so that they add up to it. discount: the
    document's, which includes the tax if the prices do. rates: ascending by rate and category,
    the rate 0 among them. total = subtotal + tax.
    """

    lines: tuple[Decimal, ...]
    nets: tuple[Decimal, ...]
    discount: Decimal
    rates: tuple[RateTotal, ...]
    subtotal: Decimal
    tax: Decimal
    total: Decimal


def compute_totals(
    lines: Iterable[Line],
    currency: str,
    *,
    discount: Discount = NO_DISCOUNT,
    tax_inclusive: bool = False,
) -> Totals:
    """The totals of a document whose prices are without tax, or `tax_inclusive`.

    Each line is rounded first; then tax is taken once per rate, on the sum of its rounded lines
    (EN 16931 BR-CO-17), because the printed total must be the sum of the printed parts. Where the
    prices include it, each rate's net is what its sum comes to without tax, and the tax the rest.
    A discount of the document is spread over the rates by what is charged at them (largest
    remainder, ties to the first), before the tax.

    AmountTooLarge if a line or a total is more than a MoneyField holds. DiscountTooLarge.
    """
    lines = tuple(lines)
    line_totals = tuple(_line_total(index, line, currency) for index, line in enumerate(lines))
    zero = round_money(0, currency)
    by_rate: dict[TaxKey, list[int]] = {}
    for index, line in enumerate(lines):
        by_rate.setdefault((line.tax_rate, line.tax_category), []).append(index)
    by_rate = dict(sorted(by_rate.items()))
    charged = [_sum((line_totals[index] for index in found), zero) for found in by_rate.values()]
    off = _taken_off(_sum(charged, zero), discount, currency, None)
    shares = split_by_weight(off, charged, currency) if off else [zero] * len(charged)
    taxed = _taxed_with_it if tax_inclusive else _taxed_on_top
    rates = tuple(
        taxed(key, amount, share, currency)
        for key, amount, share in zip(by_rate, charged, shares, strict=True)
    )
    subtotal = _within_bounds(_sum((each.net for each in rates), zero))
    tax = _within_bounds(_sum((each.tax for each in rates), zero))
    return Totals(
        lines=line_totals,
        nets=_nets(line_totals, by_rate, rates, currency),
        discount=off,
        rates=rates,
        subtotal=subtotal,
        tax=tax,
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


def _line_total(index: int, line: Line, currency: str) -> Decimal:
    total = _within_bounds(round_money(EXACT.multiply(line.amount, line.quantity), currency))
    return EXACT.subtract(total, _taken_off(total, line.discount, currency, index))


def _taken_off(total: Decimal, discount: Discount, currency: str, line: int | None) -> Decimal:
    if discount.percent is not None:
        percent = Fraction(parse_decimal(discount.percent))
        off = round_money(Fraction(total) * percent / 100, currency)
    else:
        off = round_money(discount.amount or 0, currency)
    if off and off > total:
        raise DiscountTooLarge(total, line)
    return off


def _taxed_on_top(key: TaxKey, amount: Decimal, off: Decimal, currency: str) -> RateTotal:
    rate, category = key
    net = EXACT.subtract(amount, off)
    tax = _percent_of(net, rate, currency)
    return RateTotal(rate=rate, category=category, net=net, tax=tax, discount=off)


def _taxed_with_it(key: TaxKey, amount: Decimal, off: Decimal, currency: str) -> RateTotal:
    rate, category = key
    before, _ = split_gross(amount, rate, currency)
    net, tax = split_gross(EXACT.subtract(amount, off), rate, currency)
    discount = EXACT.subtract(before, net)
    return RateTotal(rate=rate, category=category, net=net, tax=tax, discount=discount)


def _nets(
    line_totals: Sequence[Decimal],
    by_rate: Mapping[TaxKey, Sequence[int]],
    rates: Iterable[RateTotal],
    currency: str,
) -> tuple[Decimal, ...]:
    """What each line is of the net of its rate: largest remainder, ties to the first."""
    nets = list(line_totals)
    for found, each in zip(by_rate.values(), rates, strict=True):
        weights = [line_totals[index] for index in found]
        # Without tax in the prices and without a discount nothing is left to be shared.
        if _sum(weights, Decimal(0)) != each.net:
            for index, net in zip(found, split_by_weight(each.net, weights, currency), strict=True):
                nets[index] = net
    return tuple(nets)


def _percent_of(net: Decimal, rate: Decimal, currency: str) -> Decimal:
    return round_money(Fraction(net) * Fraction(parse_decimal(rate)) / 100, currency)


def _sum(amounts: Iterable[Decimal], zero: Decimal) -> Decimal:
    return reduce(EXACT.add, amounts, zero)


def _within_bounds(amount: Decimal) -> Decimal:
    if amount.copy_abs() > MONEY_MAX:
        raise AmountTooLarge(f"{amount} is more than the largest possible amount, {MONEY_MAX}.")
    return amount
