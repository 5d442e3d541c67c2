"""An invoice on paper says what the API says, whatever was written into it."""

import datetime
import io
from decimal import Decimal

import pytest
from pypdf import PdfReader

from billing import invoices
from billing.models import Invoice
from billing.pdf import printing
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import Organisation
from customers import customers
from tests import factories

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("tests")


def pages_of(answer) -> list[str]:
    assert answer.status == 200
    reader = PdfReader(io.BytesIO(answer.raw))
    return [" ".join(page.extract_text().split()) for page in reader.pages]


def text_of(answer) -> str:
    return " ".join(pages_of(answer))


def test_it_is_a_pdf_with_the_invoices_name(api):
    invoice = factories.make_invoice()
    answer = api.get(f"/invoices/{invoice.pk}/pdf", headers={"Accept": "application/pdf"})

    assert answer.status == 200
    assert answer.raw.startswith(b"%PDF-")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert f'inline; filename="{invoice.number}.pdf"' in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "private" in answer.headers["Cache-Control"]


def test_it_shows_the_figures_of_the_api(api):
    invoice = factories.make_invoice(
        items=[
            factories.new_item("55.55", tax_rate=23),
            factories.new_item("11.11", tax_rate=23),
            factories.new_item("9.9975", quantity="12.5", tax_rate=7),
        ]
    )
    factories.make_payment("40.00", invoice=invoice)
    shown = api.get(f"/invoices/{invoice.pk}").data
    text = text_of(api.get(f"/invoices/{invoice.pk}/pdf"))

    for name in ("subtotal", "amount", "paid", "balance"):
        assert f"{shown[name]:,}" in text, name
    for item in shown["items"]:
        assert f"${item['total']:,}" in text
    assert "Tax 23 % on $66.66 $15.33" in text
    assert "12.5 9.9975 7 % $124.97" in text
    assert shown["invoice_number"] in text


def test_an_issued_one_keeps_the_customer_it_was_issued_to(api):
    customer = factories.make_customer(account="Before GmbH", city="Berlin", zip="10115")
    invoice = factories.make_invoice(customer=customer)
    customers.update_customer(customer, account="After GmbH", actor=ACTOR)

    text = text_of(api.get(f"/invoices/{invoice.pk}/pdf"))
    assert "Before GmbH" in text
    assert "10115 Berlin" in text
    assert "After" not in text


def test_an_issued_one_keeps_the_seller_it_was_issued_by(api):
    Organisation.objects.update_or_create(pk=1, defaults={"name": "Old Works", "tax_id": "DE1"})
    invoice, draft = factories.make_invoice(), factories.make_draft()
    older = factories.make_invoice()
    Invoice.objects.filter(pk=older.pk).change(seller_details={})
    Organisation.objects.filter(pk=1).update(name="New Works", tax_id="DE2")
    late = invoices.issue_invoice(draft, actor=ACTOR)

    assert "Old Works · DE1" in text_of(api.get(f"/invoices/{invoice.pk}/pdf"))
    # Issued later, and from before it was kept: both know but today's.
    for each in (late, older):
        assert "New Works · DE2" in text_of(api.get(f"/invoices/{each.pk}/pdf"))


def test_a_draft_and_a_void_one_say_so_across_the_page(api):
    draft = factories.make_draft()
    void = invoices.void_invoice(factories.make_invoice(), actor=ACTOR)

    assert "DRAFT" in text_of(api.get(f"/invoices/{draft.pk}/pdf"))
    assert "VOID" in text_of(api.get(f"/invoices/{void.pk}/pdf"))
    assert "DRAFT" not in text_of(api.get(f"/invoices/{factories.make_invoice().pk}/pdf"))


def test_what_people_write_is_printed_and_not_run(api):
    hostile = '#read("/etc/passwd") #panic() *bold* $x$ <script> \\u{41} @ref ```'
    invoice = factories.make_invoice(
        items=[factories.new_item("10.00") | {"description": hostile}], notes=hostile
    )

    text = text_of(api.get(f"/invoices/{invoice.pk}/pdf"))
    assert text.count('#read("/etc/passwd") #panic() *bold* $x$ <script>') == 2
    assert "root:" not in text


def test_other_scripts_have_their_letters(api):
    names = ["Łódź Ärger", "Αθήνα", "Київ", "שלום", "สวัสดี"]
    customer = factories.make_customer(account=" ".join(names))
    text = text_of(api.get(f"/invoices/{factories.make_invoice(customer=customer).pk}/pdf"))

    for name in ("Łódź Ärger", "Αθήνα", "Київ"):
        assert name in text
    # What has no letters is set as U+FFFD or nothing.
    assert "�" not in text


