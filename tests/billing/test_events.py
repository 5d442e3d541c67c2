"""What billing says happened: exactly that, once, as the API shows it."""

import datetime
from collections import defaultdict
from decimal import Decimal

import pytest

from billing import catalogue, invoices, payments, transactions
from billing.models import Account, Category, Invoice
from billing.tasks import announce_overdue_invoices
from bizsuite.events.models import Event
from bizsuite.exact_json import decode
from bizsuite.identity.models import organisation
from bizsuite.team import profile
from tests.billing.books import event_types, last_event_id
from tests.factories import (
    DAY,
    SYSTEM,
    make_account,
    make_category,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_product,
    make_transaction,
    new_item,
)

pytestmark = pytest.mark.django_db

PATHS = {
    "invoice": "/invoices",
    "payment": "/payments",
    "transaction": "/transactions",
    "account": "/accounts",
    "category": "/categories",
    "product": "/products",
}


def since(before: int) -> list[Event]:
    return list(Event.objects.filter(pk__gt=before).order_by("pk"))


def told_by(act) -> list[str]:
    before = last_event_id()
    act()
    return event_types(before)


# ── Which ────────────────────────────────────────────────────────────────────


def test_an_issued_invoice_is_created_and_issued():
    customer = make_customer()

    assert told_by(lambda: make_invoice(customer=customer)) == ["invoice.created", "invoice.issued"]
    assert told_by(lambda: make_draft(customer=customer)) == ["invoice.created"]
    assert told_by(lambda: make_invoice("0.00", customer=customer)) == [
        "invoice.created", "invoice.issued", "invoice.paid",
    ]  # fmt: skip


def test_the_life_of_a_draft():
    draft = make_draft()

    assert told_by(
        lambda: invoices.update_invoice(draft, items=[new_item("5.00")], actor=SYSTEM)
    ) == ["invoice.updated"]
    assert told_by(lambda: invoices.issue_invoice(draft, actor=SYSTEM)) == ["invoice.issued"]
    assert told_by(lambda: invoices.update_invoice(draft, notes="Late", actor=SYSTEM)) == [
        "invoice.updated"
    ]
    assert told_by(lambda: invoices.void_invoice(draft, actor=SYSTEM)) == ["invoice.voided"]
    assert told_by(lambda: invoices.delete_invoice(make_draft(), actor=SYSTEM)) == [
        "customer.created", "invoice.created", "invoice.deleted",
    ]  # fmt: skip


def test_a_payment_is_received_and_booked_and_its_invoices_change():
    invoice = make_invoice()

    assert told_by(lambda: make_payment("40.00", invoice=invoice)) == [
        "payment.received", "transaction.created", "invoice.updated",
    ]  # fmt: skip
    assert told_by(lambda: make_payment("60.00", invoice=invoice)) == [
        "payment.received", "transaction.created", "invoice.paid",
    ]  # fmt: skip
    assert told_by(lambda: make_payment("5.00", customer=invoice.customer)) == [
        "payment.received", "transaction.created",
    ]  # fmt: skip


def test_the_cash_book_and_the_catalogue():
    line = make_transaction()

    assert told_by(make_transaction) == ["transaction.created"]
    assert told_by(
        lambda: transactions.update_transaction(line, amount=Decimal(5), actor=SYSTEM)
    ) == ["transaction.updated"]
    assert told_by(lambda: transactions.reverse_transaction(line, actor=SYSTEM)) == [
        "transaction.updated"
    ]
    assert told_by(lambda: transactions.delete_transaction(make_transaction(), actor=SYSTEM)) == [
        "transaction.created",
        "transaction.deleted",
    ]
    for make, name in (
        (make_account, "account"), (make_category, "category"), (make_product, "product"),
    ):  # fmt: skip
        before = last_event_id()
        record = catalogue.update_named(make(), name="New", actor=SYSTEM)
        catalogue.archive_named(record, actor=SYSTEM)
        catalogue.restore_named(record, actor=SYSTEM)
        catalogue.delete_named(record, actor=SYSTEM)
        updates = [f"{name}.updated"] * 3
        assert event_types(before) == [f"{name}.created", *updates, f"{name}.deleted"]


