"""The financial summary: what it counts, of which time, on which basis."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import invoices, transactions
from bizsuite.identity.models import organisation
from bizsuite.team import profile
from tests.factories import (
    SYSTEM,
    keep_books_in,
    make_account,
    make_category,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_transaction,
)

pytestmark = pytest.mark.django_db


def summary(api, query: str = "") -> tuple[str, str, str, str]:
    """(income, expenses, profit, outstanding), as printed."""
    data = api.get(f"/reports/financial{query}").data
    return tuple(
        str(data[name]) for name in ("income", "expenses", "profit", "outstanding_invoices")
    )


def day(year: int, month: int, number: int) -> datetime.date:
    return datetime.date(year, month, number)


@pytest.fixture
def at(monkeypatch):
    """Sets the clock: at("2024-03-01T02:00:00Z")."""

    def set_clock(instant: str) -> None:
        now = datetime.datetime.fromisoformat(instant)
        monkeypatch.setattr("django.utils.timezone.now", lambda: now)

    return set_clock


# ── What counts ──────────────────────────────────────────────────────────────


def test_empty_books_are_all_zero(api):
    answer = api.get("/reports/financial")

    assert answer.raw.startswith(
        b'{"success":true,"data":{"income":0.00,"expenses":0.00,"profit":0.00,'
        b'"outstanding_invoices":0.00'
    )
    assert (answer.data["basis"], answer.data["currency"]) == ("cash", "USD")
    assert answer.data["date_from"] is answer.data["date_to"] is None


def test_income_and_expenses_are_net_of_tax(api):
    make_transaction("119.00", tax_rate=Decimal(19))
    make_transaction("10.70", "Expense", tax_rate=Decimal(7))

    assert summary(api) == ("100.00", "10.00", "90.00", "0.00")


def test_cash_counts_what_is_paid_and_accrual_what_is_issued(api):
    invoice = make_invoice("100.00", tax_rate=19, date=day(2024, 1, 15))
    make_payment("39.67", invoice=invoice, date=day(2024, 2, 1))

    assert summary(api, "?basis=cash") == ("33.34", "0.00", "33.34", "79.33")
    assert summary(api, "?basis=accrual") == ("100.00", "0.00", "100.00", "79.33")
    assert summary(api) == summary(api, "?basis=cash")
    assert summary(api, "?year=2024&month=1") == ("0.00", "0.00", "0.00", "119.00")
    assert summary(api, "?year=2024&month=2&basis=accrual") == ("0.00", "0.00", "0.00", "79.33")


def test_income_without_an_invoice_and_expenses_count_on_both_bases(api):
    make_transaction("100.00")
    make_transaction("30.00", "Expense")

    for basis in ("cash", "accrual"):
        assert summary(api, f"?basis={basis}") == ("100.00", "30.00", "70.00", "0.00")


def test_drafts_void_invoices_credit_and_opening_balances_do_not_count(api):
    make_draft()
    invoices.void_invoice(make_invoice(), actor=SYSTEM)
    make_payment("50.00")  # nobody's invoice: the customer's credit
    make_account(opening_balance="1000.00")

    for basis in ("cash", "accrual"):
        assert summary(api, f"?basis={basis}") == ("0.00", "0.00", "0.00", "0.00")


def test_more_expenses_than_income_is_a_loss(api):
    make_transaction("30.00", "Expense")

    assert summary(api) == ("0.00", "30.00", "-30.00", "0.00")


def test_a_correction_counts_where_it_is_dated(api):
    line = make_transaction("100.00", date=day(2024, 1, 15))
    transactions.reverse_transaction(line, date=day(2024, 3, 1), actor=SYSTEM)
    moved = make_transaction("7.00", date=day(2024, 1, 15))
    transactions.update_transaction(moved, date=day(2024, 2, 15), actor=SYSTEM)
    transactions.delete_transaction(make_transaction("5.00"), actor=SYSTEM)

    months = [summary(api, f"?year=2024&month={month}")[0] for month in (1, 2, 3)]
    assert months == ["100.00", "7.00", "-100.00"]
    assert summary(api)[0] == "7.00"


def test_outstanding_is_what_was_owed_at_the_end_of_the_period(api):
    customer = make_customer()
    january = make_invoice("100.00", customer=customer, date=day(2024, 1, 31))
    make_invoice("50.00", customer=customer, date=day(2024, 2, 29))
    make_payment("30.00", invoice=january, date=day(2024, 2, 10))
    future = organisation().today() + datetime.timedelta(days=40)
    make_invoice("9.00", customer=customer, date=future)

    def owed(query: str) -> str:
        return summary(api, query)[3]

    assert owed("?year=2023") == "0.00"
    assert owed("?year=2024&month=1") == "100.00"
    assert owed("?year=2024&month=2") == "120.00"
    assert owed("?year=2024") == "120.00"
    assert owed("") == "120.00"  # today; the last one is dated later
    assert owed(f"?year={future.year}&month={future.month}") == "129.00"


# ── Of which time ────────────────────────────────────────────────────────────


@pytest.fixture
def days():
    """Income of one power of two each, on days around the edges of months and years."""
    for power, date in enumerate(
        [
            day(2023, 12, 31),
            day(2024, 1, 1),
            day(2024, 1, 31),
            day(2024, 2, 1),
            day(2024, 2, 29),
            day(2024, 3, 1),
            day(2024, 12, 1),
            day(2024, 12, 31),
            day(2025, 1, 1),
        ]
    ):
        make_transaction(Decimal(2**power), date=date)


@pytest.mark.parametrize(
    ("query", "income", "first", "last"),
    [
        ("?year=2024", 2 + 4 + 8 + 16 + 32 + 64 + 128, "2024-01-01", "2024-12-31"),
        ("?year=2024&month=1", 2 + 4, "2024-01-01", "2024-01-31"),
        ("?year=2024&month=2", 8 + 16, "2024-02-01", "2024-02-29"),
        ("?year=2024&month=02", 8 + 16, "2024-02-01", "2024-02-29"),
        ("?year=2024&month=12", 64 + 128, "2024-12-01", "2024-12-31"),
        ("?year=2023", 1, "2023-01-01", "2023-12-31"),
        ("?year=2022", 0, "2022-01-01", "2022-12-31"),
        ("?year=9999&month=12", 0, "9999-12-01", "9999-12-31"),
        ("", 511, None, None),
    ],
)
def test_a_year_a_month_of_it_or_all_time(api, days, query, income, first, last):
    data = api.get(f"/reports/financial{query}").data

    assert data["income"] == income
    assert (data["date_from"], data["date_to"]) == (first, last)


def test_a_month_alone_is_of_this_year_where_the_organisation_is(api, days, at):
    """At two in the morning of New Year in London it is still the old year in New York."""
    at("2025-01-01T02:00:00+00:00")
    assert api.get("/reports/financial?month=12").data["date_from"] == "2025-12-01"

    profile.update_organisation(organisation(), timezone="America/New_York", actor=SYSTEM)
    answer = api.get("/reports/financial?month=12")

    assert answer.data["date_from"] == "2024-12-01"
    assert answer.data["income"] == 64 + 128


def test_today_is_the_organisations_day(api, at):
    at("2024-06-30T22:30:00+00:00")
    profile.update_organisation(organisation(), timezone="Asia/Tokyo", actor=SYSTEM)
    make_invoice("10.00", date=day(2024, 7, 1))
    make_invoice("5.00", date=day(2024, 7, 2))

    assert summary(api)[3] == "10.00"
    posted = api.post(
        "/invoices",
        {"customer_id": make_customer().pk,
         "items": [{"description": "Work", "amount": 1, "qty": 1}]},
    )  # fmt: skip
    assert posted.data["date"] == "2024-07-01"


# ── Parameters ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "query",
    [
        "year=0", "year=10000", "year=24.5", "year=-2024", "year=abc", "year=", "year=２０２４",
        "year=2024&year=2025", "month=0", "month=13", "month=January", "month=", "basis=both",
        "basis=Cash", "basis=", "currency=usd", "currency=XXX", "currency=", "currency=US%00",
        "quarter=1", "page=1", "fields=income", "date_from=2024-01-01",
    ],
)  # fmt: skip
def test_a_wrong_or_unknown_parameter_is_refused(api, query):
    assert list(api.get(f"/reports/financial?{query}").errors) == [query.split("=")[0]]


def test_a_currency_takes_only_its_documents(api):
    make_invoice("10.00")
    make_transaction("100.00")

    assert summary(api, "?currency=USD") == ("100.00", "0.00", "100.00", "10.00")
    assert summary(api, "?currency=EUR") == ("0.00", "0.00", "0.00", "0.00")
    assert summary(api, "?currency=JPY") == ("0", "0", "0", "0")
    assert api.get("/reports/financial?currency=JPY").data["currency"] == "JPY"


def test_figures_have_the_decimals_of_the_books(api):
    keep_books_in("KWD")
    make_transaction("1.234")

    assert summary(api) == ("1.234", "0.000", "1.234", "0.000")


def test_the_report_is_one_question_to_the_books(api):
    """So that its figures belong to the same moment."""
    for _ in range(3):
        make_transaction("1.00", "Expense", category=make_category())

    with CaptureQueriesContext(connection) as asked:
        assert summary(api, "?year=2024")[1] == "3.00"

    assert sum("billing_posting" in query["sql"] for query in asked.captured_queries) == 1


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_report_is_only_read(api, method):
    assert api.request(method, "/reports/financial", {}).status == 405
