"""Whatever is changed about money that came back, `check_books` names the row."""

import datetime
import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from billing.models import JournalEntry, Payment, Refund
from billing.payments import allocate_payment, reverse_payment
from billing.refunds import refund_payment
from tests.billing.books import findings, tamper
from tests.factories import SYSTEM, make_customer, make_invoice, make_payment
from tests.shared_rows import shared_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books_stay_right():
    """Here they do not."""


@shared_rows
def books():
    """A refunded payment, one that used its credit, and one that never happened."""
    customer = make_customer()
    reopened = make_invoice("100.00", tax_rate=19, customer=customer)
    refunded = make_payment("119.00", invoice=reopened)
    refund_payment(refunded, amount=Decimal("59.50"), date=datetime.date(2024, 2, 1), actor=SYSTEM)
    paid = make_invoice("50.00", customer=customer)
    credit = make_payment("80.00", customer=customer)
    allocate_payment(
        credit,
        allocations=[{"invoice": paid, "amount": Decimal("50.00")}],
        date=datetime.date(2024, 3, 1),
        actor=SYSTEM,
    )
    reversed_payment = make_payment("70.00", customer=customer)
    reverse_payment(reversed_payment, actor=SYSTEM)
    assert findings() == []
    reversal = JournalEntry.objects.exclude(reverses=None).get()
    allocated = JournalEntry.objects.get(document_type="payment", date=datetime.date(2024, 3, 1))
    return SimpleNamespace(
        allocated=allocated.pk,
        reopened=reopened.pk,
        refunded=refunded.pk,
        refund=Refund.objects.get().pk,
        paid=paid.pk,
        credit=credit.pk,
        reversed=reversed_payment.pk,
        reversal=reversal.pk,
        reversed_entry=reversal.reverses_id,
        reversed_line=reversed_payment.transaction.pk,
    )


