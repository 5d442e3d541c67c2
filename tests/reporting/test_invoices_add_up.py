"""Ten thousand random invoices: list, detail, report and an independent oracle agree."""

import datetime
import random
from decimal import Decimal

import pytest

from billing.invoices import create_invoices
from billing.models import Category, Invoice
from billing.payments import record_payment
from tests.billing.books import findings
from tests.billing.oracle import OracleInvoice, total
from tests.factories import SYSTEM, make_category, make_customer

pytestmark = pytest.mark.django_db

COUNT, BATCH, LOOKED_AT = 10_000, 500, 50
RATES = (0, 0, 190_000, 70_000, 55_000, 1_000_000, 1)
FIRST_DAY = datetime.date(2023, 1, 1)


def random_items(dice: random.Random) -> list[tuple[int, int, int]]:
    return [
        (
            dice.choice([dice.randrange(100), dice.randrange(10**6), 100 * dice.randrange(10**5)]),
            dice.choice([10_000, 10_000 * dice.randrange(1, 50), dice.randrange(1, 99_999)]),
            dice.choice(RATES),
        )
        for _ in range(dice.choice([1, 1, 1, 1, 1, 3]))
    ]


def scaled(number: int, places: int = 4) -> Decimal:
    return Decimal(number).scaleb(-places)


def new_item(item: tuple[int, int, int], category: Category | None) -> dict:
    price, quantity, rate = item
    return {
        "description": "Work",
        "amount": scaled(price),
        "quantity": scaled(quantity),
        "tax_rate": scaled(rate),
        "category": category,
    }


@pytest.fixture
def many():
    """By id: what the oracle knows of each invoice, and its date."""
    seed = random.randrange(10**9)
    print(f"seed {seed}")
    dice = random.Random(seed)
    customers = [make_customer() for _ in range(5)]
    categories = [None, make_category("Design", flow="Income")]
    known: dict[int, tuple[OracleInvoice, datetime.date]] = {}
    for _ in range(COUNT // BATCH):
        oracles = [OracleInvoice(random_items(dice)) for _ in range(BATCH)]
        days = [FIRST_DAY + datetime.timedelta(dice.randrange(730)) for _ in oracles]
        made = create_invoices(
            [
                {
                    "customer": dice.choice(customers),
                    "date": day,
                    "items": [new_item(item, dice.choice(categories)) for item in oracle.items],
                }
                for oracle, day in zip(oracles, days, strict=True)
            ],
            actor=SYSTEM,
        )
        known |= {
            invoice.pk: (oracle, day)
            for invoice, oracle, day in zip(made, oracles, days, strict=True)
        }
    pay_some(dice, known)
    return known


def pay_some(dice: random.Random, known: dict[int, tuple[OracleInvoice, datetime.date]]) -> None:
    """A few payments on their invoices' days, of which some settle and some are steps."""
    payable = [pk for pk, (oracle, _) in known.items() if oracle.amount]
    for pk in dice.sample(payable, 100):
        oracle, day = known[pk]
        amount = dice.choice([oracle.amount, dice.randrange(1, oracle.amount + 1)])
        invoice = Invoice.objects.get(pk=pk)
        record_payment(
            customer=invoice.customer,
            amount=scaled(amount, 2),
            allocations=[{"invoice": invoice, "amount": scaled(amount, 2)}],
            date=day,
            actor=SYSTEM,
        )
        oracle.paid = amount


def test_list_detail_report_and_oracle_agree(api, many):
    listed = {}
    for page in range(1, COUNT // 100 + 1):
        for row in api.get(f"/invoices?limit=100&page={page}").data:
            listed[row["id"]] = row
    assert listed.keys() == many.keys()

    for pk, (oracle, day) in many.items():
        row = listed[pk]
        shown = [row[name] for name in ("subtotal", "tax", "amount", "paid", "balance")]
        figures = (oracle.subtotal, oracle.tax, oracle.amount, oracle.paid, oracle.balance)
        assert shown == [scaled(figure, 2) for figure in figures], (pk, oracle)
        assert [item["total"] for item in row["items"]] == [scaled(n, 2) for n in oracle.lines]
        assert row["date"] == str(day)
        status = "Partially Paid" if 0 < oracle.paid < oracle.amount else "Unpaid"
        assert row["status"] == (status if oracle.balance else "Paid")
    for pk in random.sample(list(many), LOOKED_AT):
        assert api.get(f"/invoices/{pk}").data == listed[pk]

    for year in (2023, 2024, None):
        mine = [oracle for oracle, day in many.values() if year is None or day.year == year]
        query = f"&year={year}" if year else ""
        accrual = api.get(f"/reports/financial?basis=accrual{query}").data
        cash = api.get(f"/reports/financial?basis=cash{query}").data
        assert accrual["income"] == scaled(total(mine, "subtotal"), 2)
        assert cash["income"] == scaled(total(mine, "income_received"), 2)
        until = [oracle for oracle, day in many.values() if year is None or day.year <= year]
        assert accrual["outstanding_invoices"] == scaled(total(until, "balance"), 2)
    assert findings() == []
