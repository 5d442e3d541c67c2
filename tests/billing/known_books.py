"""What the books should hold after any history, in whole cents and months."""

from collections.abc import Container, Iterator
from copy import deepcopy
from dataclasses import dataclass, field

from billing.models.ledger import Basis
from tests.billing.oracle import OracleInvoice, net_of


@dataclass
class KnownPayment:
    """moves: (month, invoice, amount put against it, income in that) each, as they were booked."""

    customer: int
    account: int
    amount: int
    month: int
    unallocated: int
    refunded: int = 0
    reversed: bool = False
    moves: list[tuple[int, "KnownInvoice", int, int]] = field(default_factory=list)

    @property
    def left(self) -> int:
        return 0 if self.reversed else self.amount - self.refunded

    @property
    def months(self) -> set[int]:
        """In which something of it is booked."""
        return {self.month, *(month for month, *_ in self.moves)}


@dataclass
class Part:
    """What stands of one allocation."""

    payment: KnownPayment
    month: int
    amount: int = 0
    tax: int = 0


@dataclass
class KnownInvoice:
    content: OracleInvoice
    month: int
    customer: int
    state: str = "draft"
    parts: list[Part] = field(default_factory=list)
    # (month, amount) paid, and (month, income) on the cash basis: negative when it goes back.
    paid: list[tuple[int, int]] = field(default_factory=list)
    received: list[tuple[int, int]] = field(default_factory=list)
    # (month, net, amount) of each credit note.
    notes: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def settled(self) -> bool:
        """All that it charges is paid, and nothing was given up."""
        return self.content.paid + self.content.credited == self.content.amount

    def can_credit(self, lines: list[tuple[int, int, int]]) -> bool:
        """Whether nothing that was written off would be credited too."""
        after = deepcopy(self.content)
        for item, net, quantity in lines:
            after.credit(item, net, quantity)
        return after.credited + after.written_off <= after.amount

    @property
    def status(self) -> str:
        if self.state != "issued":
            return self.state.title()
        if not self.content.balance:
            return "Paid"
        return "Partially Paid" if self.content.paid else "Unpaid"

    def pay(self, payment: KnownPayment, amount: int, month: int) -> None:
        """It counts on no day before the payment's or the invoice's."""
        part = Part(payment, max(month, payment.month, self.month))
        self.parts.append(part)
        self._let_be(part, amount, part.month)
        self._settle_tax(part.month)

    def give_back(self, part: Part, amount: int, month: int) -> None:
        self._let_be(part, part.amount - amount, month)

    def credit(self, lines: list[tuple[int, int, int]], month: int) -> None:
        """lines: (item, net, quantity) each."""
        before = self.content.credited
        for item, net, quantity in lines:
            self.content.credit(item, net, quantity)
        net = sum(each[1] for each in lines)
        self.notes.append((month, net, self.content.credited - before))
        for part in self.newest():
            back = min(-self.content.balance, part.amount)
            if back > 0:
                self.give_back(part, back, month)
                part.payment.unallocated += back
        self._settle_tax(month)

    def forget(self, payment: KnownPayment) -> None:
        self.content.paid -= sum(part.amount for part in self.parts if part.payment is payment)
        self.parts = [part for part in self.parts if part.payment is not payment]

    def newest(self) -> Iterator[Part]:
        return iter([part for part in reversed(self.parts) if part.amount])

    def _let_be(self, part: Part, amount: int, month: int) -> None:
        paid = self.content.paid - part.amount + amount
        others = sum(each.tax for each in self.parts) - part.tax
        tax = min(max(self.content.tax_when(paid) - others, 0), amount)
        self._book(part, amount, tax, month)

    def _settle_tax(self, month: int) -> None:
        for part in self.newest() if self.settled else ():
            missing = self.content.tax_when(self.content.paid) - sum(p.tax for p in self.parts)
            self._book(part, part.amount, min(max(part.tax + missing, 0), part.amount), month)

    def _book(self, part: Part, amount: int, tax: int, month: int) -> None:
        month, step = max(month, part.month), amount - part.amount
        income = step - (tax - part.tax)
        part.amount, part.tax = amount, tax
        self.content.paid += step
        if step or income:
            self.paid.append((month, step))
            self.received.append((month, income))
            part.payment.moves.append((month, self, step, income))


