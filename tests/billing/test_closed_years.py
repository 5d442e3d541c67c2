"""Closing a year: what it earned is retained earnings, and nothing is booked in it any more."""

import datetime
from decimal import Decimal

import pytest

from billing import closed_years
from billing.models import ClosedYear, JournalEntry, Posting
from billing.models.ledger import EARNED, Basis, Ledger
from billing.trial_balance import trial_balance
from bizsuite.errors import Conflict, Invalid
from bizsuite.identity.models import organisation
from bizsuite.team import profile
from tests.billing.books import booked, event_types, findings, last_event_id, tamper
from tests.concurrency import at_once
from tests.factories import (
    SYSTEM,
    close_period,
    keep_books_in,
    make_closed_year,
    make_credit_note,
    make_customer,
    make_invoice,
    make_payment,
    make_transaction,
    make_write_off,
)

pytestmark = pytest.mark.django_db

END = datetime.date(2024, 12, 31)
JUNE = datetime.date(2024, 6, 1)


@pytest.fixture
def year():
    """2024: earned 300.00, of which 100.00 will never come and 80.00 have; 30.00 were spent."""
    customer = make_customer()
    paid = make_invoice("200.00", tax_rate=19, customer=customer)
    make_payment("95.20", invoice=paid, date=JUNE)
    make_write_off(make_invoice("100.00", customer=customer), date=JUNE)
    make_transaction("30.00", "Expense", date=JUNE)
    make_invoice("7.00", customer=customer, date=datetime.date(2025, 1, 1))


def left(basis: Basis) -> Decimal:
    """In the ledgers of what was earned, at the end of 2024."""
    return sum(booked(ledger, basis, date__lte=END) for ledger in EARNED)


def reports(api) -> list:
    return [
        api.get(f"/reports/financial?basis={basis}{period}").data
        for basis in ("accrual", "cash")
        for period in ("", "&year=2024", "&year=2024&month=12", "&year=2025")
    ]


def test_what_was_earned_becomes_retained_earnings_on_each_basis(api, year):
    assert (left(Basis.ACCRUAL), left(Basis.CASH)) == (-170, -50)

    answer = api.post("/closed-years", {"last_day": "2024-12-31"})

    assert answer.status == 201
    assert (answer.data["profit"], answer.data["cash_profit"]) == (170, 50)
    assert answer.data == api.get(f"/closed-years/{answer.data['id']}").data
    assert (left(Basis.ACCRUAL), left(Basis.CASH)) == (0, 0)
    assert booked(Ledger.RETAINED_EARNINGS, Basis.ACCRUAL) == -170
    assert booked(Ledger.RETAINED_EARNINGS, Basis.CASH) == -50
    entry = JournalEntry.objects.get(document_type="closedyear")
    assert (entry.date, entry.description) == (END, "Closing of the year to 2024-12-31")
    # What was earned afterwards stays where it is.
    assert booked(Ledger.INCOME, Basis.ACCRUAL) == -7


def test_each_ledger_is_empty_by_itself_on_each_basis(year):
    make_closed_year(2024)

    assert closed_years.earned_until(END) == {}


def test_what_the_rates_won_is_closed_too_and_what_was_written_off_at_its_worth():
    keep_books_in("EUR")
    sold = {"currency": "USD", "exchange_rate": Decimal("0.90"), "date": JUNE}
    make_payment(
        "100.00",
        invoice=make_invoice("100.00", **sold),
        amount_received=Decimal("95.00"),
        date=JUNE,
    )
    make_write_off(make_invoice("50.00", **sold), date=JUNE)

    year = make_closed_year(2024)

    # 90.00 + 45.00 were invoiced, 5.00 won by the dollar, 45.00 never came.
    assert (year.profit, year.cash_profit, year.currency) == (95, 95, "EUR")
    assert closed_years.earned_until(END) == {}


