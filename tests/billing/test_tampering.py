"""Whatever is changed behind the product's back, `check_books` names the row."""

import datetime
import re
from decimal import Decimal
from io import StringIO
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from billing import transactions
from billing.book_checks import CHECKS
from billing.models import (
    Account,
    Invoice,
    InvoiceItem,
    JournalEntry,
    Payment,
    Posting,
    Transaction,
)
from billing.models.ledger import Ledger
from bizsuite.numbering.models import NumberSeries
from tests.billing.books import findings, tamper
from tests.factories import (
    SYSTEM,
    make_account,
    make_category,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_quote,
    make_transaction,
    make_transfer,
    new_item,
)
from tests.shared_rows import shared_rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _books_stay_right():
    """Here they do not."""


@shared_rows
def books():
    """Some of everything; each thing has a name that the statements below refer to it by."""
    customer, other = make_customer(), make_customer(account="Other")
    bank = make_account(opening_balance="500.00")
    rent = make_category("Rent")
    open_invoice = make_invoice(
        customer=customer, items=[new_item("55.55", tax_rate=23), new_item("11.11", tax_rate=7)]
    )
    paid_invoice = make_invoice("100.00", tax_rate=19, customer=customer)
    payment = make_payment("119.00", invoice=paid_invoice)
    credit = make_payment("40.00", customer=other)
    income = make_transaction("119.00", tax_rate=Decimal(19))
    expense = make_transaction("30.00", "Expense", category=rent, account=bank)
    reversed_line = make_transaction("7.00")
    transactions.reverse_transaction(reversed_line, actor=SYSTEM)
    draft = make_draft(customer=other)
    last_invoice = make_invoice("10.00", customer=other)
    safe = make_account("Safe")
    transfer = make_transfer("20.00", from_account=make_account("Till"), to_account=safe)
    quote = make_quote("10.00", customer=other)
    assert findings() == []
    return SimpleNamespace(
        customer=customer.pk,
        other=other.pk,
        bank=bank.pk,
        rent=rent.pk,
        open=open_invoice.pk,
        item=open_invoice.items.first().pk,
        paid=paid_invoice.pk,
        payment=payment.pk,
        payment_line=payment.transaction.pk,
        credit=credit.pk,
        income=income.pk,
        expense=expense.pk,
        reversed=reversed_line.pk,
        draft=draft.pk,
        last=last_invoice.pk,
        transfer=transfer.pk,
        till=transfer.from_account_id,
        safe=safe.pk,
        quote=quote.pk,
        entry=entry_of("invoice", open_invoice.pk),
        posting=posting_of("invoice", open_invoice.pk, Ledger.INCOME),
        tax_posting=posting_of("invoice", open_invoice.pk, Ledger.TAX_PAYABLE),
        cash_posting=posting_of("transaction", income.pk, Ledger.CASH),
        expense_posting=posting_of("transaction", expense.pk, Ledger.EXPENSE),
        expense_entry=entry_of("transaction", expense.pk),
    )


def entry_of(kind: str, pk: int) -> int:
    return JournalEntry.objects.get(document_type=kind, document_id=pk).pk


def posting_of(kind: str, pk: int, ledger: Ledger) -> int:
    rows = Posting.objects.filter(entry__document_type=kind, entry__document_id=pk, ledger=ledger)
    return rows.order_by("id").first().pk


