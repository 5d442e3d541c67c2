"""A customer's statement: what happened on their account, and that it adds up."""

import datetime
import random
from decimal import Decimal

import pytest
from django.db.models import Sum

from billing import invoices, payments, refunds
from billing.models import Invoice, Payment
from billing.statements import customer_statement
from bizsuite.identity.roles import Role
from tests.factories import (
    DAY,
    SYSTEM,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_transaction,
    new_invoice,
)

pytestmark = pytest.mark.django_db

LATER = DAY + datetime.timedelta(days=10)
LATEST = DAY + datetime.timedelta(days=20)


def statement(customer, **period):
    asked = {"date_from": None, "date_to": datetime.date(2030, 1, 1)} | period
    return customer_statement(customer, own_currency="USD", **asked)


def shown(customer, **period) -> list[tuple]:
    return [(line.type, line.amount, line.balance) for line in statement(customer, **period).lines]


def test_it_tells_what_was_charged_and_paid_in_order(api):
    customer = make_customer()
    second = make_invoice("50.00", customer=customer, date=LATER)
    first = make_invoice("100.00", tax_rate=19, customer=customer)
    payment = make_payment("119.00", invoice=first, date=LATER)

    answer = api.get(f"/customers/{customer.pk}/statement")

    assert answer.status == 200
    today = str(datetime.date.today())
    assert answer.data | {"lines": None} == {
        "customer_id": customer.pk,
        "currency": "USD",
        "currencies": ["USD"],
        "date_from": None,
        "date_to": today,
        "opening_balance": Decimal("0.00"),
        "lines": None,
        "closing_balance": Decimal("50.00"),
        "outstanding": Decimal("50.00"),
        "credit": Decimal("0.00"),
    }
    assert [tuple(line.values()) for line in answer.data["lines"]] == [
        (str(DAY), "invoice", "invoice", first.pk, f"Invoice {first.number}", 119, 119),
        (str(LATER), "invoice", "invoice", second.pk, f"Invoice {second.number}", 50, 169),
        (str(LATER), "payment", "payment", payment.pk, "Payment from Jane Smith", -119, 50),
    ]
    assert b'"amount":119.00,"balance":119.00' in answer.raw


def test_a_period_opens_with_what_was_before_it_and_closes_with_what_was_in_it(api):
    customer = make_customer()
    first = make_invoice("100.00", customer=customer)
    make_payment("30.00", invoice=first, date=LATER)
    make_invoice("5.00", customer=customer, date=LATEST)

    got = api.get(f"/customers/{customer.pk}/statement?date_from={LATER}&date_to={LATER}").data

    assert (got["opening_balance"], got["closing_balance"]) == (100, 70)
    assert [line["amount"] for line in got["lines"]] == [-30]
    after = api.get(f"/customers/{customer.pk}/statement?date_from=2024-12-01").data
    assert (after["opening_balance"], after["lines"], after["closing_balance"]) == (75, [], 75)


def test_credit_is_not_owed_and_putting_it_against_an_invoice_changes_nothing():
    customer = make_customer()
    payment = make_payment("100.00", customer=customer)
    invoice = make_invoice("80.00", customer=customer, date=LATER)
    before = statement(customer)
    assert (before.closing_balance, before.credit, before.outstanding) == (-20, 100, 80)

    payments.allocate_payment(
        payment,
        allocations=[{"invoice": invoice, "amount": Decimal(80)}],
        date=LATEST,
        actor=SYSTEM,
    )

    after = statement(customer)
    assert (after.closing_balance, after.credit, after.outstanding) == (-20, 20, 0)
    assert after.lines == before.lines


def test_drafts_void_invoices_and_what_never_happened_are_not_in_it():
    customer = make_customer()
    make_draft(customer=customer)
    invoices.void_invoice(make_invoice(customer=customer), actor=SYSTEM)
    payments.reverse_payment(make_payment(customer=customer), actor=SYSTEM)
    make_invoice("0.00", customer=customer)

    assert shown(customer) == []
    assert statement(customer).closing_balance == 0


def test_a_reversal_on_another_day_is_a_line_of_its_own():
    customer = make_customer()
    payment = make_payment("40.00", invoice=make_invoice("40.00", customer=customer))

    payments.reverse_payment(payment, date=LATER, actor=SYSTEM)

    assert shown(customer) == [("invoice", 40, 40), ("payment", -40, 0), ("reversal", 40, 40)]


