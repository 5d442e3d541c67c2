"""The cash book: income, expenses and their corrections, over the API."""

import datetime
from decimal import Decimal

import pytest

from billing import catalogue, transactions
from billing.models import Category, JournalEntry, Payment, Posting, Transaction
from billing.models.ledger import Ledger
from bizsuite.errors import NotFound
from tests.billing.books import booked, event_types, in_account, last_event_id
from tests.factories import (
    SYSTEM,
    close_period,
    make_account,
    make_category,
    make_invoice,
    make_payment,
    make_transaction,
)

pytestmark = pytest.mark.django_db


def body(**fields) -> dict:
    return {
        "type": "Income",
        "account_id": 1,
        "amount": Decimal("100.00"),
        "category_id": 1,
        "date": "2024-01-15",
    } | fields


def expense(**fields) -> dict:
    return body(type="Expense", category_id=make_category().pk) | fields


# ── Recording ────────────────────────────────────────────────────────────────


def test_income_raises_the_account_and_an_expense_lowers_it(api):
    assert api.post("/transactions", body()).status == 201
    assert in_account() == 100
    assert api.post("/transactions", expense(amount=Decimal("30.00"))).status == 201
    assert in_account() == 70
    assert (booked(Ledger.INCOME), booked(Ledger.EXPENSE)) == (-100, 30)


def test_the_amount_includes_the_tax(api):
    income = api.post("/transactions", body(amount=Decimal("119.00"), tax_rate=19))
    spent = api.post("/transactions", expense(amount=Decimal("0.10"), tax_rate=7))

    assert b'"tax_rate":19,"tax":19.00' in income.raw
    assert str(spent.data["tax"]) == "0.01"
    assert booked(Ledger.TAX_PAYABLE) == Decimal("-18.99")
    assert (booked(Ledger.INCOME), booked(Ledger.EXPENSE)) == (-100, Decimal("0.09"))


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"amount": 0}, {"amount": "Amount must be greater than 0"}),
        ({"amount": "abc"}, {"amount": "Must be a number"}),
        ({"type": "income"}, {"type": '"income" is not a valid choice'}),
        ({"category_id": 9**9}, {"category_id": "There is no such record"}),
        ({"account_id": True}, {"account_id": "Must be an id"}),
        ({"tax_rate": -1}, {"tax_rate": "Tax rate must be at least 0"}),
        ({"type": "Expense"}, {"category_id": "Sales is a category of Income"}),
        ({"tax": 5}, {"tax": "This field is read-only"}),
        ({"payment_id": 5}, {"payment_id": "This field is read-only"}),
        ({"reversed_on": "2024-01-01"}, {"reversed_on": "This field is read-only"}),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_recorded(api, wrong, errors):
    before = last_event_id()

    assert api.post("/transactions", body(**wrong)).errors == errors
    assert not Transaction.objects.exists()
    assert not JournalEntry.objects.exists()
    assert event_types(before) == []


@pytest.mark.parametrize("name", ["type", "account_id", "amount", "category_id", "date"])
def test_all_but_the_description_is_required(api, name):
    sent = body()
    del sent[name]

    assert api.post("/transactions", sent).errors == {name: "This field is required"}


def test_an_archived_account_or_category_takes_no_transaction(api):
    bank, consulting = make_account(), make_category("Consulting", flow="Income")
    kept = make_transaction(account=bank, category=consulting)
    for named in (bank, consulting):
        catalogue.archive_named(named, actor=SYSTEM)
    other = make_transaction()

    for wrong in ({"account_id": bank.pk}, {"category_id": consulting.pk}):
        answers = [
            api.post("/transactions", body(**wrong)),
            api.patch(f"/transactions/{other.pk}", wrong),
        ]
        for answer in answers:
            assert (answer.status, answer.body["code"]) == (409, "archived")
            assert answer.body["allowed"] == []
    # What names them already stays readable, and can be corrected.
    assert api.get(f"/transactions/{kept.pk}").data["account_id"] == bank.pk
    assert api.patch(f"/transactions/{kept.pk}", {"amount": 90}).status == 200
    assert in_account(bank.pk) == 90


# ── Income that pays an invoice ──────────────────────────────────────────────


