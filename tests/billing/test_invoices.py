"""What each state of an invoice allows, over the API."""

import datetime
from decimal import Decimal

import pytest

from billing import catalogue, invoices
from billing.models import Invoice, InvoiceItem, JournalEntry
from bizsuite.numbering.models import NumberSeries
from bizsuite.numbering.numbers import next_numbers
from customers import customers
from tests.billing.books import event_types, last_event_id
from tests.factories import (
    SYSTEM,
    close_period,
    make_category,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_product,
    new_item,
)

pytestmark = pytest.mark.django_db

ITEM = {"description": "Work", "amount": Decimal("100.00"), "qty": 1}


def body(**fields) -> dict:
    return {"customer_id": make_customer().pk, "date": "2024-01-15", "items": [ITEM]} | fields


# ── Creating ─────────────────────────────────────────────────────────────────


def test_an_invoice_is_issued_at_once(api):
    answer = api.post("/invoices", body())

    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v2/invoices/{answer.data['id']}"
    assert (answer.data["invoice_number"], answer.data["status"]) == ("INV-2024-001", "Unpaid")
    assert JournalEntry.objects.get().document_id == answer.data["id"]


def test_a_draft_has_no_number_and_is_not_in_the_books(api):
    answer = api.post("/invoices", body(draft=True))

    assert (answer.status, answer.data["status"]) == (201, "Draft")
    assert answer.data["invoice_number"] is None
    assert "draft" not in answer.data
    assert not JournalEntry.objects.exists()
    assert not NumberSeries.objects.exists()


def test_an_item_takes_its_products_tax_rate_unless_it_names_one(api):
    product = make_product(tax_rate=Decimal(10))
    items = [
        ITEM | {"product_id": product.pk},
        ITEM | {"product_id": product.pk, "tax_rate": 0},
        ITEM,
    ]

    shown = api.post("/invoices", body(items=items)).data

    assert [item["tax_rate"] for item in shown["items"]] == [10, 0, 0]
    assert shown["tax"] == Decimal("10.00")
    assert [item["product_id"] for item in shown["items"]] == [product.pk, product.pk, None]


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"items": []}, {"items": "At least one item is required"}),
        ({"items": None}, {"items": "This field may not be null"}),
        ({"items": [{}]}, {f"items.0.{n}": "This field is required" for n in ITEM}),
        ({"items": [ITEM, ITEM | {"qty": 0}]}, {"items.1.qty": "Qty must be greater than 0"}),
        ({"items": [ITEM | {"qty": -1}]}, {"items.0.qty": "Qty must be greater than 0"}),
        ({"items": [ITEM | {"amount": -1}]}, {"items.0.amount": "Amount must be at least 0"}),
        (
            {"items": [ITEM | {"amount": Decimal("0.00001")}]},
            {"items.0.amount": "Must have no more than 4 decimals"},
        ),
        (
            {"items": [ITEM | {"tax_rate": 101}]},
            {"items.0.tax_rate": "Tax rate must be at most 100"},
        ),
        ({"items": [ITEM | {"total": 100}]}, {"items.0.total": "This field is read-only"}),
        ({"items": [ITEM | {"id": 1}]}, {"items.0.id": "This field is read-only"}),
        ({"items": [ITEM | {"price": 1}]}, {"items.0.price": "Unknown field"}),
        (
            {"items": [ITEM | {"description": ""}]},
            {"items.0.description": "This field is required"},
        ),
        (
            {"items": [ITEM | {"product_id": 9**9}]},
            {"items.0.product_id": "There is no such record"},
        ),
        ({"customer_id": 9**9}, {"customer_id": "There is no such record"}),
        ({"customer_id": "1"}, {"customer_id": "Must be an id"}),
        ({"customer_id": None}, {"customer_id": "This field may not be null"}),
        (
            {"due_date": "2024-01-14"},
            {"due_date": "Due date must not be before the invoice's date"},
        ),
        ({"date": "2024-02-30"}, {"date": "Must be a date in the form YYYY-MM-DD"}),
        ({"status": "Paid"}, {"status": "This field is read-only"}),
        ({"invoice_number": 7}, {"invoice_number": "Must be text"}),
        ({"amount": 100}, {"amount": "This field is read-only"}),
        ({"paid": 100}, {"paid": "This field is read-only"}),
        (
            {"currency": "EUR", "date": "2024-01-15"},
            {
                "exchange_rate": "No rate of EUR to USD is known for 2024-01-15: send one, or store"
                " one under /api/v2/exchange-rates"
            },
        ),
        ({"currency": "EURO"}, {"currency": "Must be an ISO 4217 currency code, such as EUR"}),
        (
            {"exchange_rate": 2},
            {"exchange_rate": "Must be 1: USD is the organisation's own currency"},
        ),
        ({"draft": "yes"}, {"draft": "Must be true or false"}),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(api, wrong, errors):
    sent = body(**wrong)
    before = last_event_id()

    assert api.post("/invoices", sent).errors == errors

    assert not Invoice.objects.exists()
    assert not NumberSeries.objects.exists()
    assert event_types(before) == []


