"""Payments that never happened: bounced, or recorded by mistake."""

import datetime
from decimal import Decimal

import pytest

from billing.models import Allocation, Invoice, JournalEntry, Payment, Transaction
from billing.models.ledger import Basis, Ledger
from tests.billing.books import booked, event_types, in_account, last_event_id
from tests.factories import close_period, make_customer, make_invoice, make_payment

pytestmark = pytest.mark.django_db


def reverse(api, payment, **body):
    return api.post(f"/payments/{payment.pk}/reverse", body)


def figures(api, query: str) -> tuple[str, str]:
    """(income, outstanding), as printed."""
    data = api.get(f"/reports/financial?{query}").data
    return str(data["income"]), str(data["outstanding_invoices"])


def test_the_books_are_as_if_it_had_never_been(api):
    invoice = make_invoice("100.00", tax_rate=19)
    payment = make_payment("130.00", invoice=invoice, allow_credit=True)
    before = last_event_id()

    answer = reverse(api, payment)

    shown = answer.data
    assert answer.status == 200
    assert (shown["status"], shown["amount"]) == ("Reversed", Decimal("130.00"))
    assert shown["reversed_at"] is not None
    assert (shown["allocations"], shown["unallocated"], shown["refunded"]) == ([], 0, 0)
    assert (Invoice.objects.get().status, in_account()) == ("Unpaid", 0)
    assert figures(api, "year=2024&month=1") == ("0.00", "119.00")
    assert booked(Ledger.CUSTOMER_CREDIT) == booked(Ledger.TAX_PAYABLE, Basis.CASH) == 0
    assert event_types(before) == ["payment.reversed", "transaction.updated", "invoice.updated"]
    assert Transaction.objects.get().reversed_on == payment.date
    reversals = JournalEntry.objects.exclude(reverses=None)
    assert set(reversals.values_list("date", flat=True)) == {payment.date}


def test_what_was_allocated_later_is_reversed_on_that_day(api):
    customer = make_customer()
    invoice = make_invoice("100.00", customer=customer)
    payment = make_payment("100.00", customer=customer)
    api.post(
        f"/payments/{payment.pk}/allocate",
        {"allocations": [{"invoice_id": invoice.pk, "amount": 60}], "date": "2024-03-01"},
    )

    reverse(api, payment)

    reversals = JournalEntry.objects.exclude(reverses=None).order_by("date")
    assert [str(entry.date) for entry in reversals] == ["2024-01-15", "2024-03-01"]
    assert figures(api, "year=2024&month=3") == ("0.00", "100.00")
    assert not Allocation.objects.exists()


def test_the_other_payments_of_its_invoice_stand(api):
    """The thirds of 119.00 carry 6.33, 6.34 and 6.33 of tax; the last to come makes up for any."""
    invoice = make_invoice("100.00", tax_rate=19)
    first, *_ = [make_payment(part, invoice=invoice) for part in ("39.67", "39.67", "39.66")]

    reverse(api, first)

    found = Invoice.objects.get()
    assert (found.status, found.balance) == ("Partially Paid", Decimal("39.67"))
    assert booked(Ledger.INCOME, Basis.CASH) == Decimal("-66.66")
    make_payment("39.67", invoice=found)
    assert booked(Ledger.INCOME, Basis.CASH) == Decimal("-100.00")
    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == Decimal("-19.00")


def test_a_cent_of_tax_that_reversals_leave_over_is_settled_with_the_last_payment(api):
    """Two parts that carry 0.01 each less than they should, and a last one of 0.01."""
    invoice = make_invoice("0.05", tax_rate=40)  # 0.07 with 0.02 of tax
    parts = [make_payment("0.01", invoice=invoice) for _ in range(7)]
    for part in parts:
        if Allocation.objects.get(payment=part).tax:
            reverse(api, part)

    for _ in range(2):
        make_payment("0.01", invoice=Invoice.objects.get())

    assert Invoice.objects.get().status == "Paid"
    assert sum(Allocation.objects.values_list("tax", flat=True)) == Decimal("0.02")
    assert booked(Ledger.INCOME, Basis.CASH) == Decimal("-0.05")


def assert_it_stands(payment: Payment, before: int) -> None:
    found = Payment.objects.get(pk=payment.pk)
    assert (found.reversed_at, found.version) == (None, payment.version)
    assert not JournalEntry.objects.exclude(reverses=None).exists()
    assert Transaction.objects.get(payment=payment).reversed_on is None
    assert event_types(before) == []


def test_in_a_closed_period_a_date_after_it_is_asked_for(api):
    invoice = make_invoice("100.00")
    payment = make_payment("100.00", invoice=invoice)
    close_period(datetime.date(2024, 1, 31))
    before = last_event_id()

    closed = reverse(api, payment)
    assert (closed.status, closed.body["code"]) == (409, "period_closed")
    assert_it_stands(payment, before)

    assert reverse(api, payment, date="2024-02-10").status == 200
    assert figures(api, "year=2024&month=1") == ("100.00", "0.00")  # as it was reported
    assert figures(api, "year=2024&month=2") == ("-100.00", "100.00")
    assert str(Transaction.objects.get().reversed_on) == "2024-02-10"


def test_it_is_not_reversed_before_it_happened(api):
    payment = make_payment("100.00")
    before = last_event_id()

    assert list(reverse(api, payment, date="2024-01-14").errors) == ["date"]
    assert_it_stands(payment, before)


def test_what_went_back_did_happen(api):
    payment = make_payment("100.00")
    api.post(f"/payments/{payment.pk}/refund", {"amount": 40})
    payment.refresh()
    before = last_event_id()

    answer = reverse(api, payment)

    assert (answer.status, answer.body["code"]) == (409, "payment_refunded")
    assert answer.body["allowed"] == ["allocate", "refund"]
    assert_it_stands(payment, before)


def test_nothing_more_can_be_done_with_it(api):
    customer = make_customer()
    invoice = make_invoice(customer=customer)
    payment = make_payment("100.00", customer=customer)
    reverse(api, payment)
    before, entries = last_event_id(), JournalEntry.objects.count()

    allocations = {"allocations": [{"invoice_id": invoice.pk, "amount": 1}]}
    for action, body in (("reverse", {}), ("refund", {}), ("allocate", allocations)):
        answer = api.post(f"/payments/{payment.pk}/{action}", body)
        assert (answer.status, answer.body["code"]) == (409, "payment_reversed")
        assert answer.body["message"] == f"Payment {payment.pk} was reversed."
    assert event_types(before) == []
    assert JournalEntry.objects.count() == entries


def test_its_line_in_the_cash_book_changes_with_it_only(api):
    payment = make_payment("100.00")
    path = f"/transactions/{payment.transaction.pk}"

    for answer in (
        api.patch(path, {"amount": 5}),
        api.delete(path),
        api.post(f"{path}/reverse", {}),
    ):
        assert (answer.status, answer.body["code"]) == (409, "transaction_fixed")
    assert api.get(path).data["payment_id"] == payment.pk