def test_a_long_one_repeats_its_header_and_counts_its_pages(api):
    items = [factories.new_item("1.00") | {"description": f"Item {i}"} for i in range(300)]
    invoice = factories.make_invoice(items=items)
    pages = pages_of(api.get(f"/invoices/{invoice.pk}/pdf"))

    assert len(pages) > 5
    assert all("Description Quantity Price Tax Amount" in page for page in pages[:-1])
    assert all(f"{n} / {len(pages)}" in page for n, page in enumerate(pages, 1))
    assert "Item 299" in " ".join(pages)
    assert "Total $300.00" in pages[-1]


def test_a_currency_without_cents_has_none(api):
    Organisation.objects.update_or_create(pk=1, defaults={"currency": "JPY"})
    invoice = factories.make_invoice("1500")

    assert "Total ¥1,500" in text_of(api.get(f"/invoices/{invoice.pk}/pdf"))


def test_the_same_bytes_twice_and_not_again_for_who_has_them(api):
    address = f"/invoices/{factories.make_invoice().pk}/pdf"
    first, second = api.get(address), api.get(address)
    again = api.get(address, headers={"If-None-Match": first.headers["ETag"]})

    assert first.raw == second.raw
    assert (again.status, again.raw) == (304, b"")


class TestRefused:
    def test_a_missing_one_has_an_envelope_whatever_was_asked_for(self, api):
        answer = api.get("/invoices/999999/pdf", headers={"Accept": "application/pdf"})

        assert (answer.status, answer.body["code"]) == (404, "not_found")

    def test_other_types(self, api):
        address = f"/invoices/{factories.make_invoice().pk}/pdf"

        assert api.get(address, headers={"Accept": "text/html"}).status == 406

    def test_parameters_it_does_not_know(self, api):
        answer = api.get(f"/invoices/{factories.make_invoice().pk}/pdf?paper=letter")

        assert answer.errors == {"paper": "Unknown parameter"}


def test_an_address_is_written_as_in_its_country():
    from_germany = factories.make_customer(city="Berlin", zip="10115", country="DE")
    from_america = factories.make_customer(
        city="New York", state="NY", zip="10001", country="US", tax_id="12-3456789"
    )
    date = datetime.date(2024, 1, 15)
    german = factories.make_invoice(customer=from_germany, date=date)
    american = factories.make_invoice(customer=from_america, date=date)

    assert printed_customer(german)[-2:] == ["10115 Berlin", "Germany"]
    assert printed_customer(american)[-3:] == [
        "New York, NY 10001",
        "United States",
        "Tax id 12-3456789",
    ]


def printed_customer(invoice) -> list[str]:
    words = printing.invoice_words(invoice, seller=Organisation(name="Us"))
    assert words["total"] == ["Total", f"${Decimal(invoice.amount):,.2f}"]
    return words["customer"]


class TestOverTheApi:
    def test_quotes_credit_notes_and_statements_are_files_too(self, api):
        invoice = factories.make_invoice("100.00")
        note, quote = factories.make_credit_note(invoice, (0, "40.00")), factories.make_quote()
        statement = f"/customers/{invoice.customer_id}/statement/pdf?date_to=2024-01-31"
        files = {
            f"/quotes/{quote.pk}/pdf": f"{quote.number}.pdf",
            f"/credit-notes/{note.pk}/pdf": f"{note.number}.pdf",
            statement: f"Statement-{invoice.customer_id}-2024-01-31.pdf",
        }
        for address, name in files.items():
            answer = api.get(address, headers={"Accept": "application/pdf"})
            again = api.get(address, headers={"If-None-Match": answer.headers["ETag"]})

            assert answer.raw.startswith(b"%PDF-")
            assert f'inline; filename="{name}"' in answer.headers["Content-Disposition"]
            assert (again.status, again.raw) == (304, b"")
        assert "Closing balance $60.00" in text_of(api.get(statement))

    def test_a_statement_refuses_what_its_json_refuses(self, api):
        customer = factories.make_customer()
        address = f"/customers/{customer.pk}/statement/pdf"

        assert api.get(f"{address}?date_from=yesterday").status == 400
        assert list(api.get(f"{address}?paper=a5").errors) == ["paper"]
        assert api.get("/customers/999/statement/pdf").body["code"] == "not_found"