def test_no_invoice_is_made_for_an_archived_customer_product_or_category(api):
    customer, product, category = make_customer(), make_product(), make_category(flow="Income")
    customers.archive_customer(customer, actor=SYSTEM)
    catalogue.archive_named(product, actor=SYSTEM)
    catalogue.archive_named(category, actor=SYSTEM)

    for wrong, code in (
        ({"customer_id": customer.pk}, "customer_archived"),
        ({"items": [ITEM | {"product_id": product.pk}]}, "archived"),
        ({"items": [ITEM | {"category_id": category.pk}]}, "archived"),
    ):
        for draft in (False, True):
            answer = api.post("/invoices", body(**wrong, draft=draft))
            assert (answer.status, answer.body["code"]) == (409, code)

    assert not Invoice.objects.exists()


# ── Changing ─────────────────────────────────────────────────────────────────


def test_a_draft_changes_in_every_way(api):
    draft = make_draft()
    other = make_customer(account="Other")

    answer = api.put(
        f"/invoices/{draft.pk}",
        {
            "customer_id": other.pk,
            "date": "2023-05-01",
            "due_date": "2023-06-01",
            "notes": "Thank you",
            "items": [ITEM | {"qty": 2, "tax_rate": 10}, ITEM],
        },
    )

    assert answer.status == 200
    assert answer.data["customer_id"] == other.pk
    assert (answer.data["date"], answer.data["due_date"]) == ("2023-05-01", "2023-06-01")
    assert answer.data["amount"] == answer.data["balance"] == Decimal("320.00")
    assert answer.data["status"] == "Draft"
    assert InvoiceItem.objects.count() == 2
    assert api.get("/invoices?search=other").meta["total_records"] == 1


def test_only_what_is_sent_changes(api):
    draft = make_draft(notes="Keep me")

    for change in (api.put, api.patch):
        shown = change(f"/invoices/{draft.pk}", {"metadata": {"po": "7"}}).data
        assert (shown["notes"], shown["amount"]) == ("Keep me", Decimal("100.00"))
    assert api.patch(f"/invoices/{draft.pk}", {"notes": None}).data["notes"] is None


def test_an_item_of_a_change_is_whole(api):
    """A partial update leaves out fields of the invoice, and never parts of its items."""
    draft = make_draft()

    for change in (api.put, api.patch):
        answer = change(f"/invoices/{draft.pk}", {"items": [{"description": "Half an item"}]})
        assert answer.errors == {
            "items.0.amount": "This field is required",
            "items.0.qty": "This field is required",
        }
    assert InvoiceItem.objects.get().description == "Consulting"


@pytest.mark.parametrize("make", [make_draft, make_invoice])
def test_an_invoice_as_it_was_read_can_be_sent_back(api, make):
    product = make_product(tax_rate=Decimal("7.5"))
    invoice = make(items=[new_item("0.3333", 3, product=product), new_item("19.99", tax_rate=20)])
    shown = api.get(f"/invoices/{invoice.pk}").data
    before = last_event_id()

    answer = api.put(f"/invoices/{invoice.pk}", shown)

    assert (answer.status, answer.data) == (200, shown)
    assert event_types(before) == []  # nothing changed
    changed = api.put(f"/invoices/{invoice.pk}", shown | {"notes": "New"})
    assert changed.data | {"updated_at": None} == shown | {"notes": "New", "updated_at": None}
    assert event_types(before) == ["invoice.updated"]


