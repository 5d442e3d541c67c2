"""Random histories of a business, each step compared with a model in whole cents."""

import datetime
from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from billing import invoices, payments, transactions
from billing.models import Account, Category, Invoice, Payment, Transaction
from billing.models.ledger import Basis
from bizsuite.errors import Conflict, Invalid
from reporting.financial import Period, financial_summary
from tests.billing.books import findings
from tests.billing.oracle import OracleInvoice, net_of
from tests.factories import SYSTEM, close_period, make_account, make_category, make_customer

pytestmark = pytest.mark.django_db

JANUARY, FEBRUARY = 1, 2
OPENING = 12_345

prices = st.integers(0, 3_000_000) | st.just(0) | st.integers(0, 200)
quantities = st.sampled_from([10_000, 20_000, 15_000, 3_333, 1])
rates = st.sampled_from([0, 70_000, 190_000, 55_000, 1_000_000])
items = st.lists(st.tuples(prices, quantities, rates), min_size=1, max_size=3)
months = st.sampled_from([JANUARY, FEBRUARY, FEBRUARY])
amounts = st.integers(1, 50_000)
which = st.integers(0, 10**6)


def day(month: int) -> datetime.date:
    return datetime.date(2024, month, 15)


def money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def fine(number: int) -> Decimal:
    return Decimal(number).scaleb(-4)


@dataclass
class KnownInvoice:
    content: OracleInvoice
    month: int
    state: str = "draft"
    # What was paid, and in which month it counts: not before the invoice's own.
    steps: list[tuple[int, int]] = field(default_factory=list)

    def pay(self, amount: int, month: int) -> None:
        before = self.content.income_received
        self.content.paid += amount
        month = max(month, self.month)
        self.steps.append((month, amount))
        self.received.append((month, self.content.income_received - before))

    received: list[tuple[int, int]] = field(default_factory=list)

    @property
    def status(self) -> str:
        if self.state != "issued":
            return self.state.title()
        if not self.content.balance:
            return "Paid"
        return "Partially Paid" if self.content.paid else "Unpaid"


@dataclass
class KnownLine:
    flow: str
    amount: int
    rate: int
    account: int
    month: int
    reversed_in: int | None = None

    @property
    def moved(self) -> int:
        return self.amount if self.flow == "Income" else -self.amount


@dataclass
class Known:
    """What the books should hold."""

    opened: dict[int, int] = field(default_factory=dict)
    received: list[tuple[int, int]] = field(default_factory=list)
    credit: int = 0
    invoices: dict[int, KnownInvoice] = field(default_factory=dict)
    lines: dict[int, KnownLine] = field(default_factory=dict)

    def balance(self, account: int) -> int:
        return (
            self.opened[account]
            + sum(amount for to, amount in self.received if to == account)
            + sum(
                line.moved
                for line in self.lines.values()
                if line.account == account and line.reversed_in is None
            )
        )

    def net(self, flow: str, months: Container[int]) -> int:
        """What lines of this flow come to in these months, less what was reversed in them."""
        return sum(
            net_of(line.amount, line.rate) * ((line.month in months) - (line.reversed_in in months))
            for line in self.lines.values()
            if line.flow == flow
        )

    def figures(self, months: Container[int], until: int) -> dict[str, int]:
        issued = [known for known in self.invoices.values() if known.state == "issued"]
        income = self.net("Income", months)
        return {
            Basis.CASH: income
            + sum(part for known in issued for month, part in known.received if month in months),
            Basis.ACCRUAL: income
            + sum(known.content.subtotal for known in issued if known.month in months),
            "expenses": self.net("Expense", months),
            "outstanding": sum(known.content.amount for known in issued if known.month <= until)
            - sum(part for known in issued for month, part in known.steps if month <= until),
        }


