"""The financial summary when money goes back: by month, on both bases."""

import datetime
from decimal import Decimal

import pytest

from billing.models import Invoice
from billing.payments import allocate_payment, reverse_payment
from billing.refunds import refund_payment
from tests.factories import SYSTEM, make_credit_note, make_customer, make_invoice, make_payment

pytestmark = pytest.mark.django_db


def day(month: int) -> datetime.date:
    return datetime.date(2024, month, 15)


@pytest.fixture
def by_month(api):
    """by_month(basis) → (income, outstanding) of January to June, as printed, and of the year."""

    def figures(basis: str) -> list[tuple[str, str]]:
        periods = [f"&month={month}" for month in range(1, 7)] + [""]
        answers = [
            api.get(f"/reports/financial?basis={basis}&year=2024{period}").data
            for period in periods
        ]
        return [(str(each["income"]), str(each["outstanding_invoices"])) for each in answers]

    return figures


def test_a_sale_that_is_credited_and_refunded(by_month):
    """Sold in January, paid in February, half credited in March, refunded in April; the other
    half refunded in May, paid again in June."""
    invoice = make_invoice("100.00", tax_rate=19, date=day(1))
    payment = make_payment("119.00", invoice=invoice, date=day(2))
    make_credit_note(invoice, (0, "50.00"), date=day(3))
    refund_payment(payment, amount=Decimal("59.50"), date=day(4), actor=SYSTEM)
    refund_payment(payment, date=day(5), actor=SYSTEM)
    make_payment("59.50", invoice=Invoice.objects.get(), date=day(6))

    assert by_month("cash") == [
        ("0.00", "119.00"),
        ("100.00", "0.00"),
        ("-50.00", "0.00"),
        ("0.00", "0.00"),
        ("-50.00", "59.50"),
        ("50.00", "0.00"),
        ("50.00", "0.00"),
    ]
    assert by_month("accrual") == [
        ("100.00", "119.00"),
        ("0.00", "0.00"),
        ("-50.00", "0.00"),
        ("0.00", "0.00"),
        ("0.00", "59.50"),
        ("0.00", "0.00"),
        ("50.00", "0.00"),
    ]


def test_credit_is_income_when_it_is_used_and_what_never_happened_is_none_at_all(by_month):
    """A deposit of January is used in March; a payment of February bounced."""
    customer = make_customer()
    invoice = make_invoice("100.00", tax_rate=19, customer=customer, date=day(2))
    deposit = make_payment("59.50", customer=customer, date=day(1))
    bounced = make_payment("59.50", invoice=invoice, date=day(2))
    allocate_payment(
        deposit,
        allocations=[{"invoice": invoice, "amount": Decimal("59.50")}],
        date=day(3),
        actor=SYSTEM,
    )
    reverse_payment(bounced, actor=SYSTEM)

    assert by_month("cash") == [
        ("0.00", "0.00"),
        ("0.00", "119.00"),
        ("50.00", "59.50"),
        ("0.00", "59.50"),
        ("0.00", "59.50"),
        ("0.00", "59.50"),
        ("50.00", "59.50"),
    ]
    assert by_month("accrual")[-1] == ("100.00", "59.50")


def test_when_nothing_is_open_both_bases_have_earned_the_same(by_month):
    """Two rates, paid in part before the taxed item is credited: 100.00 was earned, untaxed."""
    items = [
        {"description": "Book", "amount": Decimal(100), "quantity": Decimal(1), "tax_rate": 0},
        {"description": "Pen", "amount": Decimal(100), "quantity": Decimal(1), "tax_rate": 19},
    ]
    items = [item | {"tax_rate": Decimal(item["tax_rate"])} for item in items]
    invoice = make_invoice(items=items, date=day(1))
    make_payment("60.00", invoice=invoice, date=day(2))
    make_credit_note(invoice, (1, "100.00"), date=day(3))
    make_payment("40.00", invoice=Invoice.objects.get(), date=day(4))

    cash, accrual = by_month("cash"), by_month("accrual")
    assert [income for income, _ in cash[:4]] == ["0.00", "54.79", "0.00", "45.21"]
    assert cash[-1] == accrual[-1] == ("100.00", "0.00")
