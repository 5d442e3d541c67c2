"""Golden numbers: what documents come to, to the cent, and what they put in the books."""

import datetime
from decimal import Decimal

import pytest

from billing.models import Allocation, Posting
from billing.models.ledger import Basis, Ledger
from tests.billing.books import booked, in_account
from tests.factories import (
    keep_books_in,
    make_category,
    make_customer,
    make_invoice,
    make_payment,
    make_transaction,
    new_item,
)

pytestmark = pytest.mark.django_db


def cents(*amounts: str) -> list[Decimal]:
    return [Decimal(amount) for amount in amounts]


def post_invoice(api, *items: dict, customer=None):
    customer = customer or make_customer()
    return api.post(
        "/invoices", {"customer_id": customer.pk, "date": "2024-01-15", "items": list(items)}
    )


def item(amount: str, qty: int | str = 1, **fields) -> dict:
    return {"description": "Work", "amount": Decimal(amount), "qty": Decimal(qty)} | fields


def test_three_payments_of_ten_cents_fill_an_invoice_of_thirty(api):
    invoice = post_invoice(api, item("0.10", 3)).data
    path = f"/invoices/{invoice['id']}"

    states = []
    for _ in range(3):
        assert api.post(f"{path}/payments", {"amount": Decimal("0.10")}).status == 201
        shown = api.get(path)
        states.append((shown.data["status"], str(shown.data["paid"]), str(shown.data["balance"])))

    assert states == [
        ("Partially Paid", "0.10", "0.20"),
        ("Partially Paid", "0.20", "0.10"),
        ("Paid", "0.30", "0.00"),
    ]
    assert b'"amount":0.30,' in shown.raw
    assert api.post(f"{path}/payments", {"amount": Decimal("0.10")}).status == 409


def test_tax_is_taken_once_per_rate_over_the_items(api):
    answer = post_invoice(api, item("55.55", tax_rate=23), item("11.11", tax_rate=23))

    assert b'"subtotal":66.66,"tax":15.33,' in answer.raw
    assert answer.data["amount"] == Decimal("81.99")
    assert b'"discount":0.00,"net":66.66,"tax":15.33}]' in answer.raw


def test_several_rates_add_up_to_the_total(api):
    answer = post_invoice(
        api,
        item("19.99", 3, tax_rate=20),
        item("0.05", tax_rate="5.5"),
        item("10.00"),
        item("0.01", "0.5", tax_rate=20),
    )

    assert [(each["rate"], each["net"], each["tax"]) for each in answer.data["taxes"]] == [
        (0, Decimal("10.00"), Decimal("0.00")),
        (Decimal("5.5"), Decimal("0.05"), Decimal("0.00")),
        (20, Decimal("59.98"), Decimal("12.00")),
    ]
    assert [row["total"] for row in answer.data["items"]] == cents("59.97", "0.05", "10.00", "0.01")
    assert answer.data["subtotal"] == Decimal("70.03")
    assert answer.data["amount"] == Decimal("82.03")


@pytest.mark.parametrize(
    ("unit_price", "quantity", "total"),
    [
        ("0.005", 1, "0.01"),
        ("0.0049", 1, "0.00"),
        ("2.675", 1, "2.68"),  # as a float it would be 2.67
        ("1.005", 1, "1.01"),
        ("0.5", "0.01", "0.01"),
        ("0.3333", 3, "1.00"),
        ("0.0001", 5000, "0.50"),
    ],
)
def test_halves_are_rounded_up(api, unit_price, quantity, total):
    answer = post_invoice(api, item(unit_price, quantity))

    assert str(answer.data["amount"]) == total


def test_the_parts_of_an_invoice_carry_its_tax_to_the_cent():
    """119.00 = 100 + 19, paid as 39.67, 39.67 and 39.66: cash income of 33.34, 33.33, 33.33."""
    invoice = make_invoice("100.00", tax_rate=19)
    income, tax = [], []
    for amount in ("39.67", "39.67", "39.66"):
        before = booked(Ledger.INCOME, Basis.CASH)
        make_payment(amount, invoice=invoice)
        income.append(before - booked(Ledger.INCOME, Basis.CASH))
        tax.append(Allocation.objects.latest("id").tax)

    assert income == cents("33.34", "33.33", "33.33")
    assert tax == cents("6.33", "6.34", "6.33")
    assert booked(Ledger.INCOME, Basis.ACCRUAL) == -100
    assert (
        booked(Ledger.TAX_PAYABLE, Basis.CASH) == booked(Ledger.TAX_PAYABLE, Basis.ACCRUAL) == -19
    )
    assert booked(Ledger.RECEIVABLE, Basis.ACCRUAL) == 0


