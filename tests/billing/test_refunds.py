"""Money that went back to the customer."""

import datetime
from decimal import Decimal

import pytest

from billing.models import Allocation, Invoice, Payment, Refund
from billing.models.ledger import Basis, Ledger
from tests.billing.books import booked, event_types, in_account, last_event_id
from tests.factories import close_period, make_customer, make_invoice, make_payment

pytestmark = pytest.mark.django_db

FEBRUARY = "2024-02-01"


def refund(api, payment, amount=None, **fields):
    body = {"date": FEBRUARY} | fields | ({} if amount is None else {"amount": Decimal(amount)})
    return api.post(f"/payments/{payment.pk}/refund", body)


def report(api, query: str = "") -> tuple[str, str]:
    """(income, outstanding), as printed."""
    data = api.get(f"/reports/financial?{query}").data
    return str(data["income"]), str(data["outstanding_invoices"])


def test_what_no_invoice_took_goes_back_first(api):
    invoice = make_invoice("100.00", tax_rate=19)
    payment = make_payment("150.00", invoice=invoice, allow_credit=True)
    before = last_event_id()

    answer = refund(api, payment, "31.00")

    shown = answer.data
    assert answer.status == 200
    assert (shown["status"], shown["unallocated"]) == ("Partially Refunded", 0)
    assert shown["refunded"] == Decimal("31.00")
    refunds = [(each["amount"], each["date"]) for each in shown["refunds"]]
    assert refunds == [(Decimal("31.00"), FEBRUARY)]
    assert Invoice.objects.get().status == "Paid"
    assert event_types(before) == ["payment.refunded"]
    assert report(api, "year=2024&month=2") == ("0.00", "0.00")  # credit was never income
    assert in_account() == 119


def test_then_the_newest_allocation_and_its_invoice_is_owed_again(api):
    customer = make_customer()
    older = make_invoice("100.00", tax_rate=19, customer=customer)
    newer = make_invoice("100.00", tax_rate=19, customer=customer)
    payment = make_payment(
        "248.00",
        customer=customer,
        allocations=[
            {"invoice": older, "amount": Decimal("119.00")},
            {"invoice": newer, "amount": Decimal("119.00")},
        ],
    )
    before = last_event_id()

    answer = refund(api, payment, "69.50")

    assert (answer.data["unallocated"], answer.data["refunded"]) == (0, Decimal("69.50"))
    assert [each["amount"] for each in answer.data["allocations"]] == [
        Decimal("119.00"),
        Decimal("59.50"),
    ]
    found = Invoice.objects.in_bulk([older.pk, newer.pk])
    assert (found[older.pk].status, found[newer.pk].status) == ("Paid", "Partially Paid")
    assert found[newer.pk].balance == Decimal("59.50")
    assert event_types(before) == ["payment.refunded", "invoice.updated"]
    assert report(api, "year=2024&month=1") == ("200.00", "0.00")
    assert report(api, "year=2024&month=2") == ("-50.00", "59.50")


def test_without_an_amount_all_that_is_left_goes_back(api):
    invoice = make_invoice("100.00", tax_rate=19)
    payment = make_payment("119.00", invoice=invoice)
    refund(api, payment, "19.00")

    answer = refund(api, payment, date="2024-03-01")

    assert (answer.data["status"], answer.data["allocations"]) == ("Refunded", [])
    assert [str(each["amount"]) for each in answer.data["refunds"]] == ["19.00", "100.00"]
    assert not Allocation.objects.exists()
    assert (Invoice.objects.get().status, in_account()) == ("Unpaid", 0)
    assert booked(Ledger.INCOME, Basis.CASH) == booked(Ledger.TAX_PAYABLE, Basis.CASH) == 0
    assert report(api, "basis=accrual") == ("100.00", "119.00")


def test_the_tax_goes_back_as_it_came_to_the_cent(api):
    invoice = make_invoice("100.00", tax_rate=19)
    for part in ("39.67", "39.67", "39.66"):
        payment = make_payment(part, invoice=invoice)

    refund(api, payment, "20.00")
    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == Decimal("-15.81")  # of 99.00
    refund(api, payment)

    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == Decimal("-12.67")
    make_payment("39.66", invoice=Invoice.objects.get())
    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == Decimal("-19.00")
    assert booked(Ledger.INCOME, Basis.CASH) == Decimal("-100.00")