# What is changed (money in ten-thousandths), and what must be said of it.
TAMPERINGS = {
    "a refund's amount": (
        ["UPDATE billing_refund SET amount = amount + 100 WHERE id = {refund}"],
        "Payment {refunded}: refunded is 59.5000, computed 59.5100",
    ),
    "a refund's amount, and what the payment says of it": (
        [
            "UPDATE billing_refund SET amount = amount - 100 WHERE id = {refund}",
            "UPDATE billing_payment SET refunded = refunded - 100, unallocated = unallocated + 100"
            " WHERE id = {refunded}",
        ],
        "Payment {refunded}: posted cash (both) is 59.5000, computed 59.5100",
    ),
    "a refund's date": (
        ["UPDATE billing_refund SET date = '2024-02-02' WHERE id = {refund}"],
        "Payment {refunded}: cash posted on 2024-02-01 is -59.5000, computed 0",
    ),
    "a refund's date, before its payment": (
        ["UPDATE billing_refund SET date = '2024-01-01' WHERE id = {refund}"],
        "Refund {refund} is dated before its payment {refunded}",
    ),
    "a refund's payment": (
        ["UPDATE billing_refund SET payment_id = {credit} WHERE id = {refund}"],
        "Payment {credit}: refunded is 0.0000, computed 59.5000",
    ),
    "a refund, removed": (
        ["DELETE FROM billing_refund WHERE id = {refund}"],
        "Payment {refunded}: refunded is 59.5000, computed 0",
    ),
    "what was refunded of a payment": (
        ["UPDATE billing_payment SET refunded = 0 WHERE id = {refunded}"],
        "Payment {refunded}: refunded is 0.0000, computed 59.5000",
    ),
    "the tax of what is left of an allocation": (
        ["UPDATE billing_allocation SET tax = tax - 100 WHERE invoice_id = {reopened}"],
        "Payment {refunded}: posted income (cash) is -50.0000, computed -50.0100",
    ),
    "an allocation's date": (
        ["UPDATE billing_allocation SET date = '2024-02-01' WHERE payment_id = {credit}"],
        "Payment {credit} pays invoice {paid} on 2024-02-01, and nothing is booked then",
    ),
    "when an allocation was booked": (
        [
            "UPDATE billing_posting SET date = '2024-02-01' WHERE entry_id = {allocated}",
            "UPDATE billing_journalentry SET date = '2024-02-01' WHERE id = {allocated}",
        ],
        "Payment {credit} pays invoice {paid} on 2024-03-01, and nothing is booked then",
    ),
    "when a reversal was booked": (
        [
            "UPDATE billing_posting SET date = '2024-02-01' WHERE entry_id = {reversal}",
            "UPDATE billing_journalentry SET date = '2024-02-01' WHERE id = {reversal}",
        ],
        "Reversal {reversal} of entry {reversed_entry}: date is 2024-02-01, computed 2024-01-15",
    ),
    "the date on which a payment was reversed": (
        ["UPDATE billing_transaction SET reversed_on = '2024-02-01' WHERE id = {reversed_line}"],
        "Reversal {reversal} of entry {reversed_entry}: date is 2024-01-15, computed 2024-02-01",
    ),
    "an allocation, moved to another payment": (
        [
            "UPDATE billing_allocation SET payment_id = {refunded} WHERE payment_id = {credit}",
        ],
        "Payment {refunded}: unallocated is 0.0000, computed -50.0000",
    ),
    "an allocation, removed": (
        ["DELETE FROM billing_allocation WHERE payment_id = {credit}"],
        "Invoice {paid}: paid is 50.0000, computed 0",
    ),
    "a reversed payment, revived": (
        ["UPDATE billing_payment SET reversed_at = NULL WHERE id = {reversed}"],
        "Payment {reversed}: unallocated is 0.0000, computed 70.0000",
    ),
    "a reversed payment, revived with its credit": (
        [
            "UPDATE billing_payment SET reversed_at = NULL, unallocated = 700000"
            " WHERE id = {reversed}"
        ],
        "Payment {reversed}: posted cash (both) is 0.0000, computed 70.0000",
    ),
    "a payment, marked as reversed": (
        [
            "UPDATE billing_payment SET reversed_at = '2024-02-01 00:00:00+00:00',"
            " unallocated = 0 WHERE id = {credit}"
        ],
        "Payment {credit}: unallocated is 0.0000, computed -50.0000",
    ),
    "the reversal of a payment, removed": (
        [
            "DELETE FROM billing_posting WHERE entry_id = {reversal}",
            "DELETE FROM billing_journalentry WHERE id = {reversal}",
        ],
        "Payment {reversed}: posted cash (both) is 70.0000, computed 0",
    ),
    "the line of a reversed payment, revived": (
        ["UPDATE billing_transaction SET reversed_on = NULL WHERE id = {reversed_line}"],
        "Transaction {reversed_line}: it stands, and payment {reversed} is reversed",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found_and_named(books, what):
    statements, expected = TAMPERINGS[what]

    tamper(*(statement.format(**vars(books)) for statement in statements))

    expected = expected.format(**vars(books))
    assert any(expected in finding for finding in findings()), findings()


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE billing_refund SET amount = 0", "amount_positive"),
        ("UPDATE billing_payment SET refunded = amount + 1 WHERE id = {refunded}", "spent_twice"),
        ("UPDATE billing_payment SET unallocated = 1 WHERE id = {reversed}", "leaves_nothing"),
        ("UPDATE billing_payment SET refunded = 1 WHERE id = {reversed}", "leaves_nothing"),
        ("UPDATE billing_invoice SET status = 'Unpaid' WHERE id = {reopened}", "follows_balance"),
    ],
)
def test_the_database_refuses_what_must_never_be(books, statement, rule):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        tamper(statement.format(**vars(books)))

    assert re.search(rule, str(refusal.value))
    assert Payment.objects.get(pk=books.reversed).unallocated == 0
    assert findings() == []
