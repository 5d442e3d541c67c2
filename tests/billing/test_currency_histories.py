"""Random histories of invoices in dollars, yen and dinars in euro books, against a model in integers.

The model knows nothing of entries: it says what a cent of each document is worth, and what must
therefore be in cash, owed, in credit, and won or lost.
"""

import random
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from billing import payments, refunds
from billing.models import Account, Invoice, Payment
from billing.models.ledger import Ledger
from tests.billing.books import booked, findings
from tests.concurrency import at_once
from tests.factories import (
    DAY,
    SYSTEM,
    keep_books_in,
    make_account,
    make_credit_note,
    make_customer,
    make_invoice,
    make_payment,
    new_item,
)

pytestmark = pytest.mark.django_db

# Decimals of a currency, and its rate in ten-thousandths of a euro.
DECIMALS = {"USD": 2, "JPY": 0, "KWD": 3}
RATES = {"USD": (8_801, 9_155, 9_999), "JPY": (58, 62, 71), "KWD": (28_803, 29_802, 31_415)}


def worth(units: int, currency: str, rate: int) -> int:
    """Cents of a euro, half up; `units` are the currency's smallest."""
    numerator = units * rate * 100
    denominator = 10 ** DECIMALS[currency] * 10_000
    return (2 * numerator + denominator) // (2 * denominator)


def share(whole: int, part: int, of: int) -> int:
    return (2 * whole * part + of) // (2 * of)


def euros(cents: int) -> Decimal:
    return Decimal(cents) / 100


def amount(units: int, currency: str) -> Decimal:
    return Decimal(units).scaleb(-DECIMALS[currency])


@dataclass
class KnownInvoice:
    """Of one item without tax, so that all it is worth is its receivable."""

    currency: str
    units: int
    cents: int
    credited: int = 0
    paid: dict[int, int] = field(default_factory=dict)

    @property
    def owed(self) -> int:
        return self.units - self.credited - sum(self.paid.values())

    @property
    def cents_credited(self) -> int:
        return share(self.cents, self.credited, self.units)


@dataclass
class KnownPayment:
    currency: str
    units: int
    cents: int
    refunded: int = 0
    credit: int = 0
    reversed: bool = False

    @property
    def cents_refunded(self) -> int:
        return share(self.cents, self.refunded, self.units)

    @property
    def cents_of_credit(self) -> int:
        return share(self.cents, self.credit, self.units)


