"""What customers will not pay, given up and taken back."""

import datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing import invoices
from billing.models import Allocation, Invoice, JournalEntry, WriteOff
from billing.models.ledger import Basis, Ledger
from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from tests.billing.books import booked, event_types, last_event_id, payload
from tests.billing.crediting import credit, invoice_now
from tests.billing.writing_off import MARCH, figures, refused, write_off
from tests.factories import (
    SYSTEM,
    close_period,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_write_off,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice():
    """119.00, of which 19.00 are tax."""
    return make_invoice("100.00", tax_rate=19)


# ── Giving up ────────────────────────────────────────────────────────────────


def test_all_that_is_owed_is_written_off_unless_told_otherwise(api, invoice):
    answer = write_off(api, invoice, reason="Dissolved")

    assert answer.status == 200
    assert answer.data == invoice_now(api, invoice)
    assert figures(api, invoice) == ("Paid", 0, 0, 119, 0)
    (row,) = api.get("/write-offs").data
    assert row == api.get(f"/write-offs/{row['id']}").data
    assert (row["invoice_id"], row["customer_id"]) == (invoice.pk, invoice.customer_id)
    assert (row["amount"], row["date"], row["reason"]) == (119, MARCH, "Dissolved")
    assert row["reversed_on"] is None


def test_a_part_leaves_the_rest_owed(api, invoice):
    write_off(api, invoice, amount=19)

    assert figures(api, invoice) == ("Unpaid", 0, 0, 19, 100)
    make_payment("40.00", invoice=invoice)
    assert figures(api, invoice) == ("Partially Paid", 40, 0, 19, 60)
    write_off(api, invoice, amount=10)
    assert figures(api, invoice) == ("Partially Paid", 40, 0, 29, 50)
    make_payment("50.00", invoice=invoice)
    assert figures(api, invoice) == ("Paid", 90, 0, 29, 0)


def test_it_is_a_loss_of_the_gross_amount_on_the_accrual_basis_alone(api, invoice):
    write_off(api, invoice)

    entry = JournalEntry.objects.get(document_type="writeoff")
    assert str(entry.date) == MARCH
    assert entry.description == f"Write-off of invoice {invoice.number}"
    assert [(p.ledger, p.basis, p.amount, p.customer_id) for p in entry.postings.all()] == [
        ("write_off", "accrual", 119, invoice.customer_id),
        ("receivable", "accrual", -119, invoice.customer_id),
    ]
    # The tax stays as it was invoiced: relief for it is another matter in each country.
    assert booked(Ledger.TAX_PAYABLE, Basis.ACCRUAL) == -19


def test_reports_show_it_as_an_expense_of_its_day_on_the_accrual_basis(api, invoice):
    write_off(api, invoice, amount=60)

    def report(query: str) -> tuple:
        data = api.get(f"/reports/financial?year=2024&{query}").data
        names = ("income", "expenses", "profit", "outstanding_invoices")
        return tuple(data[name] for name in names)

    assert report("basis=accrual") == (100, 60, 40, 59)
    assert report("basis=accrual&month=1") == (100, 0, 100, 119)
    assert report("basis=accrual&month=3") == (0, 60, -60, 59)
    assert report("basis=cash") == (0, 0, 0, 59)


def test_only_what_was_really_paid_is_income_and_tax_on_the_cash_basis(api, invoice):
    first = make_payment("39.67", invoice=invoice)
    make_payment("39.67", invoice=invoice)
    write_off(api, invoice)

    assert figures(api, invoice) == ("Paid", Decimal("79.34"), 0, Decimal("39.66"), 0)
    shares = Allocation.objects.order_by("id").values_list("tax", flat=True)
    assert list(shares) == [Decimal("6.33"), Decimal("6.34")]
    assert booked(Ledger.INCOME, Basis.CASH, basis=Basis.CASH) == Decimal("-66.67")
    # Nothing of the payments was booked anew.
    assert JournalEntry.objects.filter(document_type="payment", document_id=first.pk).count() == 1


def test_the_customers_statement_shows_it(api, invoice):
    write_off(api, invoice, amount=19)

    statement = api.get(f"/customers/{invoice.customer_id}/statement").data

    line = statement["lines"][-1]
    assert (line["type"], line["document_type"], line["amount"]) == ("write_off", "write_off", -19)
    assert line["document_id"] == WriteOff.objects.get().pk
    assert statement["outstanding"] == 100


def test_the_events_show_the_invoice_and_the_write_off(api, invoice):
    before = last_event_id()

    write_off(api, invoice)

    # Not invoice.paid: nothing came.
    assert event_types(before) == ["write_off.created", "invoice.written_off"]
    told = payload(Event.objects.get(type="invoice.written_off"))
    assert (told["status"], told["written_off"], told["balance"]) == ("Paid", 119, 0)
    assert payload(Event.objects.get(type="write_off.created"))["amount"] == 119


def test_a_written_off_invoice_is_no_longer_overdue(api, invoice):
    assert invoice_now(api, invoice)["overdue"] is True
    write_off(api, invoice)

    assert invoice_now(api, invoice)["overdue"] is False
    assert api.get("/invoices?overdue=true").data == []


def test_its_date_is_today_unless_told_otherwise(api, invoice):
    api.post(f"/invoices/{invoice.pk}/write-off", {})

    assert WriteOff.objects.get().date == organisation().today()


# ── What is refused ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"amount": -1}, "amount"),
        ({"amount": "0.001"}, "amount"),
        ({"date": "2024-01-14"}, "date"),
        ({"reason": 7}, "reason"),
        ({"invoice_id": 1}, "invoice_id"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_written(api, invoice, wrong, field):
    before = last_event_id()

    answer = write_off(api, invoice, **wrong)

    assert answer.status == 400
    assert list(answer.errors) == [field]
    assert not WriteOff.objects.exists()
    assert event_types(before) == []


def test_more_than_is_owed_is_refused(api, invoice):
    make_payment("19.00", invoice=invoice)

    refused(
        write_off(api, invoice, amount="100.01"),
        "write_off_exceeds_balance",
        "pay", "credit", "write_off",
    )  # fmt: skip
    assert not WriteOff.objects.exists()


def test_nothing_is_owed_on_drafts_void_paid_and_written_off_invoices(api, invoice):
    draft, void = make_draft(), make_invoice()
    invoices.void_invoice(void, actor=SYSTEM)
    paid = make_invoice()
    make_payment(invoice=paid)
    write_off(api, invoice)

    refused(write_off(api, draft), "invoice_not_open", "update", "issue", "delete")
    refused(write_off(api, void), "invoice_not_open")
    refused(write_off(api, paid), "invoice_not_open", "credit")
    refused(write_off(api, invoice), "invoice_not_open", "reverse_write_off")
    assert WriteOff.objects.count() == 1


def test_a_closed_period_is_refused(api, invoice):
    close_period(datetime.date(2024, 3, 1))

    refused(write_off(api, invoice), "period_closed")
    assert figures(api, invoice) == ("Unpaid", 0, 0, 0, 119)
    assert write_off(api, invoice, date="2024-03-02").status == 200


def test_an_invoice_of_which_something_is_written_off_is_not_voided(api, invoice):
    write_off(api, invoice, amount=19)

    refused(
        api.post(f"/invoices/{invoice.pk}/void"),
        "invoice_not_voidable",
        "pay", "credit", "write_off", "reverse_write_off",
    )  # fmt: skip


def test_what_was_written_off_cannot_be_credited_too(api, invoice):
    write_off(api, invoice, amount=59)

    refused(
        credit(api, invoice),
        "invoice_written_off",
        "pay", "credit", "write_off", "reverse_write_off",
    )  # fmt: skip
    assert figures(api, invoice) == ("Unpaid", 0, 0, 59, 60)
    assert credit(api, invoice, (0, {"amount": 50})).data["amount"] == Decimal("59.50")
    assert figures(api, invoice) == ("Unpaid", 0, Decimal("59.50"), 59, Decimal("0.50"))


def test_of_an_invoice_written_off_wholly_nothing_can_be_credited(api, invoice):
    write_off(api, invoice)

    refused(credit(api, invoice, (0, {"amount": 1})), "invoice_written_off", "reverse_write_off")


def test_a_credit_note_on_what_was_paid_returns_it_and_leaves_the_write_off(api, invoice):
    payment = make_payment("59.50", invoice=invoice)
    write_off(api, invoice)

    credit(api, invoice, (0, {"amount": 10}))

    assert figures(api, invoice) == (
        "Paid",
        Decimal("47.60"),
        Decimal("11.90"),
        Decimal("59.50"),
        0,
    )
    payment.refresh()
    assert payment.unallocated == Decimal("11.90")


def test_money_that_comes_all_the_same_is_no_payment_on_it_but_credit(api, invoice):
    write_off(api, invoice)
    path, body = f"/invoices/{invoice.pk}/payments", {"amount": 20, "date": MARCH}

    refused(api.post(path, body), "invoice_not_open", "reverse_write_off")
    assert api.post(path, body | {"allow_credit": True}).data["unallocated"] == 20


# ── Looking ──────────────────────────────────────────────────────────────────


def test_the_list_is_filtered_by_invoice_customer_state_and_date(api, invoice):
    customer = make_customer(account="Other")
    theirs = make_write_off(make_invoice(customer=customer), reason="Bankrupt")
    own = make_write_off(invoice, date=datetime.date(2024, 3, 1))
    api.post(f"/write-offs/{own.pk}/reverse", {})

    def found(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"/write-offs?{query}").data]

    assert found(f"invoice_id={invoice.pk}") == [own.pk]
    assert found(f"customer_id={customer.pk}") == [theirs.pk]
    assert found("reversed=true") == [own.pk]
    assert found("reversed=false") == [theirs.pk]
    assert found("date_from=2024-02-01") == [own.pk]
    assert found("search=bankrupt other") == [theirs.pk]


def test_it_is_known_elsewhere_by_its_external_id_once(api, invoice):
    assert write_off(api, invoice, amount=1, external_id="w1", metadata={"by": "Kim"}).status == 200

    again = write_off(api, invoice, amount=1, external_id="w1")

    assert again.errors == {"external_id": "Another record has this value"}
    (row,) = api.get("/write-offs?external_id=w1").data
    assert row["metadata"] == {"by": "Kim"}


def test_it_is_not_made_changed_or_removed_by_itself(api, invoice):
    path = f"/write-offs/{make_write_off(invoice).pk}"

    assert [api.patch(path, {}).status, api.delete(path).status] == [405, 405]
    assert api.post("/write-offs", {}).status == 405


@pytest.mark.parametrize(
    "statement",
    [
        {"written_off": Decimal(-1), "balance": Decimal(120)},
        {"written_off": Decimal(20)},
        {"written_off": Decimal(120), "balance": Decimal(-1)},
    ],
)
def test_the_database_refuses_figures_that_cannot_be(invoice, statement):
    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).change(**statement)