@dataclass
class KnownWriteOff:
    invoice: KnownInvoice
    amount: int
    month: int
    reversed_in: int | None = None

    def within(self, months: Container[int]) -> int:
        """The loss in these months, less what was taken back in them."""
        return self.amount * ((self.month in months) - (self.reversed_in in months))


@dataclass
class KnownLine:
    flow: str
    amount: int
    rate: int
    account: int
    month: int
    reversed_in: int | None = None

    @property
    def moved(self) -> int:
        return self.amount if self.flow == "Income" else -self.amount


@dataclass
class Known:
    """What the books should hold."""

    opened: dict[int, int] = field(default_factory=dict)
    payments: dict[int, KnownPayment] = field(default_factory=dict)
    invoices: dict[int, KnownInvoice] = field(default_factory=dict)
    lines: dict[int, KnownLine] = field(default_factory=dict)
    write_offs: dict[int, KnownWriteOff] = field(default_factory=dict)
    # (from, to, amount) each.
    transfers: list[tuple[int, int, int]] = field(default_factory=list)

    @property
    def credit(self) -> int:
        return sum(payment.unallocated for payment in self.payments.values())

    def balance(self, account: int) -> int:
        return (
            self.opened[account]
            + sum(each.left for each in self.payments.values() if each.account == account)
            + sum(
                line.moved
                for line in self.lines.values()
                if line.account == account and line.reversed_in is None
            )
            + sum(
                amount * ((to == account) - (source == account))
                for source, to, amount in self.transfers
            )
        )

    def parts_of(self, payment: KnownPayment) -> list[tuple[KnownInvoice, Part]]:
        return [
            (invoice, part)
            for invoice in self.invoices.values()
            for part in invoice.parts
            if part.payment is payment and part.amount
        ]

    def refund(self, payment: KnownPayment, amount: int, month: int, newest: list[Part]) -> None:
        """newest: the payment's parts in the order in which they go back."""
        payment.refunded += amount
        of_credit = min(amount, payment.unallocated)
        payment.unallocated -= of_credit
        amount -= of_credit
        for part in newest:
            for invoice, its_part in self.parts_of(payment):
                if its_part is part and amount:
                    back = min(amount, part.amount)
                    invoice.give_back(part, back, month)
                    amount -= back

    def reverse(self, payment: KnownPayment, month: int) -> None:
        """Each step is taken back in its own month, or in `month` where that is later."""
        for booked, invoice, amount, income in payment.moves:
            invoice.paid.append((max(month, booked), -amount))
            invoice.received.append((max(month, booked), -income))
        for invoice in self.invoices.values():
            invoice.forget(payment)
        payment.unallocated, payment.reversed = 0, True

    def net(self, flow: str, months: Container[int]) -> int:
        """What lines of this flow come to in these months, less what was reversed in them."""
        return sum(
            net_of(line.amount, line.rate) * ((line.month in months) - (line.reversed_in in months))
            for line in self.lines.values()
            if line.flow == flow
        )

    def figures(self, months: Container[int], until: int) -> dict[str, int]:
        issued = [known for known in self.invoices.values() if known.state == "issued"]
        notes = [note for known in issued for note in known.notes]
        income = self.net("Income", months)
        spent = self.net("Expense", months)
        lost = sum(each.within(months) for each in self.write_offs.values())
        return {
            Basis.CASH: income
            + sum(part for known in issued for month, part in known.received if month in months),
            Basis.ACCRUAL: income
            + sum(known.content.subtotal for known in issued if known.month in months)
            - sum(net for month, net, _ in notes if month in months),
            f"expenses, {Basis.CASH}": spent,
            f"expenses, {Basis.ACCRUAL}": spent + lost,
            "outstanding": sum(known.content.amount for known in issued if known.month <= until)
            - sum(amount for month, _, amount in notes if month <= until)
            - sum(part for known in issued for month, part in known.paid if month <= until)
            - sum(each.within(range(until + 1)) for each in self.write_offs.values()),
        }