def test_money_that_went_back_is_a_refund():
    customer = make_customer()
    payment = make_payment("40.00", invoice=make_invoice("40.00", customer=customer))

    refunds.refund_payment(payment, amount=Decimal(15), date=LATER, actor=SYSTEM)

    assert shown(customer) == [("invoice", 40, 40), ("payment", -40, 0), ("refund", 15, 15)]
    last = statement(customer).lines[-1]
    assert (last.document_type, last.document_id) == ("payment", payment.pk)


def test_other_customers_and_the_cash_book_are_not_in_it():
    customer, other = make_customer(), make_customer()
    make_payment("5.00", invoice=make_invoice("10.00", customer=other))
    make_transaction("7.00")

    assert shown(customer) == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("date_from=2024-02-02&date_to=2024-02-01", "date_from"),
        ("date_from=02.01.2024", "date_from"),
        ("date_to=", "date_to"),
        ("until=2024-01-01", "until"),
    ],
)
def test_a_wrong_period_is_named(api, query, field):
    customer = make_customer()

    assert list(api.get(f"/customers/{customer.pk}/statement?{query}").errors) == [field]


def test_there_is_none_of_a_customer_who_is_not_there(api):
    assert api.get("/customers/999999/statement").status == 404
    assert api.get(f"/customers/{'9' * 18}/statement").status == 404


def test_who_reads_all_that_it_shows_reads_it(client_with):
    path = f"/customers/{make_customer().pk}/statement"
    both = ("invoices:read", "payments:read")

    assert client_with(role=Role.VIEWER).get(path).status == 200
    assert client_with(scopes=both).get(path).status == 200
    assert client_with(role=Role.SALES).get(path).status == 403
    assert client_with(scopes=("customers:read",)).get(path).status == 403
    for scope in both:
        assert client_with(scopes=(scope,)).get(path).status == 403


def test_a_long_account_costs_as_many_queries_as_a_short_one(api, django_assert_max_num_queries):
    customer = make_customer()
    make_payment("10.00", invoice=make_invoice("100.00", customer=customer))
    path = f"/customers/{customer.pk}/statement?date_from=2024-01-01"
    with django_assert_max_num_queries(10) as short:
        api.get(path)
    for _ in range(8):
        make_payment("10.00", invoice=make_invoice("100.00", customer=customer))

    with django_assert_max_num_queries(len(short.captured_queries)):
        answer = api.get(path)

    assert len(answer.data["lines"]) == 18


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happened_it_closes_with_open_balances_less_credit(seed):
    chance = random.Random(seed)
    customer = make_customer()
    days = [DAY + datetime.timedelta(days=n) for n in range(0, 60, 7)]
    for _ in range(12):
        fields = new_invoice(
            Decimal(chance.randrange(1, 20000)) / 100,
            tax_rate=chance.choice([0, 7, 19]),
            customer=customer,
            date=chance.choice(days),
        )
        invoice = invoices.create_invoice(actor=SYSTEM, **fields)
        act = chance.choice(["nothing", "void", "part", "more", "refund", "reverse"])
        if act == "void":
            invoices.void_invoice(invoice, actor=SYSTEM)
        elif act != "nothing":
            share = invoice.amount if act != "part" else Decimal("0.01")
            extra = Decimal(5) if act == "more" else Decimal(0)
            payment = make_payment(
                share + extra, invoice=invoice, date=chance.choice(days), allow_credit=True
            )
            if act == "refund":
                refunds.refund_payment(payment, date=days[-1], actor=SYSTEM)
            if act == "reverse":
                payments.reverse_payment(payment, date=days[-1], actor=SYSTEM)

    whole = statement(customer)

    owed = Invoice.objects.open().aggregate(sum=Sum("balance", default=Decimal(0)))["sum"]
    credit = Payment.objects.aggregate(sum=Sum("unallocated", default=Decimal(0)))["sum"]
    assert (whole.outstanding, whole.credit) == (owed, credit)
    assert whole.closing_balance == owed - credit
    assert whole.opening_balance + sum(line.amount for line in whole.lines) == owed - credit
    # Any two periods that meet add up to the whole.
    middle = days[4]
    first = statement(customer, date_to=middle - datetime.timedelta(days=1))
    second = statement(customer, date_from=middle)
    assert second.opening_balance == first.closing_balance
    assert second.closing_balance == whole.closing_balance
    assert [line.amount for line in first.lines + second.lines] == [
        line.amount for line in whole.lines
    ]
