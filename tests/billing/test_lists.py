"""The lists of billing: what each filter lets through, in which order, at what cost."""

import datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import invoices
from billing.models import Invoice
from tests.factories import (
    SYSTEM,
    make_account,
    make_category,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_product,
    make_transaction,
    new_invoice,
    new_item,
)

pytestmark = pytest.mark.django_db


def ids(api, path: str) -> list[int]:
    return [row["id"] for row in api.get(path).data]


def day(number: int, month: int = 1) -> datetime.date:
    return datetime.date(2024, month, number)


@pytest.fixture
def by_status():
    """One invoice in each status, by its word in lower case."""
    made = {
        "draft": make_draft(),
        "unpaid": make_invoice(),
        "partially paid": make_invoice(),
        "paid": make_invoice(),
        "void": make_invoice(),
    }
    make_payment("40.00", invoice=made["partially paid"])
    make_payment("100.00", invoice=made["paid"])
    invoices.void_invoice(made["void"], actor=SYSTEM)
    return {word: invoice.pk for word, invoice in made.items()}


@pytest.mark.parametrize("spelt", [str, str.upper, str.title])
def test_a_status_is_taken_in_any_case(api, by_status, spelt):
    for word, pk in by_status.items():
        assert ids(api, f"/invoices?status={spelt(word).replace(' ', '%20')}") == [pk]


def test_overdue_is_what_is_open_past_its_due_date(api, by_status):
    today = timezone.now().date()
    due_today = make_invoice(date=today, due_date=today)
    overdue = [by_status["unpaid"], by_status["partially paid"]]

    assert ids(api, "/invoices?overdue=true") == overdue
    others = ids(api, "/invoices?overdue=false")
    assert set(others) == {*by_status.values(), due_today.pk} - set(overdue)
    shown = {row["id"]: row["overdue"] for row in api.get("/invoices").data}
    assert {pk for pk, flag in shown.items() if flag} == set(overdue)
    assert ids(api, "/invoices?overdue=true&status=unpaid") == [by_status["unpaid"]]


def test_invoices_are_filtered_by_customer_and_inclusive_dates(api):
    customer = make_customer()
    first, second, third = (make_invoice(customer=customer, date=day(n)) for n in (1, 2, 3))
    other = make_invoice(date=day(2))

    assert ids(api, f"/invoices?customer_id={customer.pk}") == [first.pk, second.pk, third.pk]
    assert ids(api, "/invoices?date_from=2024-01-02") == [second.pk, third.pk, other.pk]
    assert ids(api, "/invoices?date_to=2024-01-02") == [first.pk, second.pk, other.pk]
    both = f"/invoices?date_from=2024-01-02&date_to=2024-01-02&customer_id={customer.pk}"
    assert ids(api, both) == [second.pk]
    assert ids(api, "/invoices?customer_id=999999") == []
    assert ids(api, "/invoices?date_from=2024-01-03&date_to=2024-01-01") == []


def test_transactions_are_filtered_by_type_account_category_and_dates(api):
    bank, rent = make_account(), make_category()
    sale = make_transaction(date=day(1))
    spent = make_transaction(flow="Expense", category=rent, account=bank, date=day(2))
    other = make_transaction(account=bank, date=day(3))

    assert ids(api, "/transactions?type=Income") == [sale.pk, other.pk]
    assert ids(api, "/transactions?type=expense") == [spent.pk]
    assert ids(api, f"/transactions?account_id={bank.pk}") == [spent.pk, other.pk]
    assert ids(api, f"/transactions?category_id={rent.pk}") == [spent.pk]
    assert ids(api, "/transactions?date_from=2024-01-02&date_to=2024-01-03") == [spent.pk, other.pk]
    assert ids(api, "/transactions?date_to=2024-01-01") == [sale.pk]


def test_payments_are_filtered_by_customer_account_and_dates(api):
    bank = make_account()
    cash = make_payment(date=day(1))
    banked = make_payment(account=bank, date=day(2), reference="RF 17")

    assert ids(api, f"/payments?customer_id={cash.customer_id}") == [cash.pk]
    assert ids(api, f"/payments?account_id={bank.pk}") == [banked.pk]
    assert ids(api, "/payments?date_from=2024-01-02") == [banked.pk]
    assert ids(api, "/payments?search=rf17") == []
    assert ids(api, "/payments?search=rf%2017") == [banked.pk]


def test_the_catalogue_is_filtered_by_type(api):
    make_product("Hosting", type="service")
    book = make_product("Book", type="product")

    assert ids(api, "/products?type=Product") == [book.pk]
    assert ids(api, "/categories?type=Income") == [1]
    assert ids(api, "/accounts?type=bank") == []
    assert ids(api, "/accounts?type=cash") == [1]


@pytest.mark.parametrize(
    "query",
    [
        "status=Overdue", "status=", "status=Paid,Unpaid", "overdue=1", "overdue=True",
        "customer_id=abc", "customer_id=0", "customer_id=-1", "customer_id=1.0",
        "customer_id=99999999999999999999", "customer_id=", "customer_id=1&customer_id=2",
        "date_from=2024-02-30", "date_from=20240101", "date_to=yesterday", "date_to=0000-01-01",
        "date_from=10000-01-01", "account_id=1", "type=Income", "cid=1", "sort=number",
        "sort=paid", "sort=", "sort=--date", "updated_since=yesterday", "external_id=%00",
    ],
)  # fmt: skip
def test_a_wrong_parameter_of_the_invoices_is_refused(api, query):
    name = query.split("=")[0]

    answer = api.get(f"/invoices?{query}")

    assert list(answer.errors) == [name]


