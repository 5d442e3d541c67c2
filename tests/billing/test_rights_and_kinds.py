"""What a body may not smuggle past the rules: rights, kinds of category, sizes, dates, names."""

import datetime
from decimal import Decimal

import pytest

from bizsuite.identity.roles import Role
from customers import customers
from tests.billing.books import findings, in_account, last_event_id
from tests.factories import (
    SYSTEM,
    make_category,
    make_customer,
    make_invoice,
    make_transaction,
    new_item,
)

pytestmark = pytest.mark.django_db


def test_income_on_an_invoice_needs_the_right_to_write_payments(client_with):
    invoice = make_invoice()
    body = {
        "type": "Income",
        "account_id": 1,
        "category_id": 1,
        "amount": 10,
        "date": "2024-01-20",
        "invoice_id": invoice.pk,
    }
    key = client_with(role=Role.ADMINISTRATOR, scopes=("transactions:write",))
    before = last_event_id()

    assert key.post("/transactions", body).status == 403
    invoice.refresh()
    assert (invoice.paid, last_event_id()) == (0, before)

    both = client_with(scopes=("transactions:write", "payments:write"))
    assert both.post("/transactions", body).status == 201


def test_an_item_is_not_income_of_a_category_of_expenses(api):
    rent = make_category("Rent", flow="Expense")
    item = {"description": "Desk", "amount": 10, "qty": 1, "category_id": rent.pk}

    answer = api.post("/invoices", {"customer_id": make_customer().pk, "items": [item]})

    assert answer.errors == {"items.0.category_id": "Rent is a category of Expense"}


def test_an_amount_near_the_largest_can_turn_from_income_to_expense(api):
    line = make_transaction(amount=Decimal("60000000000.00"))
    rent = make_category("Rent", flow="Expense")

    answer = api.patch(f"/transactions/{line.pk}", {"type": "Expense", "category_id": rent.pk})

    assert answer.status == 200
    assert in_account() == Decimal("-60000000000.00")
    assert findings() == []


def test_a_reversal_is_not_dated_before_what_it_reverses(api):
    line = make_transaction(date=datetime.date(2024, 3, 10))

    early = api.post(f"/transactions/{line.pk}/reverse", {"date": "2024-03-09"})

    assert list(early.errors) == ["date"]
    assert api.post(f"/transactions/{line.pk}/reverse", {"date": "2024-03-10"}).status == 200


def test_documents_are_found_by_their_customers_name_then_and_now(api):
    customer = make_customer(account="Acme")
    make_invoice(customer=customer, items=[new_item()])
    customers.update_customer(customer, account="Umbrella", actor=SYSTEM)

    for words in ("acme", "umbrella", "INV umbrella"):
        assert api.get(f"/invoices?search={words}").meta["total_records"] == 1
    assert api.get("/invoices?search=wayne").meta["total_records"] == 0