def test_income_with_an_invoice_is_a_payment_on_it(api):
    invoice = make_invoice("100.00", tax_rate=25)
    bank = make_account()

    answer = api.post(
        "/transactions",
        body(
            invoice_id=invoice.pk,
            account_id=bank.pk,
            amount=Decimal("50.00"),
            description="Half of it",
            external_id="T-1",
            metadata={"batch": "7"},
        ),
    )

    payment = Payment.objects.get()
    assert answer.status == 201
    assert answer.data["payment_id"] == payment.pk
    assert (answer.data["description"], answer.data["external_id"]) == ("Half of it", "T-1")
    assert answer.data["metadata"] == {"batch": "7"}
    assert "invoice_id" not in answer.data
    assert (payment.amount, payment.account_id) == (Decimal("50.00"), bank.pk)
    assert str(payment.date) == "2024-01-15"
    assert api.get(f"/invoices/{invoice.pk}").data["status"] == "Partially Paid"
    assert api.get("/transactions?external_id=T-1").meta["total_records"] == 1
    again = api.post("/transactions", body(invoice_id=invoice.pk, external_id="T-1"))
    assert again.errors == {"external_id": "Another record has this value"}


def test_income_with_an_invoice_obeys_the_rules_of_payments(api):
    invoice = make_invoice()
    before = last_event_id()

    over = api.post("/transactions", body(invoice_id=invoice.pk, amount=101))
    spent = api.post("/transactions", expense(invoice_id=invoice.pk))
    taxed = api.post("/transactions", body(invoice_id=invoice.pk, tax_rate=19))
    of_expense = api.post(
        "/transactions", body(invoice_id=invoice.pk, category_id=make_category().pk)
    )
    missing = api.post("/transactions", body(invoice_id=9**9))

    assert (over.status, over.body["code"]) == (409, "payment_exceeds_balance")
    assert spent.errors == {"invoice_id": "Only income can pay an invoice"}
    assert taxed.errors == {"tax_rate": "The tax of a payment is its invoice's"}
    assert of_expense.errors == {"category_id": "Rent is a category of Expense"}
    assert missing.errors == {"invoice_id": "There is no such record"}
    assert not Transaction.objects.exists()
    assert [kind for kind in event_types(before) if not kind.startswith("category.")] == []


def test_the_line_of_a_payment_is_read_only(api):
    line = make_payment(invoice=make_invoice()).transaction
    path = f"/transactions/{line.pk}"
    shown = api.get(path).data
    before = last_event_id()

    answers = [
        api.put(path, {"amount": 1}),
        api.patch(path, {"description": "Other"}),
        api.patch(path, {"external_id": "T-1"}),
        api.delete(path),
        api.post(f"{path}/reverse", {}),
    ]

    assert {(answer.status, answer.body["code"]) for answer in answers} == {
        (409, "transaction_fixed")
    }
    assert api.put(path, shown).data == shown
    assert event_types(before) == []


# ── Changing, deleting, reversing ────────────────────────────────────────────


def test_a_transaction_as_it_was_read_can_be_sent_back(api):
    line = make_transaction("119.00", tax_rate=Decimal(19), description="Web", external_id="T-1")
    path = f"/transactions/{line.pk}"
    shown = api.get(path).data
    before = last_event_id()

    assert api.put(path, shown).data == shown
    assert event_types(before) == []
    changed = api.put(path, shown | {"amount": Decimal("238.00"), "tax": shown["tax"]})
    assert (changed.status, changed.data["tax"]) == (200, Decimal("38.00"))


def test_a_change_is_a_reversal_and_a_new_entry(api):
    bank = make_account(opening_balance="50.00")
    line = make_transaction("100.00")

    answer = api.patch(
        f"/transactions/{line.pk}",
        {"amount": Decimal("80.00"), "account_id": bank.pk, "date": "2024-02-01"},
    )

    assert (answer.data["amount"], answer.data["date"]) == (Decimal("80.00"), "2024-02-01")
    assert (in_account(), in_account(bank.pk)) == (0, 130)
    entries = JournalEntry.objects.filter(document_type="transaction").order_by("id")
    assert [str(entry.date) for entry in entries] == ["2024-01-15", "2024-01-15", "2024-02-01"]
    assert entries[1].reverses == entries[0]
    assert api.get("/reports/financial?year=2024&month=1").data["income"] == 0


def test_a_change_of_type_needs_a_category_of_that_type(api):
    line = make_transaction("100.00")
    rent = make_category()

    assert api.patch(f"/transactions/{line.pk}", {"type": "Expense"}).errors == {
        "category_id": "Sales is a category of Income"
    }
    answer = api.patch(f"/transactions/{line.pk}", {"type": "Expense", "category_id": rent.pk})
    assert answer.status == 200
    assert in_account() == -100