def test_items_that_were_read_can_be_changed_and_sent_back(api):
    draft = make_draft(items=[new_item("10.00"), new_item("20.00")])
    items = api.get(f"/invoices/{draft.pk}").data["items"]
    items[0]["qty"] = 3  # its total is still the old one: read-only, and as it was read

    answer = api.put(f"/invoices/{draft.pk}", {"items": [*items[::-1], ITEM]})

    assert answer.status == 200
    assert [str(item["total"]) for item in answer.data["items"]] == ["20.00", "30.00", "100.00"]
    assert api.put(f"/invoices/{draft.pk}", {"items": [ITEM | {"id": 9**9}]}).errors == {
        "items.0.id": "This field is read-only"
    }
    made_up = answer.data["items"][0] | {"total": 1}
    assert api.put(f"/invoices/{draft.pk}", {"items": [made_up]}).errors == {
        "items.0.total": "This field is read-only"
    }


@pytest.mark.parametrize(
    "changes",
    [
        {"customer_id": None},
        {"date": "2024-01-16"},
        {"items": [ITEM | {"qty": 2}]},
        {"notes": "With what may change", "items": [ITEM | {"amount": 1}]},
    ],
)
def test_what_was_issued_does_not_change(api, changes):
    invoice = make_invoice()
    before = last_event_id()
    if "customer_id" in changes:
        changes = {"customer_id": make_customer().pk}
        before = last_event_id()

    answer = api.put(f"/invoices/{invoice.pk}", changes)

    assert (answer.status, answer.body["code"]) == (409, "invoice_issued")
    assert answer.body["allowed"] == [
        "notes",
        "due_date",
        "delivery_email",
        "disputed",
        "reminders_paused",
        "external_id",
        "metadata",
    ]
    assert Invoice.objects.get().version == 1
    assert Invoice.objects.get().notes == ""
    assert event_types(before) == []


@pytest.mark.parametrize("paid", [None, "40.00", "100.00"])
def test_notes_due_date_and_ids_of_others_change_all_the_same(api, paid):
    invoice = make_invoice()
    if paid:
        make_payment(paid, invoice=invoice)

    answer = api.patch(
        f"/invoices/{invoice.pk}",
        {
            "notes": "Late",
            "due_date": "2024-12-31",
            "external_id": "A-1",
            "metadata": {"po": "7"},
        },
    )

    assert answer.status == 200
    assert (answer.data["notes"], answer.data["due_date"]) == ("Late", "2024-12-31")
    assert (answer.data["external_id"], answer.data["metadata"]) == ("A-1", {"po": "7"})
    assert api.patch(f"/invoices/{invoice.pk}", {"due_date": "2024-01-14"}).status == 400


def test_a_draft_is_issued_by_its_action_and_not_by_a_change(api):
    draft = make_draft()

    assert api.put(f"/invoices/{draft.pk}", {"draft": False}).errors == {
        "draft": "A draft is issued with POST /invoices/{id}/issue"
    }
    assert api.put(f"/invoices/{draft.pk}", {"status": "Unpaid"}).errors == {
        "status": "This field is read-only"
    }
    assert Invoice.objects.get().number is None


def test_an_archived_product_stays_on_a_draft_and_does_not_come_onto_one(api):
    product, other = make_product(), make_product("Other")
    draft = make_draft(items=[new_item(product=product)])
    for archived in (product, other):
        catalogue.archive_named(archived, actor=SYSTEM)

    kept = api.put(
        f"/invoices/{draft.pk}", {"items": [ITEM | {"product_id": product.pk, "qty": 2}]}
    )
    new = api.put(f"/invoices/{draft.pk}", {"items": [ITEM | {"product_id": other.pk}]})

    assert kept.data["amount"] == Decimal("200.00")
    assert (new.status, new.body["code"]) == (409, "archived")


def test_a_customer_with_invoices_is_archived_and_their_invoices_stay_readable(api):
    invoice = make_invoice()

    answer = api.delete(f"/customers/{invoice.customer_id}")

    assert answer.body == {"success": True, "message": "Customer archived"}
    assert api.get(f"/invoices/{invoice.pk}").data["customer_id"] == invoice.customer_id
    assert api.get(f"/invoices?customer_id={invoice.customer_id}").meta["total_records"] == 1
    assert api.post("/invoices", body(customer_id=invoice.customer_id)).status == 409