# What is changed (money in ten-thousandths), and what must be said of it.
TAMPERINGS = {
    "a transfer's amount": (
        ["UPDATE billing_transfer SET amount = amount + 10000 WHERE id = {transfer}"],
        "Transfer {transfer}: posted to account {till} is -20.0000, computed -21.0000",
    ),
    "a transfer's account": (
        ["UPDATE billing_transfer SET from_account_id = {safe}, to_account_id = {till}"],
        "Transfer {transfer}: posted to account {safe} is 20.0000, computed -20.0000",
    ),
    "a quote's total": (
        ["UPDATE billing_quote SET subtotal = subtotal + 100, amount = amount + 100"],
        "Quote {quote}: subtotal is 10.0100, computed 10.00",
    ),
    "a posting's amount": (
        ["UPDATE billing_posting SET amount = amount + 1 WHERE id = {posting}"],
        "Entry {entry} is off by 0.0001 on the accrual basis",
    ),
    "a posting's amount in the document's currency": (
        ["UPDATE billing_posting SET document_amount = document_amount - 100 WHERE id = {posting}"],
        "Entry {entry} is off by -0.0100 on the accrual basis",
    ),
    "two postings against each other": (
        [
            "UPDATE billing_posting SET amount = amount + 100, document_amount = document_amount"
            " + 100 WHERE id = {posting}",
            "UPDATE billing_posting SET amount = amount - 100, document_amount = document_amount"
            " - 100 WHERE id = {tax_posting}",
        ],
        "Invoice {open}: posted income (accrual) is -66.6500, computed -66.6600",
    ),
    "the converted amounts alone": (
        [
            "UPDATE billing_posting SET amount = amount + 100 WHERE id = {posting}",
            "UPDATE billing_posting SET amount = amount - 100 WHERE id = {tax_posting}",
        ],
        "Posting {posting} differs from its entry {entry}",
    ),
    "a posting's ledger": (
        ["UPDATE billing_posting SET ledger = 'tax_payable' WHERE id = {posting}"],
        "Invoice {open}: posted income (accrual)",
    ),
    "a posting's basis": (
        ["UPDATE billing_posting SET basis = 'both' WHERE entry_id = {entry}"],
        "Invoice {open}: posted income (accrual) is 0, computed -66.6600",
    ),
    "a posting's date": (
        ["UPDATE billing_posting SET date = '2020-01-01' WHERE id = {posting}"],
        "Posting {posting} differs from its entry {entry}",
    ),
    "a posting's currency": (
        ["UPDATE billing_posting SET currency = 'EUR' WHERE id = {posting}"],
        "Posting {posting} differs from its entry {entry}",
    ),
    "a posting's account": (
        ["UPDATE billing_posting SET account_id = {bank} WHERE id = {cash_posting}"],
        "Account {bank}: balance is 470.0000, computed 589.0000",
    ),
    "a posting's account, and the balances with it": (
        [
            "UPDATE billing_posting SET account_id = {bank} WHERE id = {cash_posting}",
            "UPDATE billing_account SET balance = balance + 1190000 WHERE id = {bank}",
            "UPDATE billing_account SET balance = balance - 1190000 WHERE id = 1",
        ],
        "Transaction {income}: account_id of posting {cash_posting} is {bank}, computed 1",
    ),
    "a posting's category": (
        ["UPDATE billing_posting SET category_id = 1 WHERE id = {expense_posting}"],
        "Transaction {expense}: category_id of posting {expense_posting} is 1, computed {rent}",
    ),
    "a posting's tax rate": (
        ["UPDATE billing_posting SET tax_rate = 190000 WHERE id = {tax_posting}"],
        "Invoice {open}: posted tax at 19.0000 % is -0.7800, computed 0",
    ),
    "a posting's customer": (
        ["UPDATE billing_posting SET customer_id = {other} WHERE id = {posting}"],
        "Invoice {open}: customer_id of posting {posting} is {other}, computed {customer}",
    ),
    "a posting, removed": (
        ["DELETE FROM billing_posting WHERE id = {expense_posting}"],
        "Entry {expense_entry} is off by -30.0000 on the accrual basis",
    ),
    "an entry's date, with its postings": (
        [
            "UPDATE billing_posting SET date = '2020-01-01' WHERE entry_id = {entry}",
            "UPDATE billing_journalentry SET date = '2020-01-01' WHERE id = {entry}",
        ],
        "Invoice {open}: date is 2024-01-15, computed 2020-01-01",
    ),
    "an entry, removed with its postings": (
        [
            "DELETE FROM billing_posting WHERE entry_id = {expense_entry}",
            "DELETE FROM billing_journalentry WHERE id = {expense_entry}",
        ],
        "Transaction {expense}: posted cash (both) is 0, computed -30.0000",
    ),
    "an entry without postings": (
        [
            "INSERT INTO billing_journalentry (date, recorded_at, document_type, document_id,"
            " description, currency, exchange_rate)"
            " SELECT date, recorded_at, document_type, document_id, '', currency, exchange_rate"
            " FROM billing_journalentry WHERE id = {entry}",
        ],
        "has no postings",
    ),
    "an entry's document": (
        ["UPDATE billing_journalentry SET document_type = 'wish' WHERE id = {entry}"],
        "Entry {entry} books a wish, which there is not",
    ),
    "an account's balance": (
        ["UPDATE billing_account SET balance = balance + 1 WHERE id = {bank}"],
        "Account {bank}: balance is 470.0001, computed 470.0000",
    ),
    "an account's opening balance": (
        ["UPDATE billing_account SET opening_balance = 0 WHERE id = {bank}"],
        "Account {bank}: posted cash (both) is 500.0000, computed 0",
    ),
    "an item's price": (
        ["UPDATE billing_invoiceitem SET amount = amount + 10000 WHERE id = {item}"],
        "Invoice {open}: subtotal is 66.6600, computed 67.66",
    ),
    "an item's quantity and total": (
        ["UPDATE billing_invoiceitem SET quantity = 20000, total = 2 * total WHERE id = {item}"],
        "Invoice {open}: subtotal is 66.6600, computed 122.21",
    ),
    "an item's total": (
        ["UPDATE billing_invoiceitem SET total = total + 100 WHERE id = {item}"],
        "Item {item}: total on invoice {open} is 55.5600, computed 55.55",
    ),
    "an item's tax rate": (
        ["UPDATE billing_invoiceitem SET tax_rate = 70000 WHERE id = {item}"],
        "Invoice {open}: tax is 13.5600, computed 4.67",
    ),
    "an item, removed": (
        ["DELETE FROM billing_invoiceitem WHERE id = {item}"],
        "Invoice {open}: subtotal is 66.6600, computed 11.11",
    ),
    "a tax line": (
        ["UPDATE billing_invoicetax SET tax = tax + 100 WHERE invoice_id = {open}"],
        "Invoice {open}: its tax lines are not those of its items",
    ),
    "a draft's total": (
        ["UPDATE billing_invoice SET subtotal = 1, amount = 1, balance = 1 WHERE id = {draft}"],
        "Invoice {draft}: subtotal is 0.0001, computed 100.00",
    ),
    "what an invoice has been paid": (
        [
            "UPDATE billing_invoice SET paid = 10000, balance = balance - 10000,"
            " status = 'Partially Paid' WHERE id = {open}"
        ],
        "Invoice {open}: paid is 1.0000, computed 0.0000",
    ),
    "a paid invoice, made unpaid": (
        [
            "UPDATE billing_invoice SET paid = 0, balance = amount, status = 'Unpaid'"
            " WHERE id = {paid}"
        ],
        "Invoice {paid}: paid is 0.0000, computed 119.0000",
    ),
    "an invoice, voided without a reversal": (
        ["UPDATE billing_invoice SET status = 'Void', balance = 0 WHERE id = {open}"],
        "Invoice {open}: posted income (accrual) is -66.6600, computed 0",
    ),
    "an invoice's date": (
        ["UPDATE billing_invoice SET date = '2024-02-01' WHERE id = {open}"],
        "Invoice {open}: date is 2024-02-01, computed 2024-01-15",
    ),
    "an invoice's customer": (
        ["UPDATE billing_invoice SET customer_id = {other} WHERE id = {open}"],
        "Customer {customer}: receivable in USD in the books is 80.2200, computed 0",
    ),
    "a paid invoice's customer": (
        ["UPDATE billing_invoice SET customer_id = {other} WHERE id = {paid}"],
        "Payment {payment} pays invoice {paid}, which is another customer's",
    ),
    "an invoice's number": (
        ["UPDATE billing_invoice SET number = 'INV-2024-007' WHERE id = {paid}"],
        "INV-2024-002 is missing: the counter is at 3",
    ),
    "a number, written twice": (
        ["UPDATE billing_invoice SET number = 'INV-2024-0001' WHERE id = {last}"],
        "Invoice {last}: INV-2024-0001 is not a number of 2024, or is there twice",
    ),
    "a number of another year": (
        ["UPDATE billing_invoice SET number = 'INV-2023-001' WHERE id = {last}"],
        "Invoice {last}: INV-2023-001 is not a number of 2024",
    ),
    "a number, said to be imported": (
        ["UPDATE billing_invoice SET imported = TRUE WHERE id = {last}"],
        "INV-2024-003 was imported, and looks as if given here",
    ),
    "an issued invoice, removed without a trace": (
        [
            "DELETE FROM billing_posting WHERE entry_id IN (SELECT id FROM billing_journalentry"
            " WHERE document_type = 'invoice' AND document_id = {last})",
            "DELETE FROM billing_journalentry WHERE document_type = 'invoice'"
            " AND document_id = {last}",
            "DELETE FROM billing_invoiceitem WHERE invoice_id = {last}",
            "DELETE FROM billing_invoicetax WHERE invoice_id = {last}",
            "DELETE FROM billing_invoice WHERE id = {last}",
        ],
        "INV-2024-003 is missing: the counter is at 3",
    ),
    "the counter of the numbers": (
        ["UPDATE billing_numberseries SET last = 2"],
        "INV-2024-003 is there: the counter is at 2",
    ),
    "the counter of the numbers, removed": (
        ["DELETE FROM billing_numberseries"],
        "INV-2024-001 is there: the counter is at 0",
    ),
    "an allocation's amount": (
        ["UPDATE billing_allocation SET amount = amount - 10000 WHERE invoice_id = {paid}"],
        "Invoice {paid}: paid is 119.0000, computed 118.0000",
    ),
    "an allocation's tax": (
        ["UPDATE billing_allocation SET tax = tax - 10000 WHERE invoice_id = {paid}"],
        "Invoice {paid}: tax is 19.0000, computed 18.0000",
    ),
    "a payment's amount": (
        ["UPDATE billing_payment SET amount = amount + 10000 WHERE id = {payment}"],
        "Payment {payment}: unallocated is 0.0000, computed 1.0000",
    ),
    "a payment's amount and credit": (
        [
            "UPDATE billing_payment SET amount = amount + 10000, unallocated = unallocated"
            " + 10000 WHERE id = {credit}"
        ],
        "Payment {credit}: posted cash (both) is 40.0000, computed 41.0000",
    ),
    "a payment's credit": (
        ["UPDATE billing_payment SET unallocated = 0 WHERE id = {credit}"],
        "Payment {credit}: unallocated is 0.0000, computed 40.0000",
    ),
    "a payment's customer": (
        ["UPDATE billing_payment SET customer_id = {customer} WHERE id = {credit}"],
        "Customer {customer}: credit in USD in the books is 0, computed 40.0000",
    ),
    "a payment's line": (
        ["UPDATE billing_transaction SET amount = amount + 10000 WHERE id = {payment_line}"],
        "Transaction {payment_line}: amount is 120.0000, computed 119.0000",
    ),
    "a transaction's amount": (
        ["UPDATE billing_transaction SET amount = amount + 10000 WHERE id = {expense}"],
        "Transaction {expense}: posted cash (both) is -30.0000, computed -31.0000",
    ),
    "a transaction's tax": (
        ["UPDATE billing_transaction SET tax = tax - 10000 WHERE id = {income}"],
        "Transaction {income}: tax is 18.0000, computed 19.00",
    ),
    "a transaction's type": (
        ["UPDATE billing_transaction SET type = 'Income' WHERE id = {expense}"],
        "Transaction {expense}: posted cash (both) is -30.0000, computed 30.0000",
    ),
    "a transaction's date": (
        ["UPDATE billing_transaction SET date = '2024-02-01' WHERE id = {expense}"],
        "Transaction {expense}: date is 2024-02-01, computed 2024-01-15",
    ),
    "a transaction's account": (
        ["UPDATE billing_transaction SET account_id = 1 WHERE id = {expense}"],
        "Transaction {expense}: account_id of posting",
    ),
    "a reversed transaction, revived": (
        ["UPDATE billing_transaction SET reversed_on = NULL WHERE id = {reversed}"],
        "Transaction {reversed}: posted cash (both) is 0.0000, computed 7.0000",
    ),
    "the date on which a transaction was reversed": (
        ["UPDATE billing_transaction SET reversed_on = '2025-06-01' WHERE id = {reversed}"],
        "computed 2025-06-01",
    ),
    "a transaction, marked as reversed": (
        ["UPDATE billing_transaction SET reversed_on = '2024-02-01' WHERE id = {expense}"],
        "Transaction {expense}: posted cash (both) is -30.0000, computed 0",
    ),
    "a transaction, removed": (
        ["DELETE FROM billing_transaction WHERE id = {expense}"],
        "Transaction {expense} is gone and leaves -30.0000 posted to cash",
    ),
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_tampering_is_found_and_named(books, what):
    statements, expected = TAMPERINGS[what]

    tamper(*(statement.format(**vars(books)) for statement in statements))

    expected = expected.format(**vars(books))
    assert any(finding.startswith(expected) or expected in finding for finding in findings())


def test_the_command_names_the_first_row_of_each_check_that_is_off(books):
    tamper("UPDATE billing_account SET balance = balance + 1")
    output = StringIO()

    with pytest.raises(CommandError) as failure:
        call_command("check_books", stdout=output)

    assert str(failure.value) == f"1 of {len(CHECKS)} checks found something."
    assert failure.value.returncode == 1
    assert "Account 1: balance is" in output.getvalue()
    assert f"Account {books.bank}" not in output.getvalue()


def test_the_command_is_content_with_right_books(books):
    output = StringIO()

    call_command("check_books", stdout=output)

    assert f"The books are right: {len(CHECKS)} checks found nothing." in output.getvalue()


def test_checking_writes_nothing_and_asks_a_number_of_questions_that_does_not_grow(
    books, django_assert_max_num_queries
):
    with django_assert_max_num_queries(150) as few:
        findings()
    customer = make_customer()
    for _ in range(20):
        make_payment(invoice=make_invoice(customer=customer))
    with django_assert_max_num_queries(len(few.captured_queries)) as many:
        findings()

    assert all(query["sql"].startswith("SELECT") for query in many.captured_queries)


# ── What the database itself refuses ─────────────────────────────────────────


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE billing_invoice SET paid = amount + 1, balance = -1", "never_overpaid|follows"),
        ("UPDATE billing_invoice SET paid = -1, balance = amount + 1", "never_overpaid|follows"),
        ("UPDATE billing_invoice SET balance = balance - 1 WHERE id = {open}", "what_is_owed"),
        ("UPDATE billing_invoice SET amount = amount + 1, balance = balance + 1", "subtotal_and_tax"),
        ("UPDATE billing_invoice SET status = 'Paid' WHERE id = {open}", "follows_balance"),
        ("UPDATE billing_invoice SET status = 'Unpaid' WHERE id = {paid}", "follows_balance"),
        ("UPDATE billing_invoice SET status = 'Partially Paid' WHERE id = {open}", "follows_balance"),
        ("UPDATE billing_invoice SET status = 'Lost' WHERE id = {open}", "follows_balance"),
        ("UPDATE billing_invoice SET status = 'Void' WHERE id = {paid}", "what_is_owed"),
        ("UPDATE billing_invoice SET number = NULL WHERE id = {open}", "numbered_once_issued"),
        ("UPDATE billing_invoice SET number = 'INV-1' WHERE id = {draft}", "numbered_once_issued"),
        ("UPDATE billing_invoice SET number = 'INV-2024-002' WHERE id = {open}", "number"),
        ("UPDATE billing_invoiceitem SET quantity = 0", "sells_something"),
        ("UPDATE billing_invoiceitem SET amount = -1", "sells_something"),
        ("UPDATE billing_invoiceitem SET tax_rate = 1000001", "a_percentage"),
        ("UPDATE billing_payment SET amount = 0, unallocated = 0", "amount_positive"),
        ("UPDATE billing_payment SET unallocated = amount + 1", "never_spent_twice"),
        ("UPDATE billing_payment SET unallocated = -1", "never_spent_twice"),
        ("UPDATE billing_payment SET refunded = amount + 1", "never_spent_twice"),
        ("UPDATE billing_allocation SET amount = 0, tax = 0", "amount_positive"),
        ("UPDATE billing_allocation SET tax = amount + 1", "tax_within_amount"),
        ("UPDATE billing_transaction SET amount = -1, tax = -1", "amount_positive"),
        ("UPDATE billing_transaction SET tax = amount + 1", "tax_within_amount"),
        ("UPDATE billing_transaction SET type = 'Gift'", "type_known"),
        ("UPDATE billing_transfer SET amount = 0", "amount_positive"),
        ("UPDATE billing_transfer SET to_account_id = from_account_id", "between_two_accounts"),
        ("UPDATE billing_quote SET status = 'Lost'", "status_known"),
        ("UPDATE billing_quote SET status = 'Converted'", "names_its_invoice"),
        ("UPDATE billing_quote SET amount = amount + 1", "subtotal_and_tax"),
        ("UPDATE billing_quoteitem SET quantity = 0", "sells_something"),
        ("UPDATE billing_posting SET ledger = 'lost'", "ledger_known"),
        ("UPDATE billing_posting SET basis = 'wish'", "basis_known"),
        ("UPDATE billing_posting SET account_id = NULL", "names_account"),
        ("UPDATE billing_category SET type = 'Gift'", "type_known"),
        ("UPDATE billing_account SET type = 'Safe'", "type_known"),
        (
            "UPDATE billing_journalentry SET reverses_id = {entry} WHERE reverses_id IS NOT NULL"
            " OR id = {expense_entry}",
            "reverses",
        ),
        (
            "INSERT INTO billing_numberseries (prefix, year, last)"
            " SELECT prefix, year, 0 FROM billing_numberseries",
            "once|prefix",  # PostgreSQL names the constraint, SQLite its columns
        ),
    ],
)  # fmt: skip
def test_the_database_refuses_what_must_never_be(books, statement, rule):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        tamper(statement.format(**vars(books)))

    assert re.search(rule, str(refusal.value))
    assert findings() == []


