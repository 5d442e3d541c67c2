"""Whatever is changed about credit notes, `check_books` names the row."""

import datetime
import re
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from billing.models import CreditNoteItem, JournalEntry, Posting
from billing.models.ledger import Ledger
from tests.billing.books import findings, tamper
from tests.factories import (
    make_credit_note,
    make_customer,
    make_invoice,
    make_payment,
    new_item,
)
from tests.shared_rows import shared_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books_stay_right():
    """Here they do not."""


@shared_rows
def books():
    """An invoice credited twice, and one of which the payment returned."""
    customer, other = make_customer(), make_customer(account="Other")
    invoice = make_invoice(
        customer=customer,
        items=[new_item("55.55", tax_rate=23), new_item("11.11", 3, tax_rate=23)],
    )
    first = make_credit_note(invoice, (0, "55.55"))
    paid = make_invoice("100.00", tax_rate=19, customer=customer)
    payment = make_payment("119.00", invoice=paid)
    second = make_credit_note(invoice, (1, "10.00"), date=datetime.date(2024, 2, 1))
    of_paid = make_credit_note(paid)
    assert findings() == []
    entry = JournalEntry.objects.get(document_type="creditnote", document_id=first.pk)
    return SimpleNamespace(
        other=other.pk,
        invoice=invoice.pk,
        item=invoice.items.all()[0].pk,
        other_item=invoice.items.all()[1].pk,
        paid=paid.pk,
        paid_item=paid.items.get().pk,
        payment=payment.pk,
        first=first.pk,
        second=second.pk,
        of_paid=of_paid.pk,
        first_item=CreditNoteItem.objects.get(credit_note=first).pk,
        second_item=CreditNoteItem.objects.get(credit_note=second).pk,
        entry=entry.pk,
        income=Posting.objects.get(entry=entry, ledger=Ledger.INCOME).pk,
        tax_posting=Posting.objects.get(entry=entry, ledger=Ledger.TAX_PAYABLE).pk,
        receivable=Posting.objects.get(entry=entry, ledger=Ledger.RECEIVABLE).pk,
    )


