"""The customer's credit, put against invoices of theirs."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Allocation, Invoice, Payment
from billing.models.ledger import Basis, Ledger
from customers import customers
from tests.billing.books import booked, event_types, in_account, last_event_id
from tests.factories import (
    SYSTEM,
    close_period,
    make_credit_note,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    new_item,
)

pytestmark = pytest.mark.django_db


def allocate(api, payment, *allocations, **fields):
    """allocations: (invoice, amount) each."""
    listed = [{"invoice_id": invoice.pk, "amount": Decimal(a)} for invoice, a in allocations]
    return api.post(f"/payments/{payment.pk}/allocate", {"allocations": listed} | fields)


def income(api, query: str) -> Decimal:
    return api.get(f"/reports/financial?{query}").data["income"]


def test_credit_pays_invoices_and_less_of_it_is_left(api):
    customer = make_customer()
    credit = make_payment("100.00", customer=customer)
    first, second = (make_invoice("60.00", customer=customer) for _ in range(2))
    before = last_event_id()

    answer = allocate(api, credit, (second, "30.00"), (first, "60.00"), date="2024-02-01")

    assert answer.status == 200
    assert answer.data["unallocated"] == Decimal("10.00")
    assert answer.data["allocations"] == [
        {"invoice_id": first.pk, "amount": Decimal("60.00"), "date": "2024-02-01"},
        {"invoice_id": second.pk, "amount": Decimal("30.00"), "date": "2024-02-01"},
    ]
    assert [i.status for i in Invoice.objects.order_by("pk")] == ["Paid", "Partially Paid"]
    assert event_types(before) == ["payment.allocated", "invoice.paid", "invoice.updated"]
    assert booked(Ledger.CUSTOMER_CREDIT) == -10
    assert in_account() == 100  # no money moved


def test_it_counts_on_the_later_of_its_own_day_and_the_payments(api):
    """59.50 in December and 69.50 with credit in January: income 50.00 and 50.00, credit 10.00."""
    customer = make_customer()
    invoice = make_invoice(
        "100.00", tax_rate=19, customer=customer, date=datetime.date(2023, 12, 1)
    )
    make_payment("59.50", invoice=invoice, date=datetime.date(2023, 12, 10))
    credit = make_payment("69.50", customer=customer, date=datetime.date(2024, 1, 10))

    answer = allocate(api, credit, (invoice, "59.50"), date="2023-12-20")

    assert answer.data["allocations"][0]["date"] == "2024-01-10"
    assert answer.data["unallocated"] == Decimal("10.00")
    assert income(api, "year=2023&month=12") == Decimal("50.00")
    assert income(api, "year=2024&month=1") == Decimal("50.00")
    assert booked(Ledger.CUSTOMER_CREDIT) == -10
    assert [each.tax for each in Allocation.objects.all()] == [Decimal("9.5"), Decimal("9.5")]


def test_each_part_carries_its_share_of_the_tax_rounded_cumulatively(api):
    customer = make_customer()
    invoice = make_invoice("100.00", tax_rate=19, customer=customer)
    credit = make_payment("119.00", customer=customer)

    nets = []
    for part in ("39.67", "39.67", "39.66"):
        allocate(api, credit, (invoice, part))
        nets.append(-booked(Ledger.INCOME, Basis.CASH) - sum(nets))

    assert nets == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_what_is_said_of_an_invoice_of_tomorrow_counts_tomorrow(api):
    customer = make_customer()
    credit = make_payment("50.00", customer=customer)
    later = make_invoice("50.00", customer=customer, date=datetime.date(2024, 6, 1))

    answer = allocate(api, credit, (later, "50.00"), date="2024-02-01")

    assert answer.data["allocations"][0]["date"] == "2024-06-01"
    assert income(api, "year=2024&month=2") == 0
    assert income(api, "year=2024&month=6") == 50


def assert_nothing_was_allocated(credit: Payment, before: int) -> None:
    assert Payment.objects.get(pk=credit.pk).unallocated == credit.unallocated
    assert not Allocation.objects.exists()
    assert set(Invoice.objects.values_list("paid", flat=True)) <= {Decimal(0)}
    assert event_types(before) == []


def test_more_than_is_left_is_refused_with_both_figures(api):
    customer = make_customer()
    credit = make_payment("50.00", customer=customer)
    both = [make_invoice("40.00", customer=customer) for _ in range(2)]
    before = last_event_id()

    answer = allocate(api, credit, *((invoice, "25.01") for invoice in both))

    assert (answer.status, answer.body["code"]) == (409, "credit_exceeded")
    assert answer.body["message"] == (
        f"Payment {credit.pk} has 50.00 USD left to allocate, and 50.02 USD is asked for."
    )
    assert answer.body["allowed"] == ["allocate", "refund", "reverse"]
    assert_nothing_was_allocated(credit, before)


def test_more_than_is_owed_is_refused_and_nothing_of_it_stands(api):
    customer = make_customer()
    credit = make_payment("100.00", customer=customer)
    first, second = (make_invoice("40.00", customer=customer) for _ in range(2))
    before = last_event_id()

    answer = allocate(api, credit, (first, "40.00"), (second, "40.01"))

    assert (answer.status, answer.body["code"]) == (409, "payment_exceeds_balance")
    assert answer.body["message"] == f"Invoice {second.number} has 40.00 USD left to pay."
    assert_nothing_was_allocated(credit, before)


def test_drafts_void_and_paid_invoices_take_nothing(api):
    customer = make_customer()
    credit = make_payment("50.00", customer=customer)
    draft, void = make_draft(customer=customer), make_invoice(customer=customer)
    api.post(f"/invoices/{void.pk}/void")
    before = last_event_id()

    for invoice in (draft, void):
        answer = allocate(api, credit, (invoice, "1.00"))
        assert (answer.status, answer.body["code"]) == (409, "invoice_not_open")
    assert_nothing_was_allocated(credit, before)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "allocations"),
        ({"allocations": []}, "allocations"),
        ({"allocations": [{"invoice_id": 9**9, "amount": 1}]}, "allocations.0.invoice_id"),
        ({"allocations": [{"invoice_id": "own", "amount": 0}]}, "allocations.0.amount"),
        ({"allocations": [{"invoice_id": "own", "amount": "0.001"}]}, "allocations.0.amount"),
        ({"allocations": [{"invoice_id": "own"}]}, "allocations.0.amount"),
        ({"allocations": [{"invoice_id": "other", "amount": 1}]}, "allocations.0.invoice_id"),
        ({"allocations": [{"invoice_id": "own", "amount": 1}] * 2}, "allocations.1.invoice_id"),
        ({"allocations": [{"invoice_id": "own", "amount": 1}], "amount": 1}, "amount"),
        ({"allocations": [{"invoice_id": "own", "amount": 1}], "date": "1.2.2024"}, "date"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_allocated(api, body, field):
    customer = make_customer()
    credit = make_payment("50.00", customer=customer)
    ids = {"own": make_invoice(customer=customer).pk, "other": make_invoice().pk}
    before = last_event_id()
    listed = [
        each | {"invoice_id": ids.get(each["invoice_id"], each["invoice_id"])}
        for each in body.get("allocations", [])
    ]

    answer = api.post(
        f"/payments/{credit.pk}/allocate",
        body | ({"allocations": listed} if "allocations" in body else {}),
    )

    assert list(answer.errors) == [field]
    assert_nothing_was_allocated(credit, before)


def test_an_archived_customer_may_still_use_their_credit(api):
    customer = make_customer()
    credit = make_payment("50.00", customer=customer)
    invoice = make_invoice("50.00", customer=customer)
    customers.archive_customer(customer, actor=SYSTEM)

    assert allocate(api, credit, (invoice, "50.00")).data["unallocated"] == 0


def test_nothing_is_allocated_in_a_closed_period(api):
    customer = make_customer()
    credit = make_payment("50.00", customer=customer)
    invoice = make_invoice("50.00", customer=customer)
    close_period(datetime.date(2024, 1, 31))
    before = last_event_id()

    answer = allocate(api, credit, (invoice, "50.00"), date="2024-01-31")

    assert (answer.status, answer.body["code"]) == (409, "period_closed")
    assert_nothing_was_allocated(credit, before)
    assert allocate(api, credit, (invoice, "50.00"), date="2024-02-01").status == 200


def test_what_it_settles_of_earlier_payments_counts_no_sooner_than_itself(api):
    """The invoice's taxed item is credited, so its last cent says that there was no tax in it."""
    customer = make_customer()
    invoice = make_invoice(
        customer=customer, items=[new_item("100.00"), new_item("20.00", tax_rate=20)]
    )
    make_payment("99.00", invoice=invoice)
    make_credit_note(invoice, (1, "20.00"), date=datetime.date(2024, 1, 20))
    payment = make_payment("1.00", customer=customer, date=datetime.date(2024, 3, 1))
    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == Decimal("-3.19")
    close_period(datetime.date(2024, 2, 15))

    answer = allocate(api, payment, (invoice, "1.00"), date="2024-02-01")

    assert answer.status == 200
    assert income(api, "year=2024&month=2") == 0
    assert income(api, "year=2024&month=3") == Decimal("4.19")
    assert booked(Ledger.TAX_PAYABLE, Basis.CASH) == 0