@pytest.mark.parametrize("model", [JournalEntry, Posting])
def test_the_books_are_append_only(books, model):
    row = model.objects.order_by("id").first()
    before = list(model.objects.order_by("id").values())

    for change in (
        lambda: model.objects.update(date=datetime.date(2020, 1, 1)),
        lambda: model.objects.filter(pk=row.pk).delete(),
        lambda: model.objects.all().delete(),
        lambda: model.objects.bulk_update([row], ["date"]),
        lambda: model.objects.update_or_create(pk=row.pk, defaults={"currency": "EUR"}),
        row.save,
        row.delete,
    ):
        with pytest.raises(TypeError, match="append-only"), transaction.atomic():
            change()

    assert list(model.objects.order_by("id").values()) == before


@pytest.mark.parametrize("model", [Account, Invoice, Payment, Transaction])
def test_records_are_changed_with_their_version_or_not_at_all(books, model):
    with pytest.raises(TypeError, match="change"):
        model.objects.update(external_id=None)


def test_models_themselves_cannot_save_what_must_never_be(books):
    invoice = Invoice.objects.get(pk=books.open)
    invoice.paid = invoice.amount + 1
    with pytest.raises(IntegrityError), transaction.atomic():
        invoice.save()
    item = InvoiceItem.objects.get(pk=books.item)
    item.quantity = Decimal(-1)
    with pytest.raises(IntegrityError), transaction.atomic():
        item.save()
    with pytest.raises(IntegrityError), transaction.atomic():
        NumberSeries.objects.create(prefix="INV", year=2024)
    assert findings() == []
