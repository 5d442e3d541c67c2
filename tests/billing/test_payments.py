"""Payments: on invoices, over several of them, as credit."""

import datetime
from decimal import Decimal

import pytest

from billing import catalogue
from billing.models import Account, Allocation, Category, Invoice, Payment, Transaction
from billing.models.ledger import Basis, Ledger
from customers import customers
from tests.billing.books import booked, event_types, in_account, last_event_id
from tests.factories import (
    DAY,
    SYSTEM,
    close_period,
    make_account,
    make_category,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
)

pytestmark = pytest.mark.django_db


def pay(api, invoice, amount="40.00", **fields):
    return api.post(f"/invoices/{invoice.pk}/payments", {"amount": Decimal(amount)} | fields)


def assert_nothing_was_paid(before: int) -> None:
    assert not Payment.objects.exists()
    assert not Transaction.objects.exists()
    assert event_types(before) == []
    assert in_account() == 0


# ── On one invoice ───────────────────────────────────────────────────────────


def test_a_payment_answers_with_what_it_did(api):
    invoice = make_invoice()
    bank = make_account()

    answer = pay(
        api,
        invoice,
        date="2024-01-20",
        account_id=bank.pk,
        method="Bank transfer",
        reference="RF-1",
        notes="Thank you",
        external_id="P-1",
        metadata={"batch": "7"},
    )

    payment = answer.data
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v2/payments/{payment['id']}"
    assert b'"amount":40.00,"currency":"USD","date":"2024-01-20"' in answer.raw
    assert (payment["customer_id"], payment["account_id"]) == (invoice.customer_id, bank.pk)
    assert (payment["method"], payment["reference"]) == ("Bank transfer", "RF-1")
    assert (payment["external_id"], payment["metadata"]) == ("P-1", {"batch": "7"})
    assert payment["allocations"] == [
        {"invoice_id": invoice.pk, "amount": Decimal("40.00"), "date": "2024-01-20"}
    ]
    assert payment["unallocated"] == payment["refunded"] == 0
    assert (in_account(), in_account(bank.pk)) == (0, 40)


def test_a_payment_says_the_rest_by_itself(api):
    invoice = make_invoice()

    payment = pay(api, invoice).data

    assert payment["account_id"] == 1
    assert payment["date"] == str(datetime.datetime.now(datetime.UTC).date())
    line = Transaction.objects.get()
    assert (line.category_id, line.amount) == (1, Decimal("40.00"))
    assert line.description == "Payment from Jane Smith"


def test_the_payments_of_an_invoice_are_listed(api):
    invoice, other = make_invoice(), make_invoice()
    first = make_payment("10.00", invoice=invoice)
    make_payment("10.00", invoice=other)
    second = make_payment("20.00", invoice=invoice, date=datetime.date(2024, 3, 1))

    def ids(query=""):
        return [row["id"] for row in api.get(f"/invoices/{invoice.pk}/payments{query}").data]

    assert ids() == [first.pk, second.pk]
    assert ids("?date_from=2024-02-01") == [second.pk]
    assert ids("?sort=-amount") == [second.pk, first.pk]
    assert api.get("/invoices/999/payments").status == 404
    assert api.post("/invoices/999/payments", {"amount": 1}).status == 404


def test_more_than_the_balance_is_refused(api):
    invoice = make_invoice()
    before = last_event_id()

    answer = pay(api, invoice, "100.01")

    assert (answer.status, answer.body["code"]) == (409, "payment_exceeds_balance")
    assert answer.body["message"] == "Invoice INV-2024-001 has 100.00 USD left to pay."
    assert answer.body["allowed"] == ["pay", "void", "credit", "write_off"]
    assert_nothing_was_paid(before)


def test_more_than_the_balance_becomes_credit_when_that_is_allowed(api):
    invoice = make_invoice("100.00", tax_rate=25)

    answer = pay(api, invoice, "150.00", allow_credit=True)

    assert answer.data["unallocated"] == Decimal("25.00")
    assert api.get(f"/invoices/{invoice.pk}").data["status"] == "Paid"
    assert booked(Ledger.CUSTOMER_CREDIT) == -25
    assert booked(Ledger.INCOME, Basis.CASH) == -100  # credit is not income