# What is changed (money in ten-thousandths), and what must be said of it.
TAMPERINGS = {
    "a note's total": (
        [
            "UPDATE billing_creditnote SET subtotal = subtotal + 100, amount = amount + 100"
            " WHERE id = {first}"
        ],
        "Credit note {first}: subtotal is 55.5600, computed 55.5500",
    ),
    "a note's tax": (
        [
            "UPDATE billing_creditnote SET tax = tax + 100, amount = amount + 100"
            " WHERE id = {second}"
        ],
        "Credit note {second}: tax is 2.3100, computed 2.30",
    ),
    "a note's tax, to the one after it": (
        [
            "UPDATE billing_creditnotetax SET tax = tax - 100 WHERE credit_note_id = {first}",
            "UPDATE billing_creditnotetax SET tax = tax + 100 WHERE credit_note_id = {second}",
        ],
        "Credit note {first}: its tax lines are not those of its items",
    ),
    "a note's item": (
        ["UPDATE billing_creditnoteitem SET total = total - 100 WHERE id = {second_item}"],
        "Credit note {second}: subtotal is 10.0000, computed 9.9900",
    ),
    "the quantity of a note's item": (
        ["UPDATE billing_creditnoteitem SET quantity = 10000 WHERE id = {second_item}"],
        "Credited item {second_item}: net on CN-2024-002 is 10.0000, computed 11.11",
    ),
    "which item a note credits": (
        [
            "UPDATE billing_creditnoteitem SET invoice_item_id = {other_item}"
            " WHERE id = {first_item}"
        ],
        "Item {item}: credited is 55.5500, computed 0",
    ),
    "whose item a note credits": (
        ["UPDATE billing_creditnoteitem SET invoice_item_id = {paid_item} WHERE id = {first_item}"],
        "Credit note {first} credits item {paid_item} of another invoice",
    ),
    "a note's item, removed": (
        ["DELETE FROM billing_creditnoteitem WHERE id = {second_item}"],
        "Credit note {second}: its tax lines are not those of its items",
    ),
    "a note's date": (
        ["UPDATE billing_creditnote SET date = '2024-02-02' WHERE id = {second}"],
        "Credit note {second}: date is 2024-02-02, computed 2024-02-01",
    ),
    "a note's date, before its invoice's": (
        ["UPDATE billing_creditnote SET date = '2024-01-01' WHERE id = {second}"],
        "Credit note {second} is dated before its invoice {invoice}",
    ),
    "a note's customer": (
        ["UPDATE billing_creditnote SET customer_id = {other} WHERE id = {first}"],
        "Credit note {first}: customer_id is {other}, computed",
    ),
    "a note's number": (
        ["UPDATE billing_creditnote SET number = 'CN-2024-009' WHERE id = {second}"],
        "CN-2024-002 is missing: the counter is at 3",
    ),
    "the counter of the notes": (
        ["UPDATE billing_numberseries SET last = 2 WHERE prefix = 'CN'"],
        "CN-2024-003 is there: the counter is at 2",
    ),
    "what an invoice was credited": (
        [
            "UPDATE billing_invoice SET credited = credited - 100, balance = balance + 100"
            " WHERE id = {invoice}"
        ],
        "Invoice {invoice}: credited is 80.6200, computed 80.6300",
    ),
    "what an item was credited": (
        ["UPDATE billing_invoiceitem SET credited = 0 WHERE id = {item}"],
        "Item {item}: credited is 0.0000, computed 55.5500",
    ),
    "how many of an item were credited": (
        ["UPDATE billing_invoiceitem SET credited_quantity = 10000 WHERE id = {item}"],
        "Item {item}: credited quantity is 1.0000, computed 0",
    ),
    "what was credited at a rate": (
        ["UPDATE billing_invoicetax SET credited_net = 0 WHERE invoice_id = {invoice}"],
        "of invoice {invoice}: credited net is 0.0000, computed 65.5500",
    ),
    "the tax that was credited at a rate": (
        ["UPDATE billing_invoicetax SET credited_tax = 0 WHERE invoice_id = {invoice}"],
        "of invoice {invoice}: credited tax is 0.0000, computed 15.08",
    ),
    "a note's postings against each other": (
        [
            "UPDATE billing_posting SET amount = amount + 100, document_amount = document_amount"
            " + 100 WHERE id = {income}",
            "UPDATE billing_posting SET amount = amount - 100, document_amount = document_amount"
            " - 100 WHERE id = {tax_posting}",
        ],
        "Credit note {first}: posted income (accrual) is 55.5600, computed 55.5500",
    ),
    "the tax rate of a note's posting": (
        ["UPDATE billing_posting SET tax_rate = 70000 WHERE id = {tax_posting}"],
        "Credit note {first}: posted tax at 7.0000 % is 12.7800, computed 0",
    ),
    "the customer of a note's posting": (
        ["UPDATE billing_posting SET customer_id = {other} WHERE id = {receivable}"],
        "Credit note {first}: customer_id of posting {receivable} is {other}, computed",
    ),
    "a note's entry, removed": (
        [
            "DELETE FROM billing_posting WHERE entry_id = {entry}",
            "DELETE FROM billing_journalentry WHERE id = {entry}",
        ],
        "Credit note {first}: posted receivable (accrual) is 0, computed -68.3300",
    ),
    "what returned to a payment": (
        ["UPDATE billing_payment SET unallocated = 0 WHERE id = {payment}"],
        "Payment {payment}: unallocated is 0.0000, computed 119.0000",
    ),
    "a note, removed without a trace": (
        [
            "DELETE FROM billing_posting WHERE entry_id = {entry}",
            "DELETE FROM billing_journalentry WHERE id = {entry}",
            "DELETE FROM billing_creditnotetax WHERE credit_note_id = {first}",
            "DELETE FROM billing_creditnoteitem WHERE credit_note_id = {first}",
            "DELETE FROM billing_creditnote WHERE id = {first}",
        ],
        "CN-2024-001 is missing: the counter is at 3",
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
        (
            "UPDATE billing_invoice SET credited = amount + 1, balance = -1",
            "never_overpaid|follows",
        ),
        ("UPDATE billing_invoice SET credited = credited + 1 WHERE id = {invoice}", "what_is_owed"),
        ("UPDATE billing_invoiceitem SET credited = total + 1", "credited_twice"),
        ("UPDATE billing_invoiceitem SET credited = -1", "credited_twice"),
        ("UPDATE billing_invoiceitem SET credited_quantity = quantity + 1", "credited_twice"),
        ("UPDATE billing_invoicetax SET credited_tax = tax + 1", "credited_twice"),
        ("UPDATE billing_invoicetax SET credited_net = net + 1", "credited_twice"),
        ("UPDATE billing_creditnote SET amount = amount + 1", "subtotal_and_tax"),
        ("UPDATE billing_creditnote SET subtotal = 0, amount = tax", "amount_positive"),
        ("UPDATE billing_creditnote SET number = 'CN-2024-001' WHERE id = {second}", "number"),
        ("UPDATE billing_creditnoteitem SET total = 0", "credits_something"),
        ("UPDATE billing_creditnoteitem SET quantity = 0", "credits_something"),
        ("UPDATE billing_invoice SET status = 'Unpaid' WHERE id = {paid}", "follows_balance"),
    ],
)
def test_the_database_refuses_what_must_never_be(books, statement, rule):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        tamper(statement.format(**vars(books)))

    assert re.search(rule, str(refusal.value))
    assert findings() == []


def test_the_amount_that_is_credited_is_the_one_that_is_booked(books):
    of_notes = Posting.objects.filter(entry__document_type="creditnote", ledger=Ledger.RECEIVABLE)

    assert sorted(-posting.amount for posting in of_notes) == [
        Decimal("12.30"),
        Decimal("68.33"),
        Decimal("119.00"),
    ]