def test_an_invoice_that_was_paid_twice_by_one_payment_gives_back_its_newest_part(api):
    customer = make_customer()
    invoice = make_invoice("100.00", customer=customer)
    payment = make_payment("100.00", customer=customer)
    for part, date in (("70.00", "2024-02-01"), ("30.00", "2024-03-01")):
        body = {"allocations": [{"invoice_id": invoice.pk, "amount": Decimal(part)}], "date": date}
        assert api.post(f"/payments/{payment.pk}/allocate", body).status == 200

    answer = refund(api, payment, "40.00", date="2024-04-01")

    assert answer.data["allocations"] == [
        {"invoice_id": invoice.pk, "amount": Decimal("60.00"), "date": "2024-02-01"}
    ]


def test_a_deposit_goes_back_before_its_invoice_is_dated(api):
    customer = make_customer()
    invoice = make_invoice("100.00", customer=customer, date=datetime.date(2024, 6, 1))
    payment = make_payment("100.00", invoice=invoice)

    refund(api, payment)

    assert in_account() == 0
    assert report(api, "year=2024&month=2") == ("0.00", "0.00")
    assert report(api, "year=2024&month=6") == ("0.00", "100.00")


def assert_nothing_went_back(payment: Payment, before: int) -> None:
    found = Payment.objects.get(pk=payment.pk)
    assert (found.refunded, found.version) == (payment.refunded, payment.version)
    assert in_account() == payment.amount - payment.refunded
    assert event_types(before) == []


def test_more_than_is_left_is_refused_with_the_figures(api):
    payment = make_payment("100.00")
    refund(api, payment, "60.00")
    payment.refresh()
    before = last_event_id()

    answer = refund(api, payment, "40.01")

    assert (answer.status, answer.body["code"]) == (409, "refund_exceeds_payment")
    assert answer.body["message"] == (
        f"Payment {payment.pk} has 40.00 USD left to refund, and 40.01 USD is asked for."
    )
    assert answer.body["allowed"] == ["allocate", "refund"]
    assert_nothing_went_back(payment, before)


def test_what_was_refunded_in_full_has_nothing_left(api):
    payment = make_payment("100.00")
    refund(api, payment)
    payment.refresh()
    before = last_event_id()

    answer = refund(api, payment)

    assert (answer.status, answer.body["code"]) == (409, "refund_exceeds_payment")
    assert "allowed" not in answer.body or answer.body["allowed"] == []
    assert Refund.objects.count() == 1
    assert_nothing_went_back(payment, before)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": "0.001"}, "amount"),
        ({"amount": None}, "amount"),
        ({"date": "2024-01-14"}, "date"),
        ({"account_id": 1}, "account_id"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_goes_back(api, wrong, field):
    payment = make_payment("100.00")
    before = last_event_id()

    answer = api.post(f"/payments/{payment.pk}/refund", wrong)

    assert list(answer.errors) == [field]
    assert_nothing_went_back(payment, before)


def test_nothing_goes_back_in_a_closed_period(api):
    payment = make_payment("100.00")
    close_period(datetime.date(2024, 2, 29))
    before = last_event_id()

    answer = refund(api, payment)

    assert (answer.status, answer.body["code"]) == (409, "period_closed")
    assert_nothing_went_back(payment, before)


def test_a_repeated_request_refunds_once(api):
    payment = make_payment("100.00")

    answers = [
        api.post(f"/payments/{payment.pk}/refund", {"amount": 30}, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]

    assert answers[0].raw == answers[1].raw
    assert in_account() == 70


def test_payments_are_found_by_what_has_become_of_them(api):
    kept, part, gone, never = (make_payment("100.00") for _ in range(4))
    refund(api, part, "1.00")
    refund(api, gone)
    api.post(f"/payments/{never.pk}/reverse")

    def ids(status):
        return [row["id"] for row in api.get(f"/payments?status={status}").data]

    assert ids("Received") == [kept.pk]
    assert ids("partially refunded") == [part.pk]
    assert ids("Refunded") == [gone.pk]
    assert ids("REVERSED") == [never.pk]
    assert list(api.get("/payments?status=Lost").errors) == ["status"]