class History:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.customer = make_customer()
        self.accounts = {code: make_account(code, currency=code) for code in DECIMALS}
        self.invoices: dict[int, KnownInvoice] = {}
        self.payments: dict[int, KnownPayment] = {}

    def step(self) -> None:
        moves = [self.invoice, self.pay, self.pay, self.allocate, self.refund, self.reverse]
        self.random.choice([*moves, self.credit])()

    def rate(self, currency: str) -> int:
        return self.random.choice(RATES[currency])

    def invoice(self) -> None:
        currency = self.random.choice(list(DECIMALS))
        units, rate = self.random.randint(1, 99_999), self.rate(currency)
        made = make_invoice(
            customer=self.customer,
            currency=currency,
            exchange_rate=Decimal(rate) / 10_000,
            items=[new_item(amount(units, currency))],
        )
        self.invoices[made.pk] = KnownInvoice(currency, units, worth(units, currency, rate))

    def pay(self) -> None:
        open_ones = [pk for pk, known in self.invoices.items() if known.owed]
        if not open_ones:
            return
        pk = self.random.choice(open_ones)
        known = self.invoices[pk]
        units = self.random.choice([known.owed, self.random.randint(1, known.owed + 50)])
        rate = self.rate(known.currency)
        # Into the currency's own account or, where a cent of it arrives, into the one in euros.
        cents = worth(units, known.currency, rate)
        own = self.random.random() < 0.5 or not cents
        made = make_payment(
            amount(units, known.currency),
            invoice=Invoice.objects.get(pk=pk),
            account=self.accounts[known.currency] if own else Account.objects.get(pk=1),
            exchange_rate=Decimal(rate) / 10_000,
            allow_credit=True,
        )
        taken = min(units, known.owed)
        self.payments[made.pk] = KnownPayment(known.currency, units, cents, credit=units - taken)
        known.paid[made.pk] = taken

    def allocate(self) -> None:
        for pk, payment in self.payments.items():
            for to, invoice in self.invoices.items():
                units = min(payment.credit, invoice.owed)
                if units and payment.currency == invoice.currency:
                    wanted = {"invoice": Invoice.objects.get(pk=to)}
                    wanted["amount"] = amount(units, invoice.currency)
                    payments.allocate_payment(
                        Payment.objects.get(pk=pk), allocations=[wanted], actor=SYSTEM
                    )
                    payment.credit -= units
                    invoice.paid[pk] = invoice.paid.get(pk, 0) + units
                    return

    def refund(self) -> None:
        """Of credit alone, so that the model needs not know which allocation is the newest."""
        with_credit = [pk for pk, known in self.payments.items() if known.credit]
        if with_credit:
            pk = self.random.choice(with_credit)
            known = self.payments[pk]
            units = self.random.randint(1, known.credit)
            refunds.refund_payment(
                Payment.objects.get(pk=pk), amount=amount(units, known.currency), actor=SYSTEM
            )
            known.refunded += units
            known.credit -= units

    def reverse(self) -> None:
        standing = [
            pk for pk, each in self.payments.items() if not each.refunded and not each.reversed
        ]
        if standing and self.random.random() < 0.5:
            pk = self.random.choice(standing)
            payments.reverse_payment(Payment.objects.get(pk=pk), actor=SYSTEM)
            self.payments[pk].reversed, self.payments[pk].credit = True, 0
            for invoice in self.invoices.values():
                invoice.paid.pop(pk, None)

    def credit(self) -> None:
        """No more than is owed, so that nothing that is paid goes back."""
        open_ones = [pk for pk, known in self.invoices.items() if known.owed]
        if open_ones:
            pk = self.random.choice(open_ones)
            known = self.invoices[pk]
            units = self.random.randint(1, known.owed)
            make_credit_note(Invoice.objects.get(pk=pk), (0, amount(units, known.currency)))
            known.credited += units

    def compare(self) -> None:
        standing = [known for known in self.payments.values() if not known.reversed]
        cash = sum(known.cents - known.cents_refunded for known in standing)
        credit = sum(known.cents_of_credit for known in standing)
        assert booked(Ledger.CASH) == euros(cash)
        assert booked(Ledger.CUSTOMER_CREDIT) == -euros(credit)
        # What is settled is cleared to the cent; what is open, in step, but for a cent a payment.
        settled = all(not known.owed for known in self.invoices.values())
        owed = sum(share(known.cents, known.owed, known.units) for known in self.invoices.values())
        slack = 0 if settled else sum(2 + len(known.paid) for known in self.invoices.values())
        receivable = booked(Ledger.RECEIVABLE)
        assert abs(receivable - euros(owed)) <= euros(slack)
        # Whatever is not owed any more was credited, or paid: at the invoices' rates.
        credited = sum(known.cents_credited for known in self.invoices.values())
        issued = sum(known.cents for known in self.invoices.values())
        cleared = euros(issued - credited) - receivable
        assert -booked(Ledger.EXCHANGE_DIFFERENCE) == euros(cash - credit) - cleared

    def settle_all(self) -> None:
        for pk, known in self.invoices.items():
            if known.owed:
                units, rate = known.owed, self.rate(known.currency)
                made = make_payment(
                    amount(units, known.currency),
                    invoice=Invoice.objects.get(pk=pk),
                    account=self.accounts[known.currency],
                    exchange_rate=Decimal(rate) / 10_000,
                )
                cents = worth(units, known.currency, rate)
                self.payments[made.pk] = KnownPayment(known.currency, units, cents)
                known.paid[made.pk] = units


@pytest.mark.parametrize("seed", range(4))
def test_any_history_leaves_each_cent_where_the_model_has_it(seed):
    keep_books_in("EUR")
    history = History(seed)
    for _ in range(25):
        history.step()
        history.compare()

    assert findings() == []
    history.settle_all()
    history.compare()
    assert booked(Ledger.RECEIVABLE) == 0
    for known, row in zip(history.invoices.values(), Invoice.objects.order_by("pk"), strict=True):
        assert (row.status, known.owed) == ("Paid", 0)


@pytest.mark.django_db(transaction=True)
def test_two_payments_on_one_foreign_invoice_at_once_clear_it_to_the_cent():
    keep_books_in("EUR")
    invoice = make_invoice("100.00", currency="USD", exchange_rate=Decimal("0.9155"))
    account = make_account("Dollars", currency="USD")

    def pay(part: str):
        return lambda: make_payment(
            part,
            invoice=Invoice.objects.get(pk=invoice.pk),
            account=account,
            exchange_rate=Decimal("0.92"),
            date=DAY,
        )

    at_once([pay("33.33"), pay("66.67")])

    assert booked(Ledger.RECEIVABLE) == 0
    assert sum(each.base_amount for each in invoice.allocations.all()) == Decimal("91.55")