def test_whatever_the_steps_of_payment_each_category_and_rate_gets_its_own():
    design, travel = (make_category(name, flow="Income") for name in ("Design", "Travel"))
    invoice = make_invoice(
        items=[
            new_item("33.33", tax_rate=19, category=design),
            new_item("66.66", tax_rate=7, category=travel),
            new_item("0.01", tax_rate=19, category=travel),
            new_item("10.10"),
        ]
    )
    assert invoice.amount == Decimal("121.10")

    paid = Decimal(0)
    for step in ("0.01", "0.02", "7.77", "50.00", "63.29", "0.01"):
        make_payment(step, invoice=invoice)
        paid += Decimal(step)
        earned = -booked(Ledger.INCOME, Basis.CASH)
        assert earned - booked(Ledger.TAX_PAYABLE, Basis.CASH) == paid

    def by(column: str, ledger: Ledger, basis: Basis) -> dict:
        rows = Posting.objects.filter(ledger=ledger, basis=basis)
        sums: dict = {}
        for row in rows:
            key = getattr(row, column)
            sums[key] = sums.get(key, Decimal(0)) - row.amount
        return sums

    for column, ledger in (("category_id", Ledger.INCOME), ("tax_rate", Ledger.TAX_PAYABLE)):
        assert by(column, ledger, Basis.CASH) == by(column, ledger, Basis.ACCRUAL)
    assert by("category_id", Ledger.INCOME, Basis.CASH) == {
        design.pk: Decimal("33.33"),
        travel.pk: Decimal("66.67"),
        1: Decimal("10.10"),
    }
    assert by("tax_rate", Ledger.TAX_PAYABLE, Basis.CASH) == {
        Decimal(7): Decimal("4.67"),
        Decimal(19): Decimal("6.33"),
    }


def test_an_invoice_of_nothing_is_paid_at_once_and_posts_nothing(api):
    answer = post_invoice(api, item("0.00", 5, tax_rate=20))

    assert (answer.status, answer.data["status"]) == (201, "Paid")
    assert answer.data["invoice_number"] == "INV-2024-001"
    assert b'"amount":0.00,"status":"Paid"' in answer.raw
    assert not Posting.objects.exists()


@pytest.mark.parametrize(
    ("currency", "price", "total", "tax", "amount"),
    [
        ("JPY", "1050", "1050", "105", "1155"),
        ("JPY", "0.5", "1", "0", "1"),
        ("KWD", "1.2345", "1.235", "0.124", "1.359"),
        ("USD", "1.2345", "1.23", "0.12", "1.35"),
    ],
)
def test_totals_have_the_decimals_of_the_books_currency(api, currency, price, total, tax, amount):
    keep_books_in(currency)

    answer = post_invoice(api, item(price, tax_rate=10))

    assert answer.data["currency"] == currency
    shown = [answer.data["items"][0]["total"], answer.data["tax"], answer.data["amount"]]
    assert [str(number) for number in shown] == [total, tax, amount]


def test_accounts_and_income_follow_the_books_currency(api):
    keep_books_in("JPY")
    make_transaction("1100", tax_rate=Decimal(10))

    assert api.get("/accounts/1").data["currency"] == "JPY"
    assert b'"balance":1100,' in api.get("/accounts/1").raw
    report = api.get("/reports/financial?year=2024")
    assert b'"income":1000,"expenses":0,"profit":1000,"outstanding_invoices":0,' in report.raw


@pytest.mark.parametrize(
    ("currency", "amount", "places"), [("USD", "0.001", 2), ("JPY", "0.5", 0), ("KWD", "1.0001", 3)]
)
def test_nobody_can_pay_a_fraction_of_a_cent(api, currency, amount, places):
    keep_books_in(currency)
    invoice = make_invoice("10")
    payment = {"customer_id": invoice.customer_id, "amount": 5}
    allocation = {"invoice_id": invoice.pk, "amount": Decimal(amount)}
    line = {"type": "Income", "account_id": 1, "category_id": 1, "date": "2024-01-15"}
    told = f"Must have no more than {places} decimals in {currency}"

    assert api.post(f"/invoices/{invoice.pk}/payments", {"amount": Decimal(amount)}).errors == {
        "amount": told
    }
    assert api.post("/payments", payment | {"amount": Decimal(amount)}).errors == {"amount": told}
    assert api.post(
        "/payments", payment | {"allocations": [{"invoice_id": make_invoice().pk, "amount": 1}]}
    ).errors.keys() == {"allocations.0.invoice_id"}
    assert api.post("/payments", payment | {"allocations": [allocation]}).errors == {
        "allocations.0.amount": told
    }
    assert api.post("/transactions", line | {"amount": Decimal(amount)}).errors == {"amount": told}
    assert api.post(
        "/accounts", {"name": "Bank", "type": "Bank", "opening_balance": Decimal(amount)}
    ).errors == {"opening_balance": told}
    assert in_account() == 0


def test_more_than_a_money_column_holds_is_refused(api):
    answer = post_invoice(api, item("99999999999.9999", "999999999.9999"))

    assert (answer.status, answer.body["code"]) == (400, "amount_too_large")
    assert api.get("/invoices").meta["total_records"] == 0


def test_the_due_date_is_the_date_and_the_organisations_terms(api):
    answer = post_invoice(api, item("1"))

    assert answer.data["due_date"] == "2024-02-14"
    far = api.post(
        "/invoices",
        {"customer_id": make_customer().pk, "date": "9999-12-31", "items": [item("1")]},
    )
    assert far.data["due_date"] == "9999-12-31"
    assert datetime.date.fromisoformat(far.data["date"]).year == 9999
