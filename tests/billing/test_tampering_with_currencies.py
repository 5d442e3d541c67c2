"""What is worth something else behind the product's back, `check_books` names."""

from decimal import Decimal
from types import SimpleNamespace

import pytest

from billing import payments
from billing.models import Payment
from tests.billing.books import findings, tamper
from tests.factories import (
    DAY,
    SYSTEM,
    keep_books_in,
    make_account,
    make_credit_note,
    make_customer,
    make_invoice,
    make_payment,
    make_transaction,
    make_transfer,
    make_write_off,
)
from tests.shared_rows import shared_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books_stay_right():
    """Here they do not."""


@shared_rows
def books():
    keep_books_in("EUR")
    customer = make_customer()
    dollars = make_account("Dollars", currency="USD")
    fields = {"customer": customer, "currency": "USD", "exchange_rate": Decimal("0.9155")}
    paid = make_invoice("100.00", tax_rate=19, **fields)
    payment = make_payment("119.00", invoice=paid, account=dollars, exchange_rate=Decimal("0.92"))
    part = make_invoice("50.00", **fields)
    note = make_credit_note(part, (0, "10.00"))
    write_off = make_write_off(part, "10.00")
    ours = make_payment("5.00", invoice=part, amount_received=Decimal("4.50"))
    line = make_transaction("10.00", account=dollars, exchange_rate=Decimal("0.9"))
    transfer = make_transfer(
        "3.00",
        from_account=dollars,
        to_account=make_account("Euros"),
        amount_received=Decimal("2.70"),
    )
    assert findings() == []
    return SimpleNamespace(
        paid=paid.pk,
        payment=payment.pk,
        part=part.pk,
        note=note.pk,
        write_off=write_off.pk,
        ours=ours.pk,
        line=line.pk,
        transfer=transfer.pk,
        dollars=dollars.pk,
        customer=customer.pk,
    )


ENTRY = "SELECT id FROM billing_journalentry WHERE document_type = '{}' AND document_id = {{{}}}"
OF_PAYMENT = ENTRY.format("payment", "payment")
CASES = {
    "an invoice's rate": (
        "UPDATE billing_invoice SET exchange_rate = exchange_rate * 2 WHERE id = {paid}",
        "Invoice {paid}: worth of receivable is 108.9400, computed 217.89",
    ),
    "what a payment cleared": (
        "UPDATE billing_allocation SET base_amount = base_amount + 100 WHERE payment_id = {payment}",
        "Payment {payment}: worth of receivable is -108.9400, computed -108.9500",
    ),
    "what is left of a settled invoice": (
        "UPDATE billing_allocation SET base_amount = base_amount - 100 WHERE payment_id = {payment}",
        "Invoice {paid}: worth of what is owed is 0.0100, computed 0",
    ),
    "what is left of an open one": (
        "UPDATE billing_allocation SET base_amount = base_amount + 1000000 WHERE payment_id = {ours}",
        "Invoice {part}: worth of what is owed is -77.",
    ),
    "what a payment was worth": (
        "UPDATE billing_payment SET base_amount = base_amount + 10000 WHERE id = {payment}",
        "Payment {payment}: worth of cash is 109.4800, computed 110.4800",
    ),
    "what a credit note was worth": (
        "UPDATE billing_creditnote SET base_amount = base_amount + 100 WHERE id = {note}",
        "Credit note {note}: worth of receivable is -9.1600, computed -9.1700",
    ),
    "what a write-off was worth": (
        "UPDATE billing_writeoff SET base_amount = base_amount + 100 WHERE id = {write_off}",
        "Write-off {write_off}: worth of receivable is -9.1600, computed -9.1700",
    ),
    "a transaction's rate": (
        "UPDATE billing_transaction SET exchange_rate = exchange_rate * 2 WHERE id = {line}",
        "Transaction {line}: worth of cash is 9.0000, computed 18.00",
    ),
    "what a transfer was worth": (
        "UPDATE billing_transfer SET base_amount = base_amount + 100 WHERE id = {transfer}",
        "Transfer {transfer}: worth is 2.7100, computed 2.7000",
    ),
    "what arrived by a transfer": (
        "UPDATE billing_transfer SET amount_received = amount_received + 100 WHERE id = {transfer}",
        "Transfer {transfer}: posted to account",
    ),
    "the balance of an account of another currency": (
        "UPDATE billing_account SET balance = balance + 100 WHERE id = {dollars}",
        "Account {dollars}: balance is 126.0100, computed 126.0000",
    ),
    "the account's side of a payment": (
        "UPDATE billing_posting SET account_amount = NULL WHERE account_amount IS NOT NULL",
        "does not say what moved in its account's currency",
    ),
    "an exchange difference of a kind that has none": (
        "UPDATE billing_journalentry SET document_type = 'invoice', document_id = {paid}"
        f" WHERE id IN ({OF_PAYMENT})",
        "books an exchange difference, and is no payment's",
    ),
    "an invoice's currency": (
        "UPDATE billing_invoice SET currency = 'CAD' WHERE id = {part}",
        "Customer {customer}: receivable in CAD in the books is 0, computed 25.0000",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_tampering_is_found_and_named(books, case):
    statement, expected = (text.format(**vars(books)) for text in CASES[case])

    tamper(statement)

    found = findings()
    assert any(expected in finding for finding in found), found


def test_a_gain_that_no_rate_explains_is_named(books):
    """Ten euros more than 119.00 USD × (0.9200 − 0.9155) could have brought."""
    tamper(
        "UPDATE billing_posting SET amount = amount - 100000 WHERE ledger = 'exchange_difference'"
        f" AND entry_id IN ({OF_PAYMENT.format(payment=books.payment)})",
    )

    assert any(
        f"Payment {books.payment}: -10.5400 of exchange difference is more" in finding
        for finding in findings()
    )


def test_a_reversed_payment_has_won_and_lost_nothing(books):
    payments.reverse_payment(Payment.objects.get(pk=books.payment), actor=SYSTEM, date=DAY)

    assert findings() == []
