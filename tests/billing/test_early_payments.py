"""Money that comes before its invoice's date is credit until then."""

import datetime
from decimal import Decimal

import pytest

from billing.models import Allocation
from tests.billing.books import findings
from tests.factories import make_customer, make_invoice, make_payment, new_item

pytestmark = pytest.mark.django_db


def report(api, query: str) -> dict:
    return api.get(f"/reports/financial?{query}").data


def test_a_deposit_is_credit_until_the_invoice_is_dated(api):
    customer = make_customer()
    invoice = make_invoice(
        customer=customer, date=datetime.date(2024, 6, 15), items=[new_item("1000.00")]
    )

    make_payment(
        customer=customer,
        amount=Decimal("1000.00"),
        date=datetime.date(2024, 5, 1),
        allocations=[{"invoice": invoice, "amount": Decimal("1000.00")}],
    )

    assert Allocation.objects.get().date == datetime.date(2024, 6, 15)
    may, june = report(api, "year=2024&month=5"), report(api, "year=2024&month=6")
    assert (may["income"], may["outstanding_invoices"]) == (Decimal("0.00"), Decimal("0.00"))
    assert (june["income"], june["outstanding_invoices"]) == (Decimal("1000.00"), Decimal("0.00"))
    assert findings() == []


def test_one_payment_settles_an_old_invoice_now_and_a_later_one_later(api):
    customer = make_customer()
    old = make_invoice(customer=customer, date=datetime.date(2024, 1, 10), items=[new_item("30")])
    later = make_invoice(customer=customer, date=datetime.date(2024, 3, 10), items=[new_item("50")])

    payment = make_payment(
        customer=customer,
        amount=Decimal("100.00"),
        date=datetime.date(2024, 2, 1),
        allocations=[
            {"invoice": old, "amount": Decimal(30)},
            {"invoice": later, "amount": Decimal(50)},
        ],
    )

    assert payment.unallocated == Decimal(20)
    incomes = [report(api, f"year=2024&month={month}")["income"] for month in (1, 2, 3)]
    assert incomes == [Decimal("0.00"), Decimal("30.00"), Decimal("50.00")]
    assert findings() == []
