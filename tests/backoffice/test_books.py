"""The cash book, the catalogue and the journal in the admin."""

import datetime
from decimal import Decimal

import pytest

from billing.models import Account, Category, JournalEntry, Product, Transaction
from bizsuite.events.models import Event
from tests.backoffice.staff import form_values, messages_of, text_of
from tests.factories import (
    close_period,
    make_account,
    make_category,
    make_invoice,
    make_payment,
    make_product,
    make_transaction,
)

TRANSACTIONS = "/admin/billing/transaction/"


def test_an_expense_is_booked(administrator):
    category = make_category("Rent")

    answer = administrator.send(
        f"{TRANSACTIONS}add/",
        {
            "type": "Expense",
            "date": "2024-01-15",
            "account": Account.objects.get().pk,
            "category": category.pk,
            "amount": "1250.00",
        },
    )

    assert answer.status_code == 302
    line = Transaction.objects.get()
    assert (line.type, line.amount, line.category) == ("Expense", Decimal(1250), category)
    assert Event.objects.get(type="transaction.created").source == "admin"
    assert JournalEntry.objects.count() == 1


def test_a_category_of_the_wrong_kind_is_said_at_its_field(administrator):
    category = make_category("Rent")

    answer = administrator.send(
        f"{TRANSACTIONS}add/",
        {
            "type": "Income",
            "date": "2024-01-15",
            "account": Account.objects.get().pk,
            "category": category.pk,
            "amount": "5",
        },
    )

    assert "category of Expense" in str(answer.context["adminform"].form.errors["category"])
    assert form_values(answer, "transaction_form")["amount"] == "5"
    assert not Transaction.objects.exists()


def test_changing_a_line_reverses_and_books_it_anew(administrator):
    line = make_transaction("100.00")

    administrator.send(f"{TRANSACTIONS}{line.pk}/change/", {"amount": "120.00"})

    line.refresh_from_db()
    assert line.amount == Decimal(120)
    assert JournalEntry.objects.count() == 3


def test_a_closed_period_is_said_and_the_amount_typed_is_kept(administrator):
    line = make_transaction("100.00")
    close_period(datetime.date(2024, 12, 31))

    answer = administrator.send(f"{TRANSACTIONS}{line.pk}/change/", {"amount": "120.00"})

    assert answer.status_code == 200
    assert answer.context["adminform"].form.non_field_errors()
    assert form_values(answer, "transaction_form")["amount"] == "120.00"
    line.refresh_from_db()
    assert line.amount == Decimal(100)

    administrator.send(
        f"{TRANSACTIONS}{line.pk}/reverse/", {"date": "2025-01-01"}, form="action-form"
    )
    line.refresh_from_db()
    assert line.reversed_on == datetime.date(2025, 1, 1)


def test_a_payments_line_is_only_looked_at(administrator):
    payment = make_payment("10.00", invoice=make_invoice())
    line = payment.transaction

    page = administrator.get(f"{TRANSACTIONS}{line.pk}/change/")

    assert "transaction_form" in text_of(page)
    assert "amount" not in form_values(page, "transaction_form")
    answer = administrator.post(f"{TRANSACTIONS}{line.pk}/change/", {"amount": "1"})
    assert answer.status_code == 403
    assert administrator.post(f"{TRANSACTIONS}{line.pk}/delete/").status_code == 403


def test_an_account_opens_with_its_balance(administrator):
    administrator.send(
        "/admin/billing/account/add/",
        {"name": "Savings", "type": "Bank", "opening_balance": "500.50"},
    )

    account = Account.objects.get(name="Savings")
    assert account.balance == Decimal("500.50")
    page = administrator.get(f"/admin/billing/account/{account.pk}/change/")
    assert "opening_balance" not in form_values(page, "account_form")


def test_what_is_in_use_is_archived_instead_of_deleted(administrator):
    used = make_transaction().category
    unused = make_category("Never used")

    answer = administrator.post(
        "/admin/billing/category/",
        {
            "action": "delete_selected",
            "_selected_action": [used.pk, unused.pk],
            "confirmed": "1",
        },
        follow=True,
    )

    assert messages_of(answer) == ["1 deleted.", "1 is in use and has been archived instead."]
    used.refresh_from_db()
    assert used.archived_at is not None
    assert not Category.objects.filter(pk=unused.pk).exists()


def test_prices_keep_their_four_decimals(administrator):
    product = make_product(price="9.9525")

    page = administrator.get(f"/admin/billing/product/{product.pk}/change/")
    assert form_values(page, "product_form")["price"] == "9.9525"
    administrator.send(f"/admin/billing/product/{product.pk}/change/", {"price": "0.0125"})

    assert Product.objects.get().price == Decimal("0.0125")


def test_the_journal_shows_both_sides(administrator):
    make_invoice("100.00", tax_rate=20)
    entry = JournalEntry.objects.get()

    text = text_of(administrator.get(f"/admin/billing/journalentry/{entry.pk}/change/"))

    assert "Accounts receivable" in text
    assert "120.00" in text
    assert "Tax payable" in text


def test_an_account_leads_to_its_transactions(administrator):
    account = make_account()

    text = text_of(administrator.get(f"/admin/billing/account/{account.pk}/change/"))

    link = f"{TRANSACTIONS}?account__id__exact={account.pk}"
    assert link in text
    assert administrator.get(link).status_code == 200


@pytest.mark.parametrize(
    ("page", "field", "value"),
    [
        ("product", "price", "-0.01"),
        ("product", "price", "0.00001"),
        ("product", "price", "100000000000"),
        ("product", "tax_rate", "100.5"),
        ("product", "tax_rate", "-1"),
        ("transaction", "amount", "0"),
        ("transaction", "amount", "-5"),
        ("transaction", "amount", "1e3"),
        ("transaction", "tax_rate", "101"),
        ("payment", "amount", "0"),
    ],
)
def test_numbers_out_of_bounds_are_said_at_their_field(administrator, page, field, value):
    before = Event.objects.count()

    answer = administrator.send(f"/admin/billing/{page}/add/", {field: value})

    form = answer.context["adminform"].form
    assert field in form.errors
    assert "Constraint" not in str(form.errors)
    assert form_values(answer, f"{page}_form")[field] == value
    assert Event.objects.count() == before
