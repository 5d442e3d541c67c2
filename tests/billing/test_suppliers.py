"""Whom expenses were paid to, and the papers behind them."""

import datetime
from base64 import b64encode

import pytest
from django.db import IntegrityError, transaction

from billing import transactions
from billing.models import Receipt, Supplier, Transaction
from billing.receipts import MAX_RECEIPT_BYTES
from tests.billing.books import event_types, last_event_id
from tests.factories import (
    DAY,
    SYSTEM,
    close_period,
    make_category,
    make_invoice,
    make_receipt,
    make_supplier,
    make_transaction,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def expense():
    """What the API takes for one, from account 1."""
    return {
        "type": "Expense",
        "account_id": 1,
        "category_id": make_category().pk,
        "amount": 30,
        "date": "2024-01-15",
    }


# ── Suppliers ────────────────────────────────────────────────────────────────


def test_a_supplier_is_added_changed_and_removed(api):
    before = last_event_id()

    made = api.post("/suppliers", {"name": "Paper & Ink Ltd", "tax_id": "GB1"})
    path = f"/suppliers/{made.data['id']}"
    assert made.status == 201
    assert api.patch(path, {"city": "Bristol"}).data["city"] == "Bristol"
    assert [row["id"] for row in api.get("/suppliers?search=ink bristol").data] == [made.data["id"]]
    assert api.delete(path).body["message"] == "Supplier deleted"
    assert event_types(before) == ["supplier.created", "supplier.updated", "supplier.deleted"]


def test_one_in_use_is_archived_and_named_by_no_new_expense(api, expense):
    supplier = make_supplier()
    old = api.post("/transactions", expense | {"supplier_id": supplier.pk}).data

    assert api.delete(f"/suppliers/{supplier.pk}").body["message"] == "Supplier archived"
    refused = api.post("/transactions", expense | {"supplier_id": supplier.pk})
    assert (refused.status, refused.body["code"]) == (409, "archived")
    kept = api.patch(f"/transactions/{old['id']}", {"amount": 31})
    assert (kept.status, kept.data["supplier_id"]) == (200, supplier.pk)


def test_an_expense_names_its_supplier_and_their_invoice(api, expense):
    supplier = make_supplier()

    made = api.post("/transactions", expense | {"supplier_id": supplier.pk, "reference": "R-77"})
    api.post("/transactions", expense)

    assert (made.data["supplier_id"], made.data["reference"]) == (supplier.pk, "R-77")

    def found(query: str) -> list[int]:
        return [row["id"] for row in api.get(f"/transactions?{query}").data]

    for query in (f"supplier_id={supplier.pk}", "reference=R-77", "search=r-77", "search=ink"):
        assert found(query) == [made.data["id"]]
    shown = api.get(f"/transactions/{made.data['id']}?expand=supplier").data
    assert shown["supplier"]["name"] == supplier.name


def test_income_has_no_supplier(api, expense):
    income = expense | {"type": "Income", "category_id": 1, "supplier_id": make_supplier().pk}
    on_invoice = income | {"invoice_id": make_invoice().pk}

    for body in (income, on_invoice):
        answer = api.post("/transactions", body)
        assert answer.errors == {"supplier_id": "Only an expense has a supplier"}
    assert not Transaction.objects.exists()


def test_an_expense_does_not_turn_into_income_with_its_supplier(api, expense):
    made = api.post("/transactions", expense | {"supplier_id": make_supplier().pk}).data

    turned = {"type": "Income", "category_id": 1}
    answer = api.patch(f"/transactions/{made['id']}", turned)
    assert answer.errors == {"supplier_id": "Only an expense has a supplier"}
    assert api.patch(f"/transactions/{made['id']}", turned | {"supplier_id": None}).status == 200


def test_a_change_of_the_supplier_is_none_of_the_books(api, expense):
    close_after = api.post("/transactions", expense).data
    close_period(DAY)

    answer = api.patch(f"/transactions/{close_after['id']}", {"supplier_id": make_supplier().pk})

    assert answer.status == 200


def test_batches_and_upserts_carry_the_supplier(api, expense):
    first, second = make_supplier(), make_supplier("Other")
    line = expense | {"external_id": "e1", "supplier_id": first.pk}

    api.post("/batch/transactions", {"transactions": [line]})
    again = line | {"supplier_id": second.pk}
    api.post("/batch/transactions?upsert=external_id", {"transactions": [again]})

    assert Transaction.objects.get().supplier == second


def test_the_same_invoice_of_the_same_supplier_is_a_likely_twin():
    supplier, other = make_supplier(), make_supplier("Other")
    first = make_transaction("30.00", "Expense", supplier=supplier, reference="R-77")
    again = make_transaction("30.00", "Expense", supplier=supplier, reference="r-77")
    make_transaction("30.00", "Expense", supplier=other, reference="R-77")
    unnamed = make_transaction("30.00", "Expense", supplier=supplier)

    assert transactions.likely_twin(again) == first
    assert transactions.likely_twin(unnamed) is None
    transactions.reverse_transaction(first, actor=SYSTEM)
    assert transactions.likely_twin(again) is None


def test_the_database_refuses_income_with_a_supplier():
    line = make_transaction()

    with pytest.raises(IntegrityError), transaction.atomic():
        Transaction.objects.filter(pk=line.pk).change(supplier=make_supplier())


# ── Receipts ─────────────────────────────────────────────────────────────────


def test_a_receipt_is_attached_listed_downloaded_and_removed(api):
    line = make_transaction("30.00", "Expense")
    path, before = f"/transactions/{line.pk}/receipts", last_event_id()
    content = b"%PDF-1.7 paper"

    made = api.post(path, {"name": "../R-77.pdf", "content": b64encode(content).decode()})

    assert made.status == 201
    assert (made.data["name"], made.data["content_type"]) == ("R-77.pdf", "application/pdf")
    assert made.data["size"] == len(content)
    assert api.get(path).data == [made.data]
    own = f"{path}/{made.data['id']}"
    file = api.get(f"{own}/content")
    assert file.raw == content
    assert file.headers["Content-Disposition"] == 'attachment; filename="R-77.pdf"'
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert api.delete(own).status == 200
    assert not Receipt.objects.exists()
    assert event_types(before) == ["transaction.attached", "transaction.detached"]
    line.refresh()
    assert line.version == 3


def test_what_is_no_file_or_too_large_is_refused(api):
    path = f"/transactions/{make_transaction().pk}/receipts"

    too_large = b64encode(bytes(MAX_RECEIPT_BYTES + 1)).decode()
    for content in ("", "###", too_large):
        answer = api.post(path, {"name": "a.pdf", "content": content})
        assert list(answer.errors) == ["content"]
    assert api.post("/transactions/999/receipts", {"name": "a", "content": "YQ=="}).status == 404
    assert not Receipt.objects.exists()


def test_what_proves_the_books_stays(api):
    reversed_line, closed, later = (make_transaction() for _ in range(3))
    kept = [make_receipt(line) for line in (reversed_line, closed)]
    transactions.reverse_transaction(reversed_line, actor=SYSTEM)
    close_period(DAY)

    codes = [
        api.delete(f"/transactions/{receipt.transaction_id}/receipts/{receipt.pk}").body["code"]
        for receipt in kept
    ]

    assert codes == ["transaction_fixed", "period_closed"]
    assert Receipt.objects.count() == 2
    # It may come later than the books were closed.
    assert make_receipt(later).pk


def test_a_removed_transaction_takes_its_receipts_along():
    receipt = make_receipt()

    transactions.delete_transaction(receipt.transaction, actor=SYSTEM)

    assert not Receipt.objects.exists()


def test_lists_of_receipts_do_not_read_the_files(api, django_assert_num_queries):
    line = make_transaction(date=datetime.date(2024, 1, 15))
    make_receipt(line)

    receipt = line.receipts.get()

    assert receipt.get_deferred_fields() == {"content"}
    assert Supplier.objects.count() == 0