def test_words_change_without_touching_the_books(api):
    line = make_transaction()

    answer = api.patch(f"/transactions/{line.pk}", {"description": "Web", "metadata": {"a": "b"}})

    assert (answer.data["description"], answer.data["metadata"]) == ("Web", {"a": "b"})
    assert JournalEntry.objects.count() == 1
    assert api.get("/transactions?search=web").meta["total_records"] == 1


def test_an_invoice_is_not_named_afterwards(api):
    line = make_transaction()

    assert api.patch(f"/transactions/{line.pk}", {"invoice_id": make_invoice().pk}).errors == {
        "invoice_id": "An invoice is named when the income is recorded"
    }


def test_a_deleted_transaction_is_gone_and_the_books_remember(api):
    line = make_transaction("100.00", tax_rate=Decimal(19))

    answer = api.delete(f"/transactions/{line.pk}")

    assert answer.body == {"success": True, "message": "Transaction deleted"}
    assert api.get(f"/transactions/{line.pk}").status == 404
    assert in_account() == booked(Ledger.INCOME) == booked(Ledger.TAX_PAYABLE) == 0
    assert Posting.objects.count() == 6
    # Its account and category are in the books for good.
    assert api.delete("/categories/1").body["message"] == "Category archived"


def test_a_reversal_has_a_date_of_its_own(api):
    line = make_transaction("100.00")

    answer = api.post(f"/transactions/{line.pk}/reverse", {"date": "2024-03-31"})

    assert (answer.status, answer.data["reversed_on"]) == (200, "2024-03-31")
    assert in_account() == 0
    report = api.get("/reports/financial?year=2024&month=3").data
    assert report["income"] == -100


def test_what_was_reversed_is_neither_changed_nor_deleted_nor_reversed_again(api):
    line = make_transaction()
    path = f"/transactions/{line.pk}"
    assert api.post(f"{path}/reverse", {}).status == 200
    before = last_event_id()

    answers = [
        api.patch(path, {"amount": 1}),
        api.delete(path),
        api.post(f"{path}/reverse", {}),
    ]

    assert {(answer.status, answer.body["code"]) for answer in answers} == {
        (409, "transaction_fixed")
    }
    assert event_types(before) == []
    assert api.patch(path, {"description": "Booked twice"}).status == 200


def test_in_a_closed_period_a_reversal_on_an_open_date_is_the_way_out(api):
    line, later = make_transaction(), make_transaction(date=datetime.date(2024, 2, 1))
    path = f"/transactions/{line.pk}"
    close_period(datetime.date(2024, 1, 31))
    before = last_event_id()

    answers = [
        api.post("/transactions", body()),
        api.patch(path, {"amount": 1}),
        api.patch(path, {"date": "2024-02-01"}),
        api.patch(f"/transactions/{later.pk}", {"date": "2024-01-31"}),
        api.delete(path),
        api.post(f"{path}/reverse", {"date": "2024-01-31"}),
    ]

    assert {(answer.status, answer.body["code"]) for answer in answers} == {(409, "period_closed")}
    assert event_types(before) == []
    assert in_account() == 200
    assert api.post(f"{path}/reverse", {"date": "2024-02-01"}).status == 200
    assert in_account() == 100


def test_a_line_that_is_deleted_meanwhile_is_not_found():
    line = make_transaction()
    transactions.delete_transaction(Transaction.objects.get(), actor=SYSTEM)

    for act in (transactions.delete_transaction, transactions.reverse_transaction):
        with pytest.raises(NotFound):
            act(line, actor=SYSTEM)
    with pytest.raises(NotFound):
        transactions.update_transaction(line, description="Late", actor=SYSTEM)


def test_many_are_recorded_whole_or_not_at_all():
    good = {
        "type": "Income",
        "account": make_account(),
        "category": Category.objects.get(pk=1),
        "amount": Decimal("10.00"),
        "date": datetime.date(2024, 1, 1),
    }
    invoice = make_invoice()
    before = last_event_id()

    with pytest.raises(transactions.Invalid):
        transactions.create_transactions(
            [good, good | {"invoice": invoice}, good | {"type": "Expense"}], actor=SYSTEM
        )

    assert not Transaction.objects.exists()
    assert event_types(before) == []
    made = transactions.create_transactions([good, good | {"invoice": invoice}], actor=SYSTEM)
    assert [line.payment_id is None for line in made] == [True, False]
