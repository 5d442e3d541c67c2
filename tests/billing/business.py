"""A business whose history is made up at random, beside what its books should hold."""

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from billing.models import Account, Category, Invoice, Payment, Transaction
from bizsuite.errors import Conflict, Invalid
from tests.billing.books import findings
from tests.billing.known_books import Known, KnownInvoice, KnownLine, KnownPayment
from tests.factories import make_account, make_category, make_customer

JANUARY, FEBRUARY = 1, 2
OPENING = 12_345

prices = st.integers(0, 3_000_000) | st.just(0) | st.integers(0, 200)
quantities = st.sampled_from([10_000, 20_000, 15_000, 3_333, 1])
rates = st.sampled_from([0, 70_000, 190_000, 55_000, 1_000_000])
items = st.lists(st.tuples(prices, quantities, rates), min_size=1, max_size=3)
# Of an item and of the whole, in ten-thousandths of a percent.
discounts = st.sampled_from([0, 0, 0, 40_000, 125_000, 333_333])
months = st.sampled_from([JANUARY, FEBRUARY, FEBRUARY])
amounts = st.integers(1, 50_000)
which = st.integers(0, 10**6)


def day(month: int) -> datetime.date:
    return datetime.date(2024, month, 15)


def money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)


def fine(number: int) -> Decimal:
    return Decimal(number).scaleb(-4)


class Business(RuleBasedStateMachine):
    """What all kinds of steps share."""

    @initialize()
    def open_books(self) -> None:
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.known = Known(opened={1: 0})
        self.closed = 0
        self.customers = [make_customer(), make_customer(account="Other")]
        self.categories = {"Income": Category.objects.get(pk=1), "Expense": make_category()}
        self.services = make_category("Services", "Income")
        bank = make_account(opening_balance=str(money(OPENING)))
        self.known.opened[bank.pk] = OPENING

    def teardown(self) -> None:
        if hasattr(self, "undo"):
            try:
                self.look_at_everything()
                assert findings() == []
            finally:
                transaction.set_rollback(True)
                self.undo.__exit__(None, None, None)

    def look_at_everything(self) -> None:
        """At the end; a machine has its own comparisons."""

    # ── Helpers ──

    def attempt(self, allowed: bool, act: Callable[[], Any], code: str = "") -> Any:
        """Act; it must be refused, and only then, when the model says so: with its code if given."""
        if allowed:
            return act()
        with pytest.raises((Conflict, Invalid)) as refusal:
            act()
        assert code in ("", refusal.value.code)
        return None

    def attempt_unless(self, refusals: dict[str, bool], act: Callable[[], Any]) -> Any:
        """Act; the first that holds of what can stand against it, by its code, must refuse it."""
        code = next((code for code, holds in refusals.items() if holds), "")
        return self.attempt(not code, act, code)

    def open_in(self, *dates: int) -> bool:
        return all(month > self.closed for month in dates)

    def some_invoice(self, number: int) -> tuple[Invoice, KnownInvoice]:
        pk = list(self.known.invoices)[number % len(self.known.invoices)]
        return Invoice.objects.get(pk=pk), self.known.invoices[pk]

    def some_line(self, number: int) -> tuple[Transaction, KnownLine]:
        pk = list(self.known.lines)[number % len(self.known.lines)]
        return Transaction.objects.get(pk=pk), self.known.lines[pk]

    def some_payment(self, number: int) -> tuple[Payment, KnownPayment]:
        pk = list(self.known.payments)[number % len(self.known.payments)]
        return Payment.objects.get(pk=pk), self.known.payments[pk]

    def some_account(self, number: int) -> Account:
        accounts = list(self.known.opened)
        return Account.objects.get(pk=accounts[number % len(accounts)])

    def new_items(
        self, content: list[tuple[int, int, int]], item_percent: int = 0
    ) -> list[dict[str, Any]]:
        """Every other item has a category of its own."""
        discount = {"discount_percent": fine(item_percent)} if item_percent else {}
        return [
            {
                "description": "Work",
                "amount": fine(price),
                "quantity": fine(quantity),
                "tax_rate": fine(rate),
                "category": self.services if number % 2 else None,
            }
            | discount
            for number, (price, quantity, rate) in enumerate(content)
        ]