@pytest.mark.parametrize("rule", ["invoice", "payment", "transaction", "account"])
def test_nothing_is_recorded_of_what_was_refused(api, rule):
    invoice = make_invoice()
    line = {"type": "Income", "account_id": 1, "category_id": 1, "date": "2024-01-15"}
    refused = {
        "invoice": lambda: api.delete(f"/invoices/{invoice.pk}"),
        "payment": lambda: api.post(f"/invoices/{invoice.pk}/payments", {"amount": 1000}),
        "transaction": lambda: api.post("/transactions", line | {"amount": 0}),
        "account": lambda: api.patch("/accounts/1", {"opening_balance": 5}),
    }[rule]

    assert told_by(lambda: refused().status) == []
    assert refused().status in (400, 409)


# ── What they carry ──────────────────────────────────────────────────────────


def test_an_event_carries_the_record_as_the_api_shows_it(api):
    """Byte for byte, at that moment."""
    customer, product = make_customer(), api.post("/products", {"name": "P", "price": "9.99"}).data
    item = {"description": "Work", "amount": "100.00", "qty": "1.5", "product_id": product["id"]}
    steps = [
        ("POST", "/invoices", {"customer_id": customer.pk, "items": [item], "draft": True}),
        ("PATCH", "/invoices/{id}", {"notes": "Late", "metadata": {"b": "1", "a": "2"}}),
        ("POST", "/invoices/{id}/issue", None),
        ("POST", "/transactions", {"type": "Income", "account_id": 1, "category_id": 1,
                                   "amount": "119.00", "tax_rate": 19, "date": "2024-01-15"}),
        ("POST", "/accounts", {"name": "Bank", "type": "Bank", "opening_balance": "0.10"}),
        ("PATCH", "/products/{product}", {"price": "0.5555"}),
        ("POST", "/invoices/{id}/payments", {"amount": "100.00"}),
    ]  # fmt: skip
    names = {"product": product["id"]}

    for method, path, sent in steps:
        before = last_event_id()
        answer = api.request(method, path.format(**names), *([] if sent is None else [sent]))
        names.setdefault("id", answer.data["id"])
        told = {event.resource: event for event in since(before)}
        for resource, event in told.items():
            shown = api.get(f"{PATHS[resource]}/{event.object_id}")
            assert decode(event.payload.encode()) == shown.body["data"]
            assert event.payload.encode() in shown.raw
        assert any(event.object_id == answer.data["id"] for event in told.values())


def test_a_deletion_carries_what_was_deleted(api):
    draft = make_draft("1500.00")
    shown = api.get(f"/invoices/{draft.pk}").data

    before = last_event_id()
    api.delete(f"/invoices/{draft.pk}")

    (event,) = since(before)
    assert decode(event.payload.encode()) == shown
    assert (event.object_id, event.object_version) == (draft.pk, 2)


def test_an_event_says_who_and_in_which_request(api):
    draft = make_draft()
    before = last_event_id()

    api.post(f"/invoices/{draft.pk}/issue", headers={"X-Request-ID": "req-17"})

    (event,) = since(before)
    assert (event.source, event.request_id, event.actor_name) == ("api", "req-17", "Ada Reyes")
    assert event.actor_key_id is not None