class Business(RuleBasedStateMachine):
    @initialize()
    def open_books(self) -> None:
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.known = Known(opened={1: 0})
        self.closed = 0
        self.customers = [make_customer(), make_customer(account="Other")]
        self.categories = {"Income": Category.objects.get(pk=1), "Expense": make_category()}
        bank = make_account(opening_balance=str(money(OPENING)))
        self.known.opened[bank.pk] = OPENING

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            try:
                assert findings() == []
            finally:
                transaction.set_rollback(True)
                self.undo.__exit__(None, None, None)

    # ── Helpers ──

    def attempt(self, allowed: bool, act: Callable[[], Any]) -> Any:
        """Act; it must be refused, and only then, when the model says so."""
        if allowed:
            return act()
        with pytest.raises((Conflict, Invalid)):
            act()
        return None

    def open_in(self, *dates: int) -> bool:
        return all(month > self.closed for month in dates)

    def some_invoice(self, number: int) -> tuple[Invoice, KnownInvoice]:
        pk = list(self.known.invoices)[number % len(self.known.invoices)]
        return Invoice.objects.get(pk=pk), self.known.invoices[pk]

    def some_line(self, number: int) -> tuple[Transaction, KnownLine]:
        pk = list(self.known.lines)[number % len(self.known.lines)]
        return Transaction.objects.get(pk=pk), self.known.lines[pk]

    def some_account(self, number: int) -> Account:
        accounts = list(self.known.opened)
        return Account.objects.get(pk=accounts[number % len(accounts)])

    def new_items(self, content: list[tuple[int, int, int]]) -> list[dict[str, Any]]:
        """Every other item has a category of its own."""
        return [
            {
                "description": "Work",
                "amount": fine(price),
                "quantity": fine(quantity),
                "tax_rate": fine(rate),
                "category": self.categories["Income"] if number % 2 else None,
            }
            for number, (price, quantity, rate) in enumerate(content)
        ]

    # ── Invoices ──

    @rule(content=items, month=months, draft=st.booleans(), customer=st.integers(0, 1))
    def create_invoice(self, content, month, draft, customer) -> None:
        made = self.attempt(
            draft or self.open_in(month),
            lambda: invoices.create_invoice(
                customer=self.customers[customer],
                date=day(month),
                items=self.new_items(content),
                draft=draft,
                actor=SYSTEM,
            ),
        )
        if made:
            state = "draft" if draft else "issued"
            self.known.invoices[made.pk] = KnownInvoice(OracleInvoice(content), month, state)

    @precondition(lambda self: self.known.invoices)
    @rule(number=which, content=items)
    def change_items(self, number, content) -> None:
        invoice, known = self.some_invoice(number)
        same = content == known.content.items
        allowed = known.state == "draft" or same
        self.attempt(
            allowed,
            lambda: invoices.update_invoice(invoice, items=self.new_items(content), actor=SYSTEM),
        )
        if allowed:
            known.content.items = content
            known.content.__post_init__()

    @precondition(lambda self: self.known.invoices)
    @rule(number=which)
    def issue(self, number) -> None:
        invoice, known = self.some_invoice(number)
        allowed = known.state == "draft" and self.open_in(known.month)
        self.attempt(allowed, lambda: invoices.issue_invoice(invoice, actor=SYSTEM))
        if allowed:
            known.state = "issued"

    @precondition(lambda self: self.known.invoices)
    @rule(number=which)
    def void(self, number) -> None:
        invoice, known = self.some_invoice(number)
        allowed = known.state == "issued" and not known.content.paid and self.open_in(known.month)
        self.attempt(allowed, lambda: invoices.void_invoice(invoice, actor=SYSTEM))
        if allowed:
            known.state = "void"

    @precondition(lambda self: self.known.invoices)
    @rule(number=which)
    def delete(self, number) -> None:
        invoice, known = self.some_invoice(number)
        allowed = known.state == "draft"
        self.attempt(allowed, lambda: invoices.delete_invoice(invoice, actor=SYSTEM))
        if allowed:
            del self.known.invoices[invoice.pk]

    # ── Payments ──

    @precondition(lambda self: self.known.invoices)
    @rule(
        number=which,
        amount=amounts | st.none(),
        month=months,
        account=which,
        allow_credit=st.booleans(),
    )
    def pay(self, number, amount, month, account, allow_credit) -> None:
        """amount: None for all that is owed."""
        invoice, known = self.some_invoice(number)
        owed, to = known.content.balance, self.some_account(account)
        amount = amount or owed or 1
        allowed = (
            self.open_in(month) and known.state == "issued" and (allow_credit or amount <= owed)
        )
        self.attempt(
            allowed,
            lambda: payments.pay_invoice(
                invoice,
                amount=money(amount),
                date=day(month),
                account=to,
                allow_credit=allow_credit,
                actor=SYSTEM,
            ),
        )
        if allowed:
            taken = min(amount, owed)
            if taken:
                known.pay(taken, month)
            self.known.credit += amount - taken
            self.known.received.append((to.pk, amount))

    @precondition(lambda self: self.known.invoices)
    @rule(numbers=st.lists(which, max_size=3), share=st.integers(1, 4), extra=amounts)
    def pay_several(self, numbers, share, extra) -> None:
        """A part of what is owed on some invoices of one customer, and some credit."""
        open_ones = {}
        for number in numbers:
            invoice, known = self.some_invoice(number)
            if known.content.balance >= share and known.state == "issued":
                open_ones[invoice.pk] = (invoice, known, known.content.balance // share)
        chosen = list(open_ones.values())
        customers = {invoice.customer_id for invoice, _, _ in chosen}
        if len(customers) > 1:
            return
        payments.record_payment(
            customer=chosen[0][0].customer if chosen else self.customers[0],
            amount=money(sum(part for _, _, part in chosen) + extra),
            allocations=[
                {"invoice": invoice, "amount": money(part)} for invoice, _, part in chosen
            ],
            date=day(FEBRUARY),
            actor=SYSTEM,
        )
        for _, known, part in chosen:
            known.pay(part, FEBRUARY)
            self.known.received.append((1, part))
        self.known.received.append((1, extra))
        self.known.credit += extra

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
                *(getattr(invoice, name) for name in ("subtotal", "tax", "amount", "paid")),
                invoice.balance,
            )
            for invoice in Invoice.objects.all()
        }
        assert found == {
            pk: (
                known.status,
                *(
                    money(getattr(known.content, name))
                    for name in ("subtotal", "tax", "amount", "paid")
                ),
                money(0 if known.state == "void" else known.content.balance),
            )
            for pk, known in self.known.invoices.items()
        }

    @invariant()
    def accounts_and_credit_are_as_known(self) -> None:
        balances = dict(Account.objects.values_list("pk", "balance"))
        assert balances == {pk: money(self.known.balance(pk)) for pk in self.known.opened}
        left = sum(Payment.objects.values_list("unallocated", flat=True), Decimal(0))
        assert left == money(self.known.credit)

    @invariant()
    def reports_are_as_known(self) -> None:
        january = Period(datetime.date(2024, 1, 1), datetime.date(2024, 1, 31))
        for period, months, until in (
            (january, (JANUARY,), JANUARY),
            (Period(None, None), (JANUARY, FEBRUARY), FEBRUARY),
        ):
            figures = self.known.figures(months, until)
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
        Business,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
