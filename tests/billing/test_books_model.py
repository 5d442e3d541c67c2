"""Random histories of a business, each step compared with a model in whole cents."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from billing import closed_years, transactions, transfers
from billing.models import Account, Invoice, Payment
from billing.models.ledger import Basis
from reporting.financial import Period, financial_summary
from tests.billing.business import (
    FEBRUARY,
    JANUARY,
    amounts,
    day,
    fine,
    money,
    months,
    rates,
    which,
)
from tests.billing.business_documents import Documents
from tests.billing.business_money import Money
from tests.billing.known_books import KnownLine
from tests.factories import SYSTEM, close_period

pytestmark = pytest.mark.django_db

FIGURES = ("subtotal", "tax", "amount", "paid", "credited", "written_off")
# Some histories end early: these make two thousand steps and more.
HISTORIES, STEPS = 60, 50
LOOK_AT_REPORTS_EVERY = 5


class WholeBusiness(Documents, Money):
    steps = 0
    steps_of_all = 0  # with the look at the beginning of each history

    def look_at_everything(self) -> None:
        """The reports; and that closing the year takes all that was earned, and shows no more."""
        self.reports_are_as_known()
        year = closed_years.close_year(last_day=datetime.date(2024, 12, 31), actor=SYSTEM)
        figures = self.known.figures((JANUARY, FEBRUARY), FEBRUARY)
        for profit, basis in ((year.profit, Basis.ACCRUAL), (year.cash_profit, Basis.CASH)):
            assert profit == money(figures[basis] - figures[f"expenses, {basis}"])
        self.reports_are_as_known()

    # ── The cash book ──

    @rule(
        flow=st.sampled_from(["Income", "Expense"]),
        amount=amounts,
        rate=rates,
        account=which,
        month=months,
    )
    def record(self, flow, amount, rate, account, month) -> None:
        at = self.some_account(account)
        made = self.attempt(
            self.open_in(month),
            lambda: transactions.create_transaction(
                type=flow,
                account=at,
                category=self.categories[flow],
                amount=money(amount),
                tax_rate=fine(rate),
                date=day(month),
                actor=SYSTEM,
            ),
        )
        if made:
            self.known.lines[made.pk] = KnownLine(flow, amount, rate, at.pk, month)

    @precondition(lambda self: self.known.lines)
    @rule(number=which, amount=amounts, account=which, month=months, turn=st.booleans())
    def change_line(self, number, amount, account, month, turn) -> None:
        line, known = self.some_line(number)
        flow = {"Income": "Expense", "Expense": "Income"}[known.flow] if turn else known.flow
        new = KnownLine(flow, amount, known.rate, self.some_account(account).pk, month)
        allowed = (known.reversed_in is None and self.open_in(known.month, month)) or (
            replace(known, reversed_in=None) == new
        )
        self.attempt(
            allowed,
            lambda: transactions.update_transaction(
                line,
                type=flow,
                category=self.categories[flow],
                amount=money(amount),
                account=Account.objects.get(pk=new.account),
                date=day(month),
                actor=SYSTEM,
            ),
        )
        if allowed and known.reversed_in is None:
            self.known.lines[line.pk] = new

    @precondition(lambda self: self.known.lines)
    @rule(number=which)
    def remove_line(self, number) -> None:
        line, known = self.some_line(number)
        allowed = known.reversed_in is None and self.open_in(known.month)
        self.attempt(allowed, lambda: transactions.delete_transaction(line, actor=SYSTEM))
        if allowed:
            del self.known.lines[line.pk]

    @precondition(lambda self: self.known.lines)
    @rule(number=which, month=months)
    def reverse_line(self, number, month) -> None:
        line, known = self.some_line(number)
        allowed = known.reversed_in is None and self.open_in(month) and month >= known.month
        self.attempt(
            allowed,
            lambda: transactions.reverse_transaction(line, date=day(month), actor=SYSTEM),
        )
        if allowed:
            known.reversed_in = month

    @rule(amount=amounts, source=which, to=which, month=months)
    def transfer(self, amount, source, to, month) -> None:
        from_account, to_account = self.some_account(source), self.some_account(to)
        made = self.attempt_unless(
            {
                "validation_failed": from_account.pk == to_account.pk,
                "period_closed": not self.open_in(month),
            },
            lambda: transfers.create_transfer(
                from_account=from_account,
                to_account=to_account,
                amount=money(amount),
                date=day(month),
                actor=SYSTEM,
            ),
        )
        if made:
            self.known.transfers.append((from_account.pk, to_account.pk, amount))

    # ── The closing date moves, and goes back ──

    @precondition(lambda self: len(self.known.lines) > 2)
    @rule(until=st.sampled_from([0, JANUARY]))
    def close_books(self, until) -> None:
        close_period(datetime.date(2024, 1, 31) if until else None)
        self.closed = until

    # ── What must be true after each step ──

    @invariant()
    def invoices_are_as_known(self) -> None:
        found = {
            invoice.pk: (
                invoice.status,
                *(getattr(invoice, name) for name in FIGURES),
                invoice.balance,
            )
            for invoice in Invoice.objects.all()
        }
        assert found == {
            pk: (
                known.status,
                *(money(getattr(known.content, name)) for name in FIGURES),
                money(0 if known.state == "void" else known.content.balance),
            )
            for pk, known in self.known.invoices.items()
        }

    @invariant()
    def accounts_and_payments_are_as_known(self) -> None:
        balances = dict(Account.objects.values_list("pk", "balance"))
        assert balances == {pk: money(self.known.balance(pk)) for pk in self.known.opened}
        found = {
            payment.pk: (payment.unallocated, payment.refunded, bool(payment.reversed_at))
            for payment in Payment.objects.all()
        }
        assert found == {
            pk: (money(known.unallocated), money(known.refunded), known.reversed)
            for pk, known in self.known.payments.items()
        }

    @invariant()
    def now_and_then_reports_are_as_known(self) -> None:
        self.steps += 1
        WholeBusiness.steps_of_all += 1
        if self.steps % LOOK_AT_REPORTS_EVERY == 0:
            self.reports_are_as_known()

    def reports_are_as_known(self) -> None:
        january = Period(datetime.date(2024, 1, 1), datetime.date(2024, 1, 31))
        for period, counted, until in (
            (january, (JANUARY,), JANUARY),
            (Period(None, None), (JANUARY, FEBRUARY), FEBRUARY),
        ):
            figures = self.known.figures(counted, until)
            for basis in (Basis.CASH, Basis.ACCRUAL):
                summary = financial_summary(
                    period,
                    basis=basis,
                    today=datetime.date(2024, 12, 31),
                    base_currency="USD",
                )
                assert summary.income == money(figures[basis])
                assert summary.expenses == money(figures[f"expenses, {basis}"])
                assert summary.outstanding == money(figures["outstanding"])


def test_any_history_leaves_the_books_as_the_model_has_them():
    run_state_machine_as_test(
        WholeBusiness,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert WholeBusiness.steps_of_all >= 2000 + HISTORIES