def test_reports_of_income_do_not_count_it(api, year):
    before = reports(api)

    make_closed_year(2024)

    assert reports(api) == before


def test_nothing_is_booked_in_it_any_more(api, year):
    make_closed_year(2024)

    assert organisation().closed_until == END
    with pytest.raises(Conflict) as refusal:
        make_transaction("1.00", date=END)
    assert refusal.value.code == "period_closed"
    make_transaction("1.00", date=datetime.date(2025, 1, 1))
    # Not even where the administrator would open the books again.
    for until in (None, JUNE):
        with pytest.raises(Invalid) as wrong:
            profile.update_organisation(organisation(), closed_until=until, actor=SYSTEM)
        assert wrong.value.errors == {
            "closed_until": "The year to 2024-12-31 is closed: reopen it first"
        }


def test_a_period_that_is_locked_already_can_be_closed_and_stays_locked(year):
    close_period(datetime.date(2025, 3, 31))

    make_closed_year(2024)

    assert organisation().closed_until == datetime.date(2025, 3, 31)


def test_the_next_year_is_offered_and_holds_only_what_came_since(year):
    first = make_closed_year(2023)
    assert (first.profit, first.cash_profit) == (0, 0)

    assert closed_years.next_year_end(organisation()) == END
    assert make_closed_year(2024).profit == 170
    assert make_closed_year(2025).profit == 7


def test_without_one_closed_yet_the_year_that_ended_last_is_offered():
    books = organisation()

    assert closed_years.next_year_end(books) == datetime.date(books.today().year - 1, 12, 31)


@pytest.mark.parametrize(
    ("month", "day", "end"),
    [
        (1, "2024-06-01", "2024-12-31"),
        (4, "2024-03-31", "2024-03-31"),
        (4, "2024-04-01", "2025-03-31"),
        (3, "2024-01-15", "2024-02-29"),
        (12, "2024-12-01", "2025-11-30"),
    ],
)
def test_a_fiscal_year_begins_in_the_month_that_is_set(month, day, end):
    books = profile.update_organisation(organisation(), fiscal_year_start_month=month, actor=SYSTEM)

    year_end = closed_years.year_end(datetime.date.fromisoformat(day), books)

    assert year_end == datetime.date.fromisoformat(end)


# ── What is refused ──────────────────────────────────────────────────────────


def test_another_day_than_a_years_last_is_refused_with_the_right_one(api):
    answer = api.post("/closed-years", {"last_day": "2024-06-30"})

    assert answer.errors == {"last_day": "The fiscal year ends on 2024-12-31"}
    assert not ClosedYear.objects.exists()


def test_a_year_that_is_not_over_or_is_closed_is_refused(api):
    this_year = organisation().today().year

    not_over = api.post("/closed-years", {"last_day": f"{this_year}-12-31"})
    make_closed_year(2024)
    again = api.post("/closed-years", {"last_day": "2024-12-31"})
    before = api.post("/closed-years", {"last_day": "2023-12-31"})

    assert [each.body["code"] for each in (not_over, again, before)] == [
        "year_not_over", "year_closed", "year_closed",
    ]  # fmt: skip
    assert ClosedYear.objects.count() == 1


# ── Reopening ────────────────────────────────────────────────────────────────


def test_a_reopened_year_is_as_it_was_and_can_be_closed_again(api, year):
    close_period(JUNE)
    closed = make_closed_year(2024)
    before = last_event_id()

    answer = api.post(f"/closed-years/{closed.pk}/reopen")

    assert (answer.status, answer.data["reopened_at"] is None) == (200, False)
    assert event_types(before) == ["organisation.updated", "closed_year.reopened"]
    assert organisation().closed_until == JUNE
    assert organisation().closed_year_end is None
    assert (left(Basis.ACCRUAL), left(Basis.CASH)) == (-170, -50)
    assert booked(Ledger.RETAINED_EARNINGS) == 0
    make_transaction("10.00", date=END)
    assert make_closed_year(2024).profit == 180


