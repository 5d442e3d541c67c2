"""What credit notes do to income, to what is owed, and to what was paid."""

import datetime
from decimal import Decimal

import pytest

from billing.models import Invoice, JournalEntry
from billing.models.ledger import Basis, Ledger
from tests.billing.books import booked, event_types, in_account, last_event_id
from tests.billing.crediting import FEBRUARY, credit, invoice_now
from tests.factories import (
    make_category,
    make_customer,
    make_invoice,
    make_payment,
    new_item,
)

pytestmark = pytest.mark.django_db

MARCH = datetime.date(2024, 3, 1)


def report(api, query: str = "") -> tuple[str, str]:
    """(income, outstanding), as printed."""
    data = api.get(f"/reports/financial?{query}").data
    return str(data["income"]), str(data["outstanding_invoices"])


def test_accrual_income_is_less_by_the_notes_date_and_cash_is_untouched(api):
    invoice = make_invoice("100.00", tax_rate=19)
    make_payment("59.50", invoice=invoice)

    credit(api, invoice, (0, {"amount": 50}))

    assert report(api, "basis=accrual&year=2024&month=1") == ("100.00", "59.50")
    assert report(api, "basis=accrual&year=2024&month=2") == ("-50.00", "0.00")
    assert report(api, "year=2024&month=1") == ("50.00", "59.50")
    assert report(api, "year=2024&month=2") == ("0.00", "0.00")
    assert invoice_now(api, invoice)["status"] == "Paid"
    entry = JournalEntry.objects.get(document_type="creditnote")
    assert (str(entry.date), entry.description) == (
        FEBRUARY,
        "Credit note CN-2024-001 on invoice INV-2024-001",
    )


def test_of_a_paid_invoice_the_newest_payments_return_to_the_customers_credit(api):
    invoice = make_invoice("100.00", tax_rate=19)
    older = make_payment("59.50", invoice=invoice)
    newer = make_payment("59.50", invoice=invoice)
    before = last_event_id()

    credit(api, invoice, (0, {"amount": 75}))

    shown = invoice_now(api, invoice)
    assert (shown["status"], str(shown["paid"]), str(shown["credited"])) == (
        "Paid",
        "29.75",
        "89.25",
    )
    assert api.get(f"/payments/{newer.pk}").data["unallocated"] == Decimal("59.50")
    kept = api.get(f"/payments/{older.pk}").data
    assert (kept["unallocated"], kept["allocations"][0]["amount"]) == (
        Decimal("29.75"),
        Decimal("29.75"),
    )
    assert event_types(before) == [
        "credit_note.created",
        "invoice.updated",
        "payment.updated",
        "payment.updated",
    ]
    assert report(api, "year=2024&month=2") == ("-75.00", "0.00")
    assert booked(Ledger.CUSTOMER_CREDIT) == Decimal("-89.25")
    assert in_account() == 119  # no money moved


def test_what_was_returned_can_be_refunded_or_used_again(api):
    customer = make_customer()
    invoice, other = (make_invoice("100.00", customer=customer) for _ in range(2))
    payment = make_payment("100.00", invoice=invoice)
    credit(api, invoice)

    used = {"allocations": [{"invoice_id": other.pk, "amount": 60}]}
    assert api.post(f"/payments/{payment.pk}/allocate", used).status == 200
    assert api.post(f"/payments/{payment.pk}/refund", {"amount": 40}).status == 200

    assert invoice_now(api, other)["paid"] == Decimal("60.00")
    assert in_account() == 60


def test_what_is_credited_of_one_rate_takes_that_rates_tax_back(api):
    """100.00 free of tax and 100.00 at 19 %, paid; the taxed item is credited."""
    invoice = make_invoice(items=[new_item("100.00"), new_item("100.00", tax_rate=19)])
    make_payment("219.00", invoice=invoice)

    credit(api, invoice, (1, {}))

    assert booked(Ledger.INCOME, Basis.CASH) == -100
    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == 0
    assert report(api, "year=2024&month=2") == ("-100.00", "0.00")