@pytest.mark.parametrize(
    "query",
    [
        "type=Transfer", "type=", "account_id=x", "category_id=0", "date_from=x", "date_to=",
        "status=Paid", "customer_id=1", "sort=description",
    ],
)  # fmt: skip
def test_a_wrong_parameter_of_the_transactions_is_refused(api, query):
    assert list(api.get(f"/transactions?{query}").errors) == [query.split("=")[0]]


@pytest.mark.parametrize("path", ["/products", "/accounts", "/categories"])
@pytest.mark.parametrize("query", ["type=x", "archived=maybe", "price=5", "sort=balance"])
def test_a_wrong_parameter_of_the_catalogue_is_refused(api, path, query):
    assert list(api.get(f"{path}?{query}").errors) == [query.split("=")[0]]


# ── Order ────────────────────────────────────────────────────────────────────


def test_invoices_sort_by_number_as_people_count(api):
    """Drafts first, then year by year, 999 before 1000; on both databases alike."""
    customer = make_customer()
    new = invoices.create_invoices(
        [
            new_invoice(customer=customer, date=datetime.date(year, 1, 1), draft=draft)
            for year, draft in [(2025, False), (2024, False), (2024, False), (2025, True)]
        ],
        actor=SYSTEM,
    )
    for invoice, number in zip(
        new, ("INV-2025-001", "INV-2024-1000", "INV-2024-999", None), strict=True
    ):
        Invoice.objects.filter(pk=invoice.pk).change(number=number)
    expected = [new[3].pk, new[2].pk, new[1].pk, new[0].pk]

    assert ids(api, "/invoices?sort=invoice_number") == expected
    assert ids(api, "/invoices?sort=-invoice_number") == expected[::-1]
    assert ids(api, "/invoices?sort=status,-invoice_number") == [
        expected[0], expected[3], expected[2], expected[1],
    ]  # fmt: skip
    for invoice, number in zip(
        new, ("INV-2025-001", "INV-2024-001", "INV-2024-002", None), strict=True
    ):
        Invoice.objects.filter(pk=invoice.pk).change(number=number)


def test_invoices_sort_by_what_they_show(api):
    made = [
        make_invoice("30.00", date=day(2), due_date=day(9)),
        make_invoice("10.00", date=day(3), due_date=day(3)),
        make_invoice("20.00", date=day(1), due_date=day(5)),
    ]
    make_payment("25.00", invoice=made[0])
    position = {invoice.pk: number for number, invoice in enumerate(made)}

    def order(sort: str) -> list[int]:
        return [position[pk] for pk in ids(api, f"/invoices?sort={sort}")]

    assert order("amount") == [1, 2, 0]
    assert order("-balance") == [2, 1, 0]
    assert order("date") == [2, 0, 1]
    assert order("-due_date") == [0, 2, 1]
    assert order("status,-id") == [0, 2, 1]


def test_transactions_sort_by_date_and_amount(api):
    made = [make_transaction("2.00", date=day(1)), make_transaction("10.00", date=day(1))]
    last = make_transaction("5.00", date=day(2))

    assert ids(api, "/transactions?sort=-date,amount") == [last.pk, made[0].pk, made[1].pk]


# ── Cost ─────────────────────────────────────────────────────────────────────


@pytest.fixture
def rows():
    """Makes this many invoices with items, payments on them, transactions and products."""
    customer, category = make_customer(), make_category(flow="Income")

    def make(count: int) -> None:
        for number in range(count):
            product = make_product(f"Product {number}")
            items = [new_item(tax_rate=rate, product=product) for rate in (0, 7, 19)]
            invoice = make_invoice(customer=customer, items=items)
            make_payment("10.00", invoice=invoice)
            make_transaction(category=category)

    return make


PATHS = ("/invoices", "/payments", "/transactions", "/products", "/accounts", "/categories")


def test_a_list_asks_the_same_number_of_questions_however_long_it_is(
    api, rows, django_assert_num_queries, django_assert_max_num_queries
):
    rows(3)
    first = api.get("/invoices").data[0]["id"]
    paths = [*(f"{path}?limit=100" for path in PATHS), f"/invoices/{first}/payments"]
    counted = {}
    for path in paths:
        with django_assert_max_num_queries(12) as few:
            assert api.get(path).status == 200
        counted[path] = len(few.captured_queries)

    rows(12)

    for path in paths:
        with django_assert_num_queries(counted[path]):
            assert api.get(path).meta["total_records"] >= 1


def test_a_list_shows_what_each_record_shows(api, rows):
    rows(2)

    for path in PATHS:
        for row in api.get(path).data:
            assert api.get(f"{path}/{row['id']}").data == row
    assert api.get("/invoices?fields=id,amount&sort=id").data[0].keys() == {"id", "amount"}


def test_money_is_exact_in_lists(api):
    make_invoice("1500.00")
    make_transaction("0.10")

    assert b'"amount":1500.00,"status":"Unpaid"' in api.get("/invoices").raw
    assert b'"amount":0.10,' in api.get("/transactions").raw
    assert api.get("/invoices").data[0]["items"][0]["amount"] == Decimal("1500.00")


@pytest.mark.parametrize(
    "text", ["0" * 19 + "1" + "9" * 20, "9" * 19, "9" * 5000, "0", "-1", "1.0"]
)
def test_an_id_that_no_row_can_have_is_a_clean_400(api, text):
    assert api.get(f"/invoices?customer_id={text}").errors == {"customer_id": "Must be an id"}