def test_only_the_year_closed_last_is_reopened_and_once(api, year):
    first, second = make_closed_year(2024), make_closed_year(2025)

    refused = api.post(f"/closed-years/{first.pk}/reopen")
    assert (refused.status, refused.body["code"]) == (409, "year_closed")
    assert api.post(f"/closed-years/{second.pk}/reopen").status == 200
    assert organisation().closed_year_end == END
    again = api.post(f"/closed-years/{second.pk}/reopen")
    assert (again.status, again.body["code"]) == (409, "year_reopened")
    assert api.post(f"/closed-years/{first.pk}/reopen").status == 200


# ── The chart of accounts ────────────────────────────────────────────────────


def test_debits_are_credits_on_every_day_and_basis(year):
    make_credit_note(make_invoice("50.00"), date=JUNE)
    make_closed_year(2024)

    for basis in (Basis.ACCRUAL, Basis.CASH):
        for day in (datetime.date(2024, 3, 1), JUNE, END, datetime.date(2025, 12, 31)):
            lines = trial_balance(basis=basis, day=day)
            assert sum(line.debit for line in lines) == sum(line.credit for line in lines)
    lines = {line.ledger: line.balance for line in trial_balance(basis=Basis.ACCRUAL, day=END)}
    assert (lines[Ledger.INCOME], lines[Ledger.RETAINED_EARNINGS]) == (0, -170)
    assert lines[Ledger.RECEIVABLE] == Decimal("142.80")
    assert lines[Ledger.CASH] == Decimal("65.20")


# ── Proof ────────────────────────────────────────────────────────────────────


class TestTampering:
    @pytest.fixture(autouse=True)
    def _books_stay_right(self):
        """Here they do not."""

    @pytest.mark.parametrize(
        ("statement", "expected"),
        [
            (
                "UPDATE billing_closedyear SET profit = profit + 100",
                "profit is 170.0100, computed 170.0000",
            ),
            (
                "UPDATE billing_closedyear SET cash_profit = 0",
                "cash profit is 0.0000, computed 50.0000",
            ),
            (
                "UPDATE billing_closedyear SET reopened_at = created_at",
                "profit is 0, computed 170.0000",
            ),
            (
                "UPDATE billing_posting SET date = '2024-02-02' WHERE date = '2025-01-01'",
                "left in income (accrual) is -7.0000",
            ),
            (
                "UPDATE billing_posting SET ledger = 'opening_balance'"
                " WHERE ledger = 'retained_earnings' AND basis = 'accrual'",
                "profit is 170.0000, computed",
            ),
            (
                "UPDATE identity_organisation SET closed_year_end = NULL",
                "last closed year is None, computed 2024-12-31",
            ),
        ],
    )
    def test_it_is_found_and_named(self, year, statement, expected):
        make_closed_year(2024)
        assert findings() == []

        tamper(statement)

        assert any(expected in finding for finding in findings())


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_who_books_while_the_year_is_closed_is_in_it_or_refused():
    def book() -> bool:
        try:
            make_transaction("10.00", date=END)
        except Conflict:
            return False
        return True

    outcomes = at_once([book, book, lambda: make_closed_year(2024), book, book])

    closed = outcomes.pop(2)
    assert closed.profit == 10 * sum(outcomes)
    assert Posting.objects.filter(ledger=Ledger.RETAINED_EARNINGS).count() == bool(sum(outcomes))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_year_that_several_close_at_once_is_closed_once_and_the_others_are_told_so():
    make_transaction("10.00", date=END)

    def close() -> str:
        try:
            make_closed_year(2024)
        except Conflict as refusal:
            return refusal.code
        return "closed"

    outcomes = at_once([close] * 6)

    assert sorted(outcomes) == ["closed"] + ["year_closed"] * 5
    assert ClosedYear.objects.get().profit == 10