def test_all_of_a_payment_on_a_paid_invoice_becomes_credit_when_that_is_allowed(api):
    invoice = make_invoice()
    make_payment(invoice=invoice)

    assert pay(api, invoice).status == 409
    answer = pay(api, invoice, allow_credit=True)

    assert (answer.data["allocations"], answer.data["unallocated"]) == ([], Decimal("40.00"))


@pytest.mark.parametrize("allow_credit", [False, True])
def test_drafts_and_void_invoices_take_no_payment(api, allow_credit):
    draft, void = make_draft(), make_invoice()
    api.post(f"/invoices/{void.pk}/void")
    before = last_event_id()

    for invoice, allowed in ((draft, ["update", "issue", "delete"]), (void, [])):
        answer = pay(api, invoice, allow_credit=allow_credit)
        assert (answer.status, answer.body["code"]) == (409, "invoice_not_open")
        assert answer.body["allowed"] == allowed
    assert_nothing_was_paid(before)


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"amount": 0}, {"amount": "Amount must be greater than 0"}),
        ({"amount": -5}, {"amount": "Amount must be greater than 0"}),
        ({"amount": None}, {"amount": "This field may not be null"}),
        ({"account_id": 9**9}, {"account_id": "There is no such record"}),
        ({"date": "15.01.2024"}, {"date": "Must be a date in the form YYYY-MM-DD"}),
        ({"allow_credit": 1}, {"allow_credit": "Must be true or false"}),
        ({"method": 5}, {"method": "Must be text"}),
        ({"invoice_id": 1}, {"invoice_id": "Unknown field"}),
        ({"metadata": {"a": 1}}, {"metadata": "Values must be texts of up to 500 characters"}),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_paid(api, wrong, errors):
    invoice = make_invoice()
    before = last_event_id()

    answer = api.post(f"/invoices/{invoice.pk}/payments", {"amount": 40} | wrong)

    assert answer.errors == errors
    assert_nothing_was_paid(before)


def test_the_external_id_of_a_payment_is_taken_once(api):
    invoice = make_invoice()
    assert pay(api, invoice, "10.00", external_id="P-1").status == 201
    payment = {"customer_id": invoice.customer_id, "amount": 5, "external_id": "P-1"}

    again, other_way = pay(api, invoice, "10.00", external_id="P-1"), api.post("/payments", payment)

    taken = {"external_id": "Another record has this value"}
    assert again.errors == other_way.errors == taken
    assert api.get("/payments?external_id=P-1").meta["total_records"] == 1


# ── Over several invoices ────────────────────────────────────────────────────


def test_one_payment_settles_several_invoices_and_leaves_credit(api):
    customer = make_customer()
    first, second = (make_invoice(amount, customer=customer) for amount in ("100.00", "50.00"))

    answer = api.post(
        "/payments",
        {
            "customer_id": customer.pk,
            "amount": Decimal("130.00"),
            "date": "2024-02-01",
            "allocations": [
                {"invoice_id": second.pk, "amount": Decimal("20.00")},
                {"invoice_id": first.pk, "amount": Decimal("100.00")},
            ],
        },
    )

    assert answer.status == 201
    assert b'"unallocated":10.00' in answer.raw
    assert {each["invoice_id"]: each["amount"] for each in answer.data["allocations"]} == {
        first.pk: Decimal("100.00"),
        second.pk: Decimal("20.00"),
    }
    statuses = [api.get(f"/invoices/{invoice.pk}").data["status"] for invoice in (first, second)]
    assert statuses == ["Paid", "Partially Paid"]


def test_a_payment_without_invoices_is_credit(api):
    answer = api.post("/payments", {"customer_id": make_customer().pk, "amount": 75})

    assert answer.data["unallocated"] == Decimal("75.00")
    assert booked(Ledger.CUSTOMER_CREDIT) == -75
    assert booked(Ledger.INCOME) == 0


