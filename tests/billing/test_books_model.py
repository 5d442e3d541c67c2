"""Random histories of a business, each step compared with a model in whole cents."""

import datetime
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, precondition, rule, run_state_machine_as_test

from billing import transactions
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

FIGURES = ("subtotal", "tax", "amount", "paid", "credited")


class WholeBusiness(Documents, Money):
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

    @precondition(lambda self: not self.closed and len(self.known.lines) > 2)
    @rule()
    def close_january(self) -> None:
        close_period(datetime.date(2024, 1, 31))
        self.closed = JANUARY

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
                assert summary.expenses == money(figures["expenses"])
                assert summary.outstanding == money(figures["outstanding"])


def test_any_history_leaves_the_books_as_the_model_has_them():
    run_state_machine_as_test(
        WholeBusiness,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
