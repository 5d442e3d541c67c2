"""What a document comes to, in whole numbers and nothing else.

Written without a look at the product's own arithmetic, so that it cannot share its mistakes.
Prices, quantities and rates are in ten-thousandths, amounts in the currency's smallest unit.
"""

from dataclasses import dataclass, field

# Ten-thousandths of a percent in a whole: 100 × 10,000.
WHOLE = 1_000_000
# By category and rate.
Group = tuple[str, int]


def half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number to a quotient that is not negative; a half goes up."""
    return (2 * numerator + denominator) // (2 * denominator)


def shared(amount: int, weights: list[int]) -> list[int]:
    """By largest remainder; of equal ones the first."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    parts = [amount * weight // whole for weight in weights]
    remainders = [(-(amount * weight % whole), index) for index, weight in enumerate(weights)]
    for _, index in sorted(remainders)[: amount - sum(parts)]:
        parts[index] += 1
    return parts


@dataclass(frozen=True)
class OracleItem:
    """percent or off: its discount, as a percentage or in the smallest unit; at most one."""

    price: int
    quantity: int
    rate: int
    category: str
    percent: int | None = None
    off: int | None = None

    def total(self, decimals: int) -> int:
        # Ten-thousandths of ten-thousandths are 10^8 to the unit.
        gross = half_up(self.price * self.quantity * 10**decimals, 10**8)
        return gross - (self.off or half_up(gross * (self.percent or 0), WHOLE))


@dataclass
class OracleDocument:
    items: list[OracleItem]
    decimals: int = 2
    inclusive: bool = False
    percent: int | None = None
    off: int | None = None
    totals: list[int] = field(init=False)
    discount: int = field(init=False)
    nets: list[int] = field(init=False)
    # By group, in their order: net before the document's discount, net, tax.
    taxes: dict[Group, tuple[int, int, int]] = field(init=False)

    def __post_init__(self) -> None:
        self.totals = [item.total(self.decimals) for item in self.items]
        charged = sum(self.totals)
        self.discount = self.off or half_up(charged * (self.percent or 0), WHOLE)
        groups = sorted({(item.rate, item.category) for item in self.items})
        listed = [self._listed(rate, category) for rate, category in groups]
        shares = shared(self.discount, listed)
        self.taxes, self.nets = {}, [0] * len(self.items)
        for (rate, category), amount, share in zip(groups, listed, shares, strict=True):
            before, _ = self._taxed(amount, rate)
            net, tax = self._taxed(amount - share, rate)
            self.taxes[(category, rate)] = (before, net, tax)
            mine = [
                index
                for index, item in enumerate(self.items)
                if (item.rate, item.category) == (rate, category)
            ]
            parts = shared(net, [self.totals[index] for index in mine])
            for index, part in zip(mine, parts, strict=True):
                self.nets[index] = part

    def _listed(self, rate: int, category: str) -> int:
        return sum(
            total
            for item, total in zip(self.items, self.totals, strict=True)
            if (item.rate, item.category) == (rate, category)
        )

    def _taxed(self, amount: int, rate: int) -> tuple[int, int]:
        if not self.inclusive:
            return amount, half_up(amount * rate, WHOLE)
        net = half_up(amount * WHOLE, WHOLE + rate)
        return net, amount - net

    @property
    def subtotal(self) -> int:
        return sum(net for _, net, _ in self.taxes.values())

    @property
    def tax(self) -> int:
        return sum(tax for _, _, tax in self.taxes.values())

    @property
    def amount(self) -> int:
        return self.subtotal + self.tax
