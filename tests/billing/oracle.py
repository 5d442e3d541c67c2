"""What invoices and payments come to, in whole numbers and nothing else.

Written without a look at the product's own arithmetic, so that it cannot share its mistakes.
Prices and quantities are in ten-thousandths, rates in ten-thousandths of a percent, amounts in
cents.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field


def half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number to a quotient that is not negative; a half goes up."""
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass
class OracleInvoice:
    """items: (price, quantity, rate) each. credited: what of each item, without tax."""

    items: list[tuple[int, int, int]]
    paid: int = 0
    written_off: int = 0
    lines: list[int] = field(init=False)
    subtotal: int = field(init=False)
    tax: int = field(init=False)
    credited_lines: list[int] = field(init=False)
    credited_quantities: list[int] = field(init=False)

    def __post_init__(self) -> None:
        # Ten-thousandths times ten-thousandths are 10^8 to the unit, and so 10^6 to the cent.
        self.lines = [half_up(price * quantity, 10**6) for price, quantity, _ in self.items]
        self.subtotal = sum(self.lines)
        self.tax = self._tax_on(self.lines)
        self.credited_lines = [0] * len(self.items)
        self.credited_quantities = [0] * len(self.items)

    def _tax_on(self, lines: list[int]) -> int:
        net: dict[int, int] = {}
        for (_, _, rate), line in zip(self.items, lines, strict=True):
            net[rate] = net.get(rate, 0) + line
        return sum(half_up(amount * rate, 10**6) for rate, amount in net.items())

    @property
    def amount(self) -> int:
        return self.subtotal + self.tax

    @property
    def credited_tax(self) -> int:
        return self._tax_on(self.credited_lines)

    @property
    def credited(self) -> int:
        return sum(self.credited_lines) + self.credited_tax

    @property
    def balance(self) -> int:
        return self.amount - self.paid - self.credited - self.written_off

    def left(self, item: int) -> int:
        return self.lines[item] - self.credited_lines[item]

    def quantity_left(self, item: int) -> int:
        return self.items[item][1] - self.credited_quantities[item]

    def credit(self, item: int, net: int, quantity: int = 0) -> None:
        self.credited_lines[item] += net
        self.credited_quantities[item] += quantity

    def tax_when(self, paid: int) -> int:
        """The tax in the first `paid` of what is charged still."""
        charged = self.amount - self.credited
        return half_up((self.tax - self.credited_tax) * paid, charged) if charged else 0

    @property
    def income_received(self) -> int:
        """What has been paid, less its share of the tax."""
        return self.paid - self.tax_when(self.paid)


def total(invoices: Iterable[OracleInvoice], figure: str) -> int:
    return sum(getattr(invoice, figure) for invoice in invoices)


def net_of(gross: int, rate: int) -> int:
    """An amount that includes tax, without it."""
    return half_up(gross * 10**6, 10**6 + rate)
