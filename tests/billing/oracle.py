"""What invoices and payments come to, in whole numbers and nothing else.

Written without a look at the product's own arithmetic, so that it cannot share its mistakes.
Prices and quantities are in ten-thousandths, rates in ten-thousandths of a percent, amounts in
cents.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.billing.pricing_oracle import OracleDocument, OracleItem


def half_up(numerator: int, denominator: int) -> int:
    """The nearest whole number to a quotient that is not negative; a half goes up."""
    return (2 * numerator + denominator) // (2 * denominator)


@dataclass
class OracleInvoice:
    """items: (price, quantity, rate) each. credited: what of each item, without tax.

    item_percent: the discount on each item; percent: the one on all of it.
    """

    items: list[tuple[int, int, int]]
    item_percent: int = 0
    percent: int = 0
    inclusive: bool = False
    paid: int = 0
    written_off: int = 0
    lines: list[int] = field(init=False)
    subtotal: int = field(init=False)
    tax: int = field(init=False)
    credited_lines: list[int] = field(init=False)
    credited_quantities: list[int] = field(init=False)
    # By rate: net and tax.
    charged: dict[int, tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        document = OracleDocument(
            [
                OracleItem(price, quantity, rate, "any", percent=self.item_percent)
                for price, quantity, rate in self.items
            ],
            inclusive=self.inclusive,
            percent=self.percent,
        )
        self.lines, self.subtotal, self.tax = document.nets, document.subtotal, document.tax
        self.charged = {rate: (net, tax) for (_, rate), (_, net, tax) in document.taxes.items()}
        self.credited_lines = [0] * len(self.items)
        self.credited_quantities = [0] * len(self.items)

    def _tax_on(self, lines: list[int]) -> int:
        net: dict[int, int] = {}
        for (_, _, rate), line in zip(self.items, lines, strict=True):
            net[rate] = net.get(rate, 0) + line
        return sum(self._tax_at(rate, amount) for rate, amount in net.items())

    def _tax_at(self, rate: int, net: int) -> int:
        """On all that is charged at a rate all of its tax, which inclusive prices may round."""
        whole, tax = self.charged[rate]
        return tax if net == whole else min(half_up(net * rate, 10**6), tax)

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