# ── Numbers ──────────────────────────────────────────────────────────────────


def test_each_year_counts_for_itself_in_the_order_of_issuing(api):
    days = ["2024-12-31", "2025-01-01", "2024-01-01", "2025-12-31", "0999-06-01"]

    numbers = [api.post("/invoices", body(date=day)).data["invoice_number"] for day in days]

    assert numbers == [
        "INV-2024-001", "INV-2025-001", "INV-2024-002", "INV-2025-002", "INV-0999-001",
    ]  # fmt: skip


def test_after_999_comes_1000():
    series = NumberSeries.objects.create(prefix="INV", year=2024, last=997)

    assert next_numbers("INV", 2024, 4) == [
        "INV-2024-998", "INV-2024-999", "INV-2024-1000", "INV-2024-1001",
    ]  # fmt: skip
    series.delete()  # there are no invoices with these numbers


def test_drafts_and_refusals_take_no_number(api):
    make_draft()
    api.post("/invoices", body(due_date="2023-01-01"))
    assert api.post("/invoices", body()).data["invoice_number"] == "INV-2024-001"


def test_many_invoices_are_made_whole_or_not_at_all():
    good = {"customer": make_customer(), "items": [new_item()], "date": datetime.date(2024, 1, 1)}

    archived = customers.archive_customer(make_customer(), actor=SYSTEM)

    with pytest.raises(customers.CustomerArchived):
        invoices.create_invoices([good, good | {"customer": archived}], actor=SYSTEM)

    assert not Invoice.objects.exists()
    made = invoices.create_invoices([good, good | {"draft": True}, good], actor=SYSTEM)
    assert [invoice.number for invoice in made] == ["INV-2024-001", None, "INV-2024-002"]


# ── The closed period ────────────────────────────────────────────────────────


def test_nothing_is_issued_or_voided_in_a_closed_period(api):
    invoice, draft = make_invoice(), make_draft()
    close_period(datetime.date(2024, 1, 15))
    before = last_event_id()

    answers = [
        api.post("/invoices", body()),
        api.post(f"/invoices/{draft.pk}/issue"),
        api.post(f"/invoices/{invoice.pk}/void"),
        api.post(f"/invoices/{make_invoice('0.00', date=datetime.date(2024, 1, 16)).pk}/void"),
    ]

    assert [answer.status for answer in answers] == [409, 409, 409, 200]
    assert {answer.body["code"] for answer in answers[:3]} == {"period_closed"}
    assert [kind for kind in event_types(before) if kind != "customer.created"] == [
        "invoice.created", "invoice.issued", "invoice.paid", "invoice.voided",
    ]  # fmt: skip


def test_a_draft_in_a_closed_period_can_be_moved_out_of_it(api):
    draft = make_draft()
    close_period(datetime.date(2024, 1, 31))

    assert api.patch(f"/invoices/{draft.pk}", {"date": "2024-02-01"}).status == 200
    assert api.post(f"/invoices/{draft.pk}/issue").data["invoice_number"] == "INV-2024-001"
    assert api.post("/invoices", body(date="2024-02-01")).status == 201


def test_the_notes_of_an_invoice_in_a_closed_period_can_change(api):
    invoice = make_invoice()
    close_period(datetime.date(2024, 1, 31))

    assert api.patch(f"/invoices/{invoice.pk}", {"notes": "Paid in cash?"}).status == 200


# ── Ids of other systems ─────────────────────────────────────────────────────


def test_an_external_id_is_taken_once(api):
    first = api.post("/invoices", body(external_id="A-1"))
    assert first.data["external_id"] == "A-1"

    again = api.post("/invoices", body(external_id="A-1"))
    moved = api.patch(f"/invoices/{make_invoice().pk}", {"external_id": "A-1"})
    same = api.patch(f"/invoices/{first.data['id']}", {"external_id": "A-1"})

    assert again.errors == moved.errors == {"external_id": "Another record has this value"}
    assert same.status == 200
    assert api.get("/invoices?external_id=A-1").data[0]["id"] == first.data["id"]
    assert api.post("/invoices", body(external_id=None)).status == 201