@pytest.mark.parametrize(
    ("amounts", "of", "errors"),
    [
        (["10.00"], "another", {"allocations.0.invoice_id": "another customer's"}),
        (["10.00", "10.00"], "same", {"allocations.1.invoice_id": "Name each invoice once"}),
        (["0.00"], "own", {"allocations.0.amount": "Amount must be greater than 0"}),
        (["-1.00"], "own", {"allocations.0.amount": "Amount must be greater than 0"}),
        (["0.001"], "own", {"allocations.0.amount": "no more than 2 decimals in USD"}),
        (["60.00"], "own", {"allocations": "must not add up to more than the amount"}),
    ],
)
def test_wrong_allocations_are_named_and_nothing_is_paid(api, amounts, of, errors):
    customer = make_customer()
    invoice = make_invoice(customer=make_customer() if of == "another" else customer)
    before = last_event_id()

    found = api.post(
        "/payments",
        {
            "customer_id": customer.pk,
            "amount": 50,
            "allocations": [{"invoice_id": invoice.pk, "amount": Decimal(a)} for a in amounts],
        },
    ).errors

    assert found.keys() == errors.keys()
    assert all(part in found[name] for name, part in errors.items())
    assert_nothing_was_paid(before)


def test_an_allocation_over_the_balance_undoes_the_whole_payment(api):
    customer = make_customer()
    first, second = (make_invoice("50.00", customer=customer) for _ in range(2))
    before = last_event_id()

    answer = api.post(
        "/payments",
        {
            "customer_id": customer.pk,
            "amount": 200,
            "allocations": [
                {"invoice_id": first.pk, "amount": 50},
                {"invoice_id": second.pk, "amount": Decimal("50.01")},
            ],
        },
    )

    assert (answer.status, answer.body["code"]) == (409, "payment_exceeds_balance")
    assert {invoice.paid for invoice in Invoice.objects.all()} == {Decimal("0")}
    assert not Allocation.objects.exists()
    assert_nothing_was_paid(before)


# ── Archived and closed ──────────────────────────────────────────────────────


def test_an_archived_account_takes_no_payment(api):
    invoice = make_invoice()
    bank = make_account()
    catalogue.archive_named(bank, actor=SYSTEM)
    before = last_event_id()

    answer = pay(api, invoice, account_id=bank.pk)
    assert (answer.status, answer.body["code"]) == (409, "archived")
    assert_nothing_was_paid(before)


def test_an_archived_customer_pays_what_they_owe_and_takes_no_credit(api):
    invoice = make_invoice()
    customers.archive_customer(invoice.customer, actor=SYSTEM)
    before = last_event_id()

    answer = pay(api, invoice, str(invoice.amount + 1), allow_credit=True)
    assert (answer.status, answer.body["code"]) == (409, "customer_archived")
    assert_nothing_was_paid(before)

    assert pay(api, invoice, str(invoice.amount)).status == 201
    assert api.get(f"/invoices/{invoice.pk}").data["status"] == "Paid"


def test_without_the_first_account_a_payment_must_name_one(api):
    invoice = make_invoice()
    catalogue.archive_named(Account.objects.get(pk=1), actor=SYSTEM)

    assert pay(api, invoice).errors == {"account_id": "This field is required"}
    assert pay(api, invoice, account_id=make_account().pk).status == 201


def test_without_the_first_category_payments_go_to_the_next(api):
    invoice = make_invoice()
    catalogue.archive_named(Category.objects.get(pk=1), actor=SYSTEM)

    pay(api, invoice, "10.00")  # to the archived one: there is no other
    consulting = make_category("Consulting", flow="Income")
    pay(api, invoice, "10.00")

    lines = Transaction.objects.order_by("id")
    assert [line.category_id for line in lines] == [1, consulting.pk]


def test_without_any_income_category_a_payment_is_refused(api):
    customer = make_customer()
    assert api.delete("/categories/1").body["message"] == "Category deleted"
    before = last_event_id()

    answer = api.post("/payments", {"customer_id": customer.pk, "amount": 5})

    assert (answer.status, answer.body["code"]) == (409, "no_income_category")
    assert_nothing_was_paid(before)


def test_no_payment_is_dated_in_a_closed_period(api):
    invoice = make_invoice()
    close_period(datetime.date(2024, 1, 31))
    before = last_event_id()

    closed = pay(api, invoice, date="2024-01-31")
    assert (closed.status, closed.body["code"]) == (409, "period_closed")
    assert_nothing_was_paid(before)
    # The invoice may lie in it: the payment is what is booked now.
    assert pay(api, invoice, date="2024-02-01").status == 201


def test_payments_are_neither_changed_nor_deleted(api):
    payment = make_payment()

    for method in ("PUT", "PATCH", "DELETE"):
        assert api.request(method, f"/payments/{payment.pk}", {}).status == 405
    assert payment.date == DAY