def test_a_note_that_closes_the_invoice_settles_the_tax_of_what_was_paid(api):
    """The customer paid the untaxed item only; crediting the other one says so."""
    invoice = make_invoice(items=[new_item("100.00"), new_item("100.00", tax_rate=19)])
    make_payment("100.00", invoice=invoice)
    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == Decimal("-8.68")

    credit(api, invoice, (1, {}))

    assert invoice_now(api, invoice)["status"] == "Paid"
    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == 0
    assert booked(Ledger.INCOME, Basis.CASH) == -100


def test_the_next_payment_settles_the_tax_when_a_note_left_something_open(api):
    invoice = make_invoice(items=[new_item("100.00"), new_item("100.00", tax_rate=19)])
    make_payment("50.00", invoice=invoice)
    credit(api, invoice, (1, {}))
    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == Decimal("-4.34")  # no money has moved

    make_payment("50.00", invoice=Invoice.objects.get())

    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == 0
    assert booked(Ledger.INCOME, Basis.CASH) == -100


def test_what_stays_paid_is_income_of_what_is_charged_still(api):
    """Half of each was paid; crediting one of them says that the other one was."""
    hosting = make_category("Hosting", "Income")
    invoice = make_invoice(items=[new_item("100.00"), new_item("100.00", category=hosting)])
    older, newer = (make_payment(amount, invoice=invoice) for amount in ("60.00", "40.00"))
    assert booked(Ledger.INCOME, Basis.CASH, category=hosting) == -50

    credit(api, invoice, (1, {}))

    assert booked(Ledger.INCOME, Basis.CASH, category=1) == -100
    assert booked(Ledger.INCOME, Basis.CASH, category=hosting) == 0
    assert report(api, "year=2024&month=1") == ("100.00", "100.00")  # as it was
    assert report(api, "year=2024&month=2") == ("0.00", "0.00")

    api.post(f"/payments/{newer.pk}/reverse", {})
    assert booked(Ledger.INCOME, Basis.CASH, category=1) == -60
    assert booked(Ledger.INCOME, Basis.CASH, category=hosting) == 0
    api.post(f"/payments/{older.pk}/refund", {"amount": 20, "date": FEBRUARY})
    assert booked(Ledger.INCOME, Basis.CASH, category=1) == -40
    assert booked(Ledger.INCOME, Basis.CASH, category=hosting) == 0


def test_what_is_paid_after_the_note_returns_on_its_own_day(api):
    """A note of February, written after a payment of March."""
    invoice = make_invoice("100.00")
    make_payment("100.00", invoice=invoice, date=MARCH)

    credit(api, invoice, (0, {"amount": 30}))

    assert report(api, "year=2024&month=2") == ("0.00", "70.00")
    assert report(api, "year=2024&month=3") == ("70.00", "0.00")


def test_a_reversed_payment_leaves_the_note_standing(api):
    invoice = make_invoice("100.00")
    payment = make_payment("100.00", invoice=invoice)
    credit(api, invoice, (0, {"amount": 30}))

    api.post(f"/payments/{payment.pk}/reverse", {})

    shown = invoice_now(api, invoice)
    assert (shown["status"], str(shown["balance"])) == ("Unpaid", "70.00")
    assert booked(Ledger.CUSTOMER_CREDIT) == booked(Ledger.INCOME, Basis.CASH) == 0


def test_a_fully_credited_invoice_is_paid_whether_anything_was_paid_or_not(api):
    unpaid, partly = make_invoice("100.00"), make_invoice("100.00")
    make_payment("40.00", invoice=partly)
    before = last_event_id()

    for invoice in (unpaid, partly):
        credit(api, invoice)
        shown = invoice_now(api, invoice)
        assert (shown["status"], shown["paid"], shown["balance"]) == ("Paid", 0, 0)

    assert event_types(before) == [
        "credit_note.created",
        "invoice.paid",
        "credit_note.created",
        "invoice.paid",
        "payment.updated",
    ]
    assert not api.get("/invoices?overdue=true").data
