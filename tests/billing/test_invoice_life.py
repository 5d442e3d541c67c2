"""A draft is issued or deleted; what is issued is voided."""

from decimal import Decimal

import pytest

from billing import invoices
from billing.models import Invoice, InvoiceItem, JournalEntry
from bizsuite.errors import NotFound
from bizsuite.numbering.models import NumberSeries
from customers import customers
from tests.billing.books import event_types, last_event_id
from tests.factories import (
    SYSTEM,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
)

pytestmark = pytest.mark.django_db


def test_issuing_gives_a_draft_its_number_and_books_it(api):
    draft = make_draft("50.00", tax_rate=10)

    answer = api.post(f"/invoices/{draft.pk}/issue")

    assert answer.status == 200
    assert (answer.data["invoice_number"], answer.data["status"]) == ("INV-2024-001", "Unpaid")
    assert api.get("/invoices?search=inv-2024-001").meta["total_records"] == 1


def test_issuing_copies_the_customer_as_they_are_then():
    customer = make_customer(account="Old Name", tax_id="DE1")
    draft = make_draft(customer=customer)
    customers.update_customer(customer, account="New Name", actor=SYSTEM)
    issued = invoices.issue_invoice(draft, actor=SYSTEM)
    customers.update_customer(customer, account="Newest Name", actor=SYSTEM)

    kept = Invoice.objects.get(pk=issued.pk).customer_details
    assert (kept["account"], kept["tax_id"]) == ("New Name", "DE1")


def test_a_draft_of_nothing_is_paid_when_it_is_issued(api):
    draft = make_draft("0.00")
    before = last_event_id()

    assert api.post(f"/invoices/{draft.pk}/issue").data["status"] == "Paid"
    assert event_types(before) == ["invoice.issued", "invoice.paid"]
    assert not JournalEntry.objects.exists()


def test_issuing_twice_is_refused_and_recorded_once(api):
    draft = make_draft()
    assert api.post(f"/invoices/{draft.pk}/issue").status == 200
    before = last_event_id()

    answer = api.post(f"/invoices/{draft.pk}/issue")

    assert (answer.status, answer.body["code"]) == (409, "invoice_not_draft")
    assert answer.body["allowed"] == ["pay", "void", "credit", "write_off"]
    assert event_types(before) == []
    assert NumberSeries.objects.get().last == 1
    assert JournalEntry.objects.count() == 1


def test_a_draft_of_an_archived_customer_is_not_issued(api):
    draft = make_draft()
    customers.archive_customer(draft.customer, actor=SYSTEM)

    answer = api.post(f"/invoices/{draft.pk}/issue")

    assert (answer.status, answer.body["code"]) == (409, "customer_archived")
    assert api.get(f"/invoices/{draft.pk}").data["status"] == "Draft"


@pytest.mark.parametrize("action", ["issue", "void"])
def test_actions_take_no_body(api, action):
    invoice = make_draft() if action == "issue" else make_invoice()

    assert api.post(f"/invoices/{invoice.pk}/{action}", {"date": "2024-01-01"}).errors == {
        "date": "Unknown field"
    }
    assert Invoice.objects.get().version == 1


def test_voiding_reverses_the_entry_on_the_invoices_date(api):
    invoice = make_invoice("100.00", tax_rate=19)

    answer = api.post(f"/invoices/{invoice.pk}/void")

    assert answer.status == 200
    assert (answer.data["status"], answer.data["balance"]) == ("Void", Decimal("0.00"))
    assert answer.data["invoice_number"] == "INV-2024-001"
    entry, opposite = JournalEntry.objects.order_by("id")
    assert (opposite.reverses, opposite.date) == (entry, invoice.date)
    report = api.get("/reports/financial?basis=accrual").data
    assert (report["income"], report["outstanding_invoices"]) == (0, 0)


@pytest.mark.parametrize("state", ["draft", "part", "paid", "void"])
def test_only_an_issued_invoice_on_which_nothing_is_paid_is_voided(api, state):
    invoice = make_draft() if state == "draft" else make_invoice()
    if state in ("part", "paid"):
        make_payment("40.00" if state == "part" else "100.00", invoice=invoice)
    if state == "void":
        invoices.void_invoice(invoice, actor=SYSTEM)
    before = last_event_id()

    answer = api.post(f"/invoices/{invoice.pk}/void")

    assert (answer.status, answer.body["code"]) == (409, "invoice_not_voidable")
    allowed = {
        "draft": ["update", "issue", "delete"],
        "part": ["pay", "credit", "write_off"],
        "paid": ["credit"],
        "void": [],
    }
    assert answer.body["allowed"] == allowed[state]
    assert event_types(before) == []


def test_an_invoice_of_nothing_can_be_voided(api):
    invoice = make_invoice("0.00")

    assert api.post(f"/invoices/{invoice.pk}/void").data["status"] == "Void"


def test_a_draft_is_deleted_with_its_items(api):
    draft = make_draft()

    answer = api.delete(f"/invoices/{draft.pk}")

    assert answer.body == {"success": True, "message": "Invoice deleted"}
    assert api.get(f"/invoices/{draft.pk}").status == 404
    assert not InvoiceItem.objects.exists()


def test_an_issued_invoice_is_not_deleted(api):
    invoice = make_invoice()

    answer = api.delete(f"/invoices/{invoice.pk}")

    assert (answer.status, answer.body["code"]) == (409, "invoice_issued")
    assert answer.body["allowed"] == ["pay", "void", "credit", "write_off"]
    assert api.get(f"/invoices/{invoice.pk}").status == 200


def test_a_draft_that_is_deleted_meanwhile_is_not_found():
    draft = make_draft()
    invoices.delete_invoice(Invoice.objects.get(), actor=SYSTEM)

    for act in (invoices.issue_invoice, invoices.void_invoice, invoices.delete_invoice):
        with pytest.raises(NotFound):
            act(draft, actor=SYSTEM)
    with pytest.raises(NotFound):
        invoices.update_invoice(draft, notes="Late", actor=SYSTEM)