def test_a_repeated_request_allocates_once(api):
    customer = make_customer()
    credit = make_payment("50.00", customer=customer)
    invoice = make_invoice("50.00", customer=customer)
    body = {"allocations": [{"invoice_id": invoice.pk, "amount": 20}]}

    answers = [
        api.post(f"/payments/{credit.pk}/allocate", body, headers={"Idempotency-Key": "k"})
        for _ in range(2)
    ]

    assert answers[0].raw == answers[1].raw
    assert Invoice.objects.get(pk=invoice.pk).paid == 20


def test_payments_with_credit_are_listed(api):
    customer = make_customer()
    credit = make_payment("50.00", customer=customer)
    used = make_payment("100.00", invoice=make_invoice(customer=customer))

    def ids(query):
        return [row["id"] for row in api.get(f"/payments?{query}").data]

    assert ids("unallocated=true") == [credit.pk]
    assert ids("unallocated=false") == [used.pk]


def test_the_twentieth_payment_of_an_invoice_asks_no_more_than_the_second(
    django_assert_num_queries,
):
    invoice = make_invoice("100.00", tax_rate=19)
    make_payment("1.00", invoice=invoice)
    with CaptureQueriesContext(connection) as second:
        make_payment("1.00", invoice=invoice)
    for _ in range(17):
        make_payment("1.00", invoice=invoice)

    with django_assert_num_queries(len(second)):
        make_payment("1.00", invoice=invoice)
