"""Suppliers and receipts in the admin."""

from django.core.files.uploadedfile import SimpleUploadedFile

from billing.models import Receipt, Supplier, Transaction
from billing.receipts import MAX_RECEIPT_BYTES
from tests.backoffice.staff import text_of
from tests.factories import make_category, make_receipt, make_supplier, make_transaction

SUPPLIERS = "/admin/billing/supplier/"
LINES = "/admin/billing/transaction/"


def test_a_supplier_is_added_and_leads_to_its_expenses(administrator):
    administrator.send(f"{SUPPLIERS}add/", {"name": "Paper & Ink Ltd"})

    supplier = Supplier.objects.get()
    page = text_of(administrator.get(f"{SUPPLIERS}{supplier.pk}/change/"))
    assert f"{LINES}?supplier__id__exact={supplier.pk}" in page


def test_the_same_invoice_booked_again_is_said(administrator):
    supplier = make_supplier()
    make_transaction("30.00", "Expense", supplier=supplier, reference="R-77")
    values = {
        "type": "Expense",
        "account": 1,
        "category": make_category("Paper").pk,
        "amount": "30.00",
        "supplier": supplier.pk,
        "reference": "R-77",
    }

    answer = administrator.send(f"{LINES}add/", values)

    assert Transaction.objects.count() == 2
    assert "booked twice?" in text_of(administrator.get(answer["Location"]))


def test_a_receipt_is_attached_shown_and_removed(administrator):
    line = make_transaction("30.00", "Expense")
    page = f"{LINES}{line.pk}/"

    administrator.post(
        f"{page}attach-receipt/",
        {"file": SimpleUploadedFile("R-77.pdf", b"%PDF-1.7")},
    )

    receipt = Receipt.objects.get()
    link = f"{page}receipts/{receipt.pk}/"
    assert link in text_of(administrator.get(f"{page}change/"))
    answer = administrator.get(link)
    assert answer.content == b"%PDF-1.7"
    assert answer["Content-Disposition"].startswith("attachment")
    administrator.send(f"{page}remove-receipt/", {"receipt": receipt.pk}, form="action-form")
    assert not Receipt.objects.exists()


def test_an_expense_is_recorded_together_with_its_receipt(administrator):
    values = {
        "type": "Expense",
        "account": 1,
        "category": make_category("Paper").pk,
        "amount": "30.00",
        "receipt": SimpleUploadedFile("R-77.pdf", b"%PDF-1.7"),
    }

    administrator.send(f"{LINES}add/", values)

    receipt = Receipt.objects.get()
    assert (receipt.transaction, receipt.name) == (Transaction.objects.get(), "R-77.pdf")


def test_a_receipt_that_is_too_large_leaves_no_expense_behind(administrator):
    values = {
        "type": "Expense",
        "account": 1,
        "category": make_category("Paper").pk,
        "amount": "30.00",
        "receipt": SimpleUploadedFile("R-77.pdf", b"x" * (MAX_RECEIPT_BYTES + 1)),
    }

    page = administrator.send(f"{LINES}add/", values)

    assert "at most 5 MB" in text_of(page)
    assert not Transaction.objects.exists()


def test_expenses_without_a_receipt_are_found(administrator):
    make_receipt(make_transaction("30.00", "Expense", description="Has paper"))
    make_transaction("40.00", "Expense", description="Lacks paper")
    make_transaction("50.00", description="Sold something")

    missing = text_of(administrator.get(f"{LINES}?receipt=false"))
    attached = text_of(administrator.get(f"{LINES}?receipt=true"))

    texts = ("Has paper", "Lacks paper", "Sold something")
    assert [text in missing for text in texts] == [False, True, False]
    assert [text in attached for text in texts] == [True, False, False]


def test_another_lines_receipt_is_not_there(administrator):
    receipt, other = make_receipt(), make_transaction()

    assert administrator.get(f"{LINES}{other.pk}/receipts/{receipt.pk}/").status_code == 404
