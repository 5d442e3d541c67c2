"""Whatever is changed about write-offs, `check_books` names the row."""

import datetime
import re
from types import SimpleNamespace

import pytest
from django.db import IntegrityError, transaction

from billing import write_offs
from billing.models import JournalEntry, Posting
from billing.models.ledger import Ledger
from tests.billing.books import findings, tamper
from tests.factories import SYSTEM, make_customer, make_invoice, make_write_off
from tests.shared_rows import shared_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books_stay_right():
    """Here they do not."""


@shared_rows
def books():
    """One that stands, and one that was taken back."""
    customer, other = make_customer(), make_customer(account="Other")
    invoice = make_invoice("100.00", tax_rate=19, customer=customer)
    standing = make_write_off(invoice, "60.00", date=datetime.date(2024, 3, 1))
    taken_back = make_write_off(invoice, "5.00", date=datetime.date(2024, 3, 1))
    write_offs.reverse_write_off(taken_back, date=datetime.date(2024, 5, 1), actor=SYSTEM)
    assert findings() == []
    entry = JournalEntry.objects.get(document_type="writeoff", document_id=standing.pk)
    return SimpleNamespace(
        other=other.pk,
        customer=customer.pk,
        invoice=invoice.pk,
        standing=standing.pk,
        taken_back=taken_back.pk,
        entry=entry.pk,
        loss=Posting.objects.get(entry=entry, ledger=Ledger.WRITE_OFF).pk,
    )


# What is changed (money in ten-thousandths), and what must be said of it.
TAMPERINGS = {
    "its amount": (
        ["UPDATE billing_writeoff SET amount = amount + 100 WHERE id = {standing}"],
        "Write-off {standing}: posted receivable (accrual) is -60.0000, computed -60.0100",
    ),
    "its amount and the invoice's figures": (
        [
            "UPDATE billing_writeoff SET amount = amount + 100 WHERE id = {standing}",
            "UPDATE billing_invoice SET written_off = written_off + 100, balance = balance - 100",
        ],
        "Customer {customer}: receivable in USD in the books is 59.0000, computed 58.9900",
    ),
    "what is written off of the invoice": (
        ["UPDATE billing_invoice SET written_off = 0, balance = amount"],
        "Invoice {invoice}: written off is 0.0000, computed 60.0000",
    ),
    "its date": (
        ["UPDATE billing_writeoff SET date = '2024-03-02' WHERE id = {standing}"],
        "Write-off {standing}: date is 2024-03-02, computed 2024-03-01",
    ),
    "its date, before its invoice's": (
        ["UPDATE billing_writeoff SET date = '2024-01-01' WHERE id = {standing}"],
        "Write-off {standing} is dated before its invoice {invoice}",
    ),
    "its customer": (
        ["UPDATE billing_writeoff SET customer_id = {other} WHERE id = {standing}"],
        "Write-off {standing}: customer_id is {other}, computed {customer}",
    ),
    "one that stands, marked as reversed": (
        ["UPDATE billing_writeoff SET reversed_on = '2024-06-01' WHERE id = {standing}"],
        "Invoice {invoice}: written off is 60.0000, computed 0",
    ),
    "one that was reversed, revived": (
        ["UPDATE billing_writeoff SET reversed_on = NULL WHERE id = {taken_back}"],
        "Invoice {invoice}: written off is 60.0000, computed 65.0000",
    ),
    "the date of its reversal": (
        ["UPDATE billing_writeoff SET reversed_on = '2024-06-01' WHERE id = {taken_back}"],
        "date is 2024-05-01, computed 2024-06-01",
    ),
    "the ledger of its loss": (
        ["UPDATE billing_posting SET ledger = 'expense' WHERE id = {loss}"],
        "Write-off {standing}: posted expense (accrual) is 60.0000, computed 0",
    ),
    "the customer of its loss": (
        ["UPDATE billing_posting SET customer_id = {other} WHERE id = {loss}"],
        "Write-off {standing}: customer_id of posting {loss} is {other}, computed {customer}",
    ),
    "its entry, removed": (
        [
            "DELETE FROM billing_posting WHERE entry_id = {entry}",
            "DELETE FROM billing_journalentry WHERE id = {entry}",
        ],
        "Write-off {standing}: posted write_off (accrual) is 0, computed 60.0000",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found_and_named(books, what):
    statements, expected = TAMPERINGS[what]

    tamper(*(statement.format(**vars(books)) for statement in statements))

    expected = expected.format(**vars(books))
    assert any(expected in finding for finding in findings())


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE billing_writeoff SET amount = 0", "amount_positive"),
        ("UPDATE billing_writeoff SET reversed_on = '2024-01-01'", "reversed_no_earlier"),
        ("UPDATE billing_invoice SET written_off = -1, balance = balance + 600001", "never_overpaid"),
        ("UPDATE billing_invoice SET written_off = written_off + 1", "what_is_owed"),
        ("UPDATE billing_invoice SET status = 'Void', balance = 0", "what_is_owed"),
    ],
)  # fmt: skip
def test_the_database_refuses_what_must_never_be(books, statement, rule):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        tamper(statement)

    assert re.search(rule, str(refusal.value))
