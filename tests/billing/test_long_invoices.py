"""Long documents: as many queries as for short ones, and none that a database finds too long."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import catalogue
from tests.factories import SYSTEM, make_customer, make_draft, make_invoice, new_item

pytestmark = pytest.mark.django_db

# SQLite refuses an expression of more parts than this, by default.
TOO_MANY = 1001


def make_products(count: int) -> list:
    fields = [{"name": f"Product {number}", "price": Decimal(1)} for number in range(count)]
    return catalogue.create_products(fields, actor=SYSTEM)


def items_of(products) -> list[dict]:
    return [{"description": p.name, "amount": 1, "qty": 1, "product_id": p.pk} for p in products]


def queries_of(api, path, body) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert api.post(path, body).status == 201
    return len(queries)


def test_a_long_invoice_takes_as_many_queries_as_a_short_one(api):
    customer, products = make_customer(), make_products(20)
    body = {"customer_id": customer.pk, "date": "2024-01-15"}
    api.post("/invoices", body | {"items": items_of(products[:1])})  # the first opens the series
    short = queries_of(api, "/invoices", body | {"items": items_of(products[:2])})
    long = queries_of(api, "/invoices", body | {"items": items_of(products)})
    assert long == short


def test_so_does_its_payment(api):
    short, long = (
        make_invoice(items=[new_item(product=product) for product in make_products(count)])
        for count in (2, 20)
    )
    counts = [
        queries_of(api, f"/invoices/{invoice.pk}/payments", {"amount": 1})
        for invoice in (short, long)
    ]
    assert counts[0] == counts[1]


def test_an_invoice_of_more_products_than_an_expression_holds_is_made_and_paid(api):
    items = items_of(make_products(TOO_MANY))
    made = api.post(
        "/invoices", {"customer_id": make_customer().pk, "date": "2024-01-15", "items": items}
    )
    assert made.status == 201
    paid = api.post(f"/invoices/{made.data['id']}/payments", {"amount": TOO_MANY})
    assert paid.status == 201
    assert api.get(f"/invoices/{made.data['id']}").data["status"] == "Paid"


def test_a_draft_of_as_many_products_is_sent_back_as_it_is_and_changes_nothing(api):
    draft = make_draft(items=[new_item(product=product) for product in make_products(TOO_MANY)])
    sent = api.get(f"/invoices/{draft.pk}").data
    answer = api.put(f"/invoices/{draft.pk}", sent)
    assert (answer.status, answer.body["data"]) == (200, sent)


def test_a_long_credit_note_is_made_shown_and_mailed_with_as_many_queries_as_a_short_one(api):
    customer, counts = make_customer(email="jane@example.com"), []
    for count in (1, 2, 20):  # the first opens the series
        invoice = make_invoice(items=[new_item("1.00")] * count, customer=customer)
        items = [{"invoice_item_id": item.pk, "qty": 1} for item in invoice.items.all()]
        with CaptureQueriesContext(connection) as queries:
            note = api.post("/credit-notes", {"invoice_id": invoice.pk, "items": items}).data
            assert api.get(f"/credit-notes/{note['id']}/pdf").status == 200
            assert api.post(f"/credit-notes/{note['id']}/send", {}).status == 200
        counts.append(len(queries))

    assert counts[1] == counts[2]


def test_a_credit_note_of_more_items_than_an_expression_holds_is_made_shown_and_printed(api):
    invoice = make_invoice(items=[new_item("1.00")] * TOO_MANY)
    note = api.post("/credit-notes", {"invoice_id": invoice.pk}).data

    assert len(note["items"]) == TOO_MANY
    assert api.get(f"/credit-notes/{note['id']}").data == note
    assert api.get("/credit-notes").data == [note]
    assert api.get(f"/credit-notes/{note['id']}/pdf").status == 200


def test_a_missing_product_is_named_by_its_item(api):
    items = items_of(make_products(2))
    items[1]["product_id"] += 1
    answer = api.post("/invoices", {"customer_id": make_customer().pk, "items": items})
    assert answer.errors == {"items.1.product_id": "There is no such record"}