def test_versions_rise_without_a_gap():
    invoice, line, product = make_draft(), make_transaction(), make_product()
    for number in range(3):
        invoices.update_invoice(invoice, notes=f"Note {number}", actor=SYSTEM)
        transactions.update_transaction(line, amount=Decimal(number + 1), actor=SYSTEM)
        catalogue.update_named(product, name=f"Name {number}", actor=SYSTEM)
    invoices.issue_invoice(invoice, actor=SYSTEM)
    make_payment("40.00", invoice=invoice)
    make_payment("60.00", invoice=invoice)
    transactions.reverse_transaction(line, actor=SYSTEM)
    catalogue.delete_named(product, actor=SYSTEM)

    versions = defaultdict(list)
    for event in Event.objects.exclude(resource__in=["account", "organisation"]).order_by("pk"):
        versions[(event.resource, event.object_id)].append(event.object_version)
    for found in versions.values():
        assert sorted(set(found)) == list(range(1, max(found) + 1))
        assert found == sorted(found)
    assert versions[("invoice", invoice.pk)] == [1, 2, 3, 4, 5, 6, 7]
    assert versions[("transaction", line.pk)] == [1, 2, 3, 4, 5]
    assert versions[("product", product.pk)] == [1, 2, 3, 4, 5]
    assert Invoice.objects.get(pk=invoice.pk).version == 7


# ── Overdue ──────────────────────────────────────────────────────────────────


def announce(day: datetime.date) -> int:
    return invoices.announce_overdue(today=day, actor=SYSTEM)


def test_overdue_is_said_once_the_day_after_the_due_date():
    today = organisation().today()
    invoice = make_invoice(date=today, due_date=today + datetime.timedelta(days=10))
    before = last_event_id()

    assert announce(today + datetime.timedelta(days=10)) == 0
    assert announce(today + datetime.timedelta(days=11)) == 1
    assert announce(today + datetime.timedelta(days=12)) == 0

    (event,) = since(before)
    assert (event.type, event.object_id, event.object_version) == ("invoice.overdue", invoice.pk, 2)


def test_overdue_is_never_said_of_an_invoice_loaded_overdue():
    make_invoice(date=DAY, due_date=DAY)
    draft = make_draft(date=DAY, due_date=DAY)
    invoices.issue_invoice(draft, actor=SYSTEM)

    assert announce(organisation().today() + datetime.timedelta(days=100)) == 0


def test_overdue_is_not_said_of_drafts_and_of_what_is_paid_or_void():
    today = organisation().today()
    due = {"date": today, "due_date": today}
    make_draft(**due)
    make_payment("100.00", invoice=make_invoice(**due))
    invoices.void_invoice(make_invoice(**due), actor=SYSTEM)
    part = make_invoice(**due)
    make_payment("40.00", invoice=part)
    before = last_event_id()

    assert announce(today + datetime.timedelta(days=1)) == 1
    assert [event.object_id for event in since(before)] == [part.pk]


def test_overdue_is_said_by_the_scheduled_task(monkeypatch):
    invoice = make_invoice(date=organisation().today())
    invoices.update_invoice(invoice, due_date=invoice.date, actor=SYSTEM)
    tomorrow = invoice.date + datetime.timedelta(days=1)
    monkeypatch.setattr("bizsuite.identity.models.Organisation.today", lambda self: tomorrow)
    before = last_event_id()

    announce_overdue_invoices()
    announce_overdue_invoices()

    (event,) = since(before)
    assert (event.type, event.source, event.actor_name) == ("invoice.overdue", "worker", "system")
    assert decode(event.payload.encode())["overdue"] is True


# ── Currency ─────────────────────────────────────────────────────────────────


def test_the_books_currency_is_fixed_by_the_first_document():
    make_draft()

    assert organisation().currency_fixed
    with pytest.raises(profile.Invalid):
        profile.update_organisation(organisation(), currency="EUR", actor=SYSTEM)
    assert profile.update_organisation(organisation(), name="Acme", actor=SYSTEM).name == "Acme"


def test_empty_accounts_follow_the_currency():
    profile.update_organisation(organisation(), currency="EUR", actor=SYSTEM)
    make_transaction()

    assert Account.objects.get(pk=1).currency == "EUR"
    assert Category.objects.count() == 1
    paid = payments.record_payment(
        customer=make_customer(), amount=Decimal(5), date=DAY, actor=SYSTEM
    )
    assert paid.currency == "EUR"
