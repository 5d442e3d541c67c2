"""However an invoice is credited in slices, the notes add up to it, tax included."""

import random
from collections import defaultdict
from decimal import Decimal

import pytest

from billing.credit_notes import create_credit_note
from billing.models import CreditNote, Invoice
from billing.models.ledger import Basis, Ledger
from tests.billing.books import booked
from tests.billing.oracle import OracleInvoice, half_up
from tests.factories import DAY, SYSTEM, make_customer, make_invoice, make_payment

pytestmark = pytest.mark.django_db

RATES = (0, 70_000, 190_000, 230_000, 55_000, 1_000_000)
QUANTITIES = (10_000, 30_000, 25_000, 3_333, 70_000)


@pytest.fixture
def dice() -> random.Random:
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    return random.Random(seed)


def random_content(dice: random.Random) -> list[tuple[int, int, int]]:
    """(price, quantity, rate) each; some items are free, some cost a fraction of a cent."""
    return [
        (dice.choice([0, dice.randrange(500), dice.randrange(5_000_000)]), dice.choice(QUANTITIES),
         dice.choice(RATES))
        for _ in range(dice.randint(1, 4))
    ]  # fmt: skip


def issued(content: list[tuple[int, int, int]], customer) -> Invoice:
    return make_invoice(
        customer=customer,
        items=[
            {
                "description": "Work",
                "amount": Decimal(price).scaleb(-4),
                "quantity": Decimal(quantity).scaleb(-4),
                "tax_rate": Decimal(rate).scaleb(-4),
            }
            for price, quantity, rate in content
        ],
    )


def random_slice(dice: random.Random, known: OracleInvoice) -> list[tuple[int, int, int]]:
    """(item, net, quantity) each: some items by amount, some by quantity, some in full."""
    lines = []
    for item in range(len(known.items)):
        left, quantity_left = known.left(item), known.quantity_left(item)
        if not left or dice.random() < 0.3:
            continue
        if dice.random() < 0.5 or not quantity_left:
            lines.append((item, dice.randint(1, left), 0))
        else:
            quantity = dice.randint(1, quantity_left)
            net = half_up(left * quantity, quantity_left)
            if net:
                lines.append((item, net, quantity))
    return lines


def credited(invoice: Invoice, known: OracleInvoice, lines: list[tuple[int, int, int]]) -> None:
    items = list(invoice.items.all())
    before = (known.credited, known.credited_tax)
    note = create_credit_note(
        invoice,
        items=[
            {"invoice_item": items[item], "quantity": Decimal(quantity).scaleb(-4)}
            if quantity
            else {"invoice_item": items[item], "total": Decimal(net).scaleb(-2)}
            for item, net, quantity in lines
        ],
        date=DAY,
        actor=SYSTEM,
    )
    for line in lines:
        known.credit(*line)
    in_cents = (int(note.amount * 100), int(note.tax * 100), int(note.subtotal * 100))
    assert in_cents == (
        known.credited - before[0],
        known.credited_tax - before[1],
        sum(net for _, net, _ in lines),
    )


def test_the_notes_of_an_invoice_add_up_to_it_to_the_cent(dice):
    customer = make_customer()
    for _ in range(40):
        content = random_content(dice)
        invoice, known = issued(content, customer), OracleInvoice(content)
        for _ in range(dice.randint(1, 5)):
            if lines := random_slice(dice, known):
                credited(invoice, known, lines)
        if any(known.left(item) for item in range(len(content))):
            create_credit_note(invoice, date=DAY, actor=SYSTEM)

        invoice.refresh()
        notes = CreditNote.objects.filter(invoice=invoice).prefetch_related("taxes")
        by_rate: dict[Decimal, Decimal] = defaultdict(Decimal)
        for note in notes:
            for line in note.taxes.all():
                by_rate[line.rate] += line.tax
        assert sum(note.amount for note in notes) == invoice.amount == invoice.credited
        assert sum(note.tax for note in notes) == invoice.tax
        taxes = {line.rate: line.tax for line in invoice.taxes.all() if line.net}
        assert by_rate == taxes
        assert (invoice.status, invoice.balance) == ("Paid", 0)

    for ledger in (Ledger.RECEIVABLE, Ledger.INCOME, Ledger.TAX_PAYABLE):
        assert booked(ledger) == 0


def test_whatever_was_paid_before_and_between_comes_back_as_credit(dice):
    customer = make_customer()
    received = Decimal(0)
    for _ in range(15):
        content = random_content(dice)
        invoice, known = issued(content, customer), OracleInvoice(content)
        for _ in range(3):
            owed = int(Invoice.objects.get(pk=invoice.pk).balance * 100)
            if owed and dice.random() < 0.7:
                part = Decimal(dice.randint(1, owed)).scaleb(-2)
                make_payment(part, invoice=invoice)
                received += part
            if lines := random_slice(dice, known):
                credited(invoice, known, lines)
        if any(known.left(item) for item in range(len(content))):
            create_credit_note(invoice, date=DAY, actor=SYSTEM)

    assert booked(Ledger.CUSTOMER_CREDIT) == -received
    assert booked(Ledger.INCOME, Basis.CASH) == booked(Ledger.TAX_PAYABLE, Basis.CASH) == 0
    assert booked(Ledger.INCOME, Basis.ACCRUAL) == booked(Ledger.RECEIVABLE) == 0
