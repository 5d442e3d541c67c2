"""What invoices, quotes, credit notes and statements say on paper."""

import datetime
import io
from decimal import Decimal
from pathlib import Path

import pytest
from pypdf import PdfReader

from billing import quotes
from billing.pdf import printing, typesetting
from billing.pdf.figures import day_text
from billing.pdf.typesetting import Attachment
from billing.statements import customer_statement
from bizsuite.identity.models import organisation
from bizsuite.team.profile import update_organisation
from tests import factories
from tests.billing.paper import text_in
from tests.pictures import png_of

pytestmark = pytest.mark.django_db
DAY = factories.DAY
BANK = {
    "name": "Harbour & Pine GmbH",
    "bank_name": "Hamburger Sparkasse",
    "bank_account": "DE89370400440532013000",
    "bic": "COBADEFFXXX",
    "currency": "EUR",
}

IN_DOLLARS = {"currency": "USD", "exchange_rate": Decimal("0.92")}


@pytest.fixture
def seller():
    return update_organisation(organisation(), **BANK, actor=factories.SYSTEM)


def test_who_sells_is_said_with_all_that_the_law_asks_for(seller):
    seller = update_organisation(
        seller,
        street="Hafenstraße 14",
        zip="20457",
        city="Hamburg",
        country="DE",
        tax_id="DE123456789",
        registration_number="HRB 12345 Hamburg",
        phone="+49 40 123456",
        website="www.harbour.example",
        footer="Managing director: Ada Reyes",
        actor=factories.SYSTEM,
    )
    text = text_in(printing.invoice_pdf(factories.make_invoice(), seller=seller))

    assert "Hafenstraße 14 20457 Hamburg Germany +49 40 123456 www.harbour.example" in text
    assert "Harbour & Pine GmbH · DE123456789 · HRB 12345 Hamburg" in text
    assert "Managing director: Ada Reyes Page 1 / 1" in text


class TestPaying:
    def test_what_is_owed_says_how_it_is_paid(self, seller):
        seller = update_organisation(
            seller, payment_instructions="Cash at the counter.", actor=factories.SYSTEM
        )
        invoice = factories.make_invoice("100.00", due_date=datetime.date(2024, 2, 14))
        factories.make_payment("40.00", invoice=invoice)
        invoice.refresh_from_db()
        text = text_in(printing.invoice_pdf(invoice, seller=seller))

        assert "Please pay €60.00 by 14 February 2024." in text
        assert "Paid −€40.00 Balance due €60.00" in text
        assert "Hamburger Sparkasse" in text
        assert "DE89 3704 0044 0532 0130 00" in text
        assert "COBADEFFXXX" in text
        assert f"Reference {invoice.number} Cash at the counter." in text
        assert "Scan to pay" in text

    def test_what_is_paid_says_so_and_asks_for_nothing(self, seller):
        invoice = factories.make_invoice("100.00")
        factories.make_payment("100.00", invoice=invoice)
        invoice.refresh_from_db()
        text = text_in(printing.invoice_pdf(invoice, seller=seller))

        assert "PAID" in text
        assert "Balance due €0.00" in text
        assert "How to pay" not in text

    def test_what_was_credited_was_not_paid(self, seller):
        invoice = factories.make_invoice("100.00")
        factories.make_credit_note(invoice)
        invoice.refresh_from_db()
        text = text_in(printing.invoice_pdf(invoice, seller=seller))

        assert "CREDITED" in text
        assert "PAID" not in text

    def test_a_draft_cannot_be_scanned_for_it_has_no_reference(self, seller):
        text = text_in(printing.invoice_pdf(factories.make_draft(), seller=seller))

        assert "Reference given when it is issued" in text
        assert "Scan to pay" not in text

    def test_without_an_account_nothing_is_asked_for(self, seller):
        seller = update_organisation(seller, bank_account="", actor=factories.SYSTEM)
        text = text_in(printing.invoice_pdf(factories.make_invoice(), seller=seller))

        assert "How to pay" not in text


class TestWhatItComesTo:
    def test_discounts_units_and_categories_are_said(self, seller):
        reason = "VAT is due from the recipient (Article 196, Directive 2006/112/EC)"
        invoice = factories.make_invoice(
            items=[
                factories.new_item("348.35", "16", 22, discount_percent=Decimal(4), unit="HUR"),
                factories.new_item(
                    "100.00",
                    tax_category="reverse_charge",
                    tax_exemption_reason=reason,
                    discount_amount=Decimal("7.50"),
                ),
            ],
            discount_percent=Decimal(10),
            reference="PO-4711",
            supply_date=datetime.date(2024, 1, 10),
        )
        text = text_in(printing.invoice_pdf(invoice, seller=seller))

        assert "Date of supply 10 January 2024" in text
        assert "Your reference PO-4711" in text
        assert "Discount of 4 %: −€222.94" in text
        assert "Discount: −€7.50" in text
        assert "16 h" in text
        assert "Reverse charge €92.50" in text
        assert "Items €5,443.16 Discount of 10 % −€544.32 Net €4,898.84" in text
        assert reason in text
        assert f"Total €{invoice.amount:,.2f}" in text

    def test_prices_with_tax_in_them_say_so(self, seller):
        items = [factories.new_item("90", tax_rate=5), factories.new_item("55", tax_rate=5)]
        invoice = factories.make_invoice(items=items, tax_inclusive=True)
        text = text_in(printing.invoice_pdf(invoice, seller=seller))

        assert "Items, tax included €145.00" in text
        assert "Net €138.10 Tax 5 % on €138.10 €6.90 Total €145.00" in text
        assert "Prices include tax." in text

    def test_another_currency_says_its_rate_and_the_tax_at_home(self, seller):
        invoice = factories.make_invoice("100.00", 19, **IN_DOLLARS)
        text = text_in(printing.invoice_pdf(invoice, seller=seller))

        assert "Total $119.00" in text
        assert "1 USD = 0.92 EUR; the tax is €17.48" in text
        assert "Scan to pay" not in text

    def test_many_rates_have_a_table_of_their_own(self, seller):
        items = [factories.new_item("10.00", tax_rate=rate) for rate in range(1, 61)]
        invoice = factories.make_invoice(items=items)
        text = text_in(printing.invoice_pdf(invoice, seller=seller))

        assert "Net €600.00 Tax €183.00 Total €783.00" in text
        assert "Tax by rate Rate Net Tax 1 % €10.00 €0.10" in text
        assert "60 % €10.00 €6.00" in text


class TestQuotes:
    def test_it_says_until_when_and_where_to_sign(self, seller):
        quote = factories.make_quote()
        sent = quotes.send_quote(quote, actor=factories.SYSTEM)
        text = text_in(printing.quote_pdf(sent, seller=seller))

        last = day_text(quote.valid_until)
        assert f"Quote {sent.number}" in text
        assert f"Valid until {last}" in text
        assert f"please sign and return it by {last}" in text
        assert "DRAFT" not in text
        assert "How to pay" not in text

    def test_a_draft_and_an_expired_one_say_so(self, seller):
        quote = factories.make_quote()
        late = quote.valid_until + datetime.timedelta(days=1)

        assert "DRAFT" in text_in(printing.quote_pdf(quote, seller=seller))
        expired = text_in(printing.quote_pdf(quote, seller=seller, today=late))
        assert "EXPIRED" in expired
        assert "please sign" not in expired


def test_a_credit_note_names_its_invoice_and_why(seller):
    invoice = factories.make_invoice("100.00", 19)
    note = factories.make_credit_note(invoice, (0, "40.00"), reason="Came late")
    text = text_in(printing.credit_note_pdf(note, seller=seller))

    assert f"Credit note {note.number}" in text
    assert f"For invoice {invoice.number} Invoice date 15 January 2024" in text
    assert "Net €40.00 Tax 19 % on €40.00 €7.60 Total credited €47.60" in text
    assert "Reason Came late" in text
    assert "How to pay" not in text


class TestStatements:
    def test_it_lists_what_happened_and_how_old_is_what_is_open(self, seller):
        customer = factories.make_customer(account="Nordlicht AG")
        before = datetime.date(2023, 12, 1)
        old = factories.make_invoice(
            "30.00", customer=customer, date=before, due_date=datetime.date(2023, 12, 15)
        )
        factories.make_invoice(
            "100.00", customer=customer, date=DAY, due_date=datetime.date(2024, 2, 1)
        )
        factories.make_payment("10.00", invoice=old, date=datetime.date(2024, 1, 20))
        text = text_in(printing.statement_pdf(self.statement(customer, 2024), seller=seller))

        assert "From 1 January 2024 Until 31 January 2024" in text
        assert "Nordlicht AG" in text
        assert "Opening balance €30.00" in text
        assert "€100.00 €130.00" in text
        assert "−€10.00 €120.00" in text
        assert "Closing balance €120.00" in text
        # 47 days after 15 December; the other is not due before February.
        ages = "More than 90 days late €100.00 €0.00 €20.00 €0.00 €0.00"
        assert ages in text
        assert "DE89 3704 0044 0532 0130 00" in text

    def test_no_ages_of_a_day_after_which_something_was_paid(self, seller):
        customer = factories.make_customer()
        invoice = factories.make_invoice("100.00", customer=customer, date=DAY)
        factories.make_payment("100.00", invoice=invoice, date=datetime.date(2024, 3, 1))
        text = text_in(printing.statement_pdf(self.statement(customer, 2024), seller=seller))

        assert "Closing balance €100.00" in text
        assert "by age" not in text

    def test_each_currency_has_a_paper_of_its_own(self, seller):
        customer = factories.make_customer()
        factories.make_invoice("30.00", customer=customer, date=DAY)
        factories.make_invoice("70.00", customer=customer, date=DAY, **IN_DOLLARS)
        papers = {
            code: customer_statement(
                customer, date_from=None, date_to=DAY, own_currency="EUR", currency=code
            )
            for code in ("EUR", "USD")
        }
        names = [printing.statement_pdf_name(each) for each in papers.values()]

        dollars = text_in(printing.statement_pdf(papers["USD"], seller=seller))
        assert "Until 15 January 2024 Currency USD" in dollars
        assert "Closing balance $70.00" in dollars
        assert "More than 90 days late $70.00 $0.00" in dollars
        assert "€" not in dollars
        assert names == [f"Statement-{customer.pk}-{code}-2024-01-15.pdf" for code in papers]

    def test_who_has_paid_ahead_is_asked_for_nothing(self, seller):
        customer = factories.make_customer()
        factories.make_payment("25.00", customer=customer)
        text = text_in(printing.statement_pdf(self.statement(customer, 2024), seller=seller))

        assert "Paid ahead −€25.00 Closing balance −€25.00" in text
        assert "How to pay" not in text

    def statement(self, customer, year):
        return customer_statement(
            customer,
            date_from=datetime.date(year, 1, 1),
            date_to=datetime.date(year, 1, 31),
            own_currency="EUR",
        )


class TestTheFile:
    def test_it_says_what_it_is_and_in_which_language_and_is_tagged(self, seller):
        invoice = factories.make_invoice()
        reader = PdfReader(io.BytesIO(printing.invoice_pdf(invoice, seller=seller)))
        root = reader.trailer["/Root"]

        assert reader.metadata.title == f"Invoice {invoice.number}"
        assert reader.metadata.author == seller.name
        assert root["/Lang"] == "en"
        assert root["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in root

    def test_it_holds_the_logo(self, seller):
        invoice = factories.make_invoice()
        without = printing.invoice_pdf(invoice, seller=seller)
        seller = update_organisation(seller, logo=png_of(300, 100), actor=factories.SYSTEM)
        pictures = PdfReader(io.BytesIO(printing.invoice_pdf(invoice, seller=seller)))

        assert [image.image_size for image in images_of(pictures)] == [(300, 100)]
        assert images_of(PdfReader(io.BytesIO(without))) == []

    def test_a_file_inside_makes_it_one_to_be_kept_whatever_letters_it_has(self, seller):
        xml = Attachment("factur-x.xml", "The same for programs", b"<a/>")
        invoice = factories.make_invoice(
            items=[factories.new_item(description="日本 العربية 😀 𓀀 \u202e\x07")]
        )
        pdf = printing.invoice_pdf(invoice, seller=seller, attachment=xml)
        reader = PdfReader(io.BytesIO(pdf))

        assert reader.attachments == {"factur-x.xml": [b"<a/>"]}
        metadata = reader.trailer["/Root"]["/Metadata"].get_data().decode()
        assert "<pdfaid:part>3</pdfaid:part>" in metadata
        assert "<pdfaid:conformance>B</pdfaid:conformance>" in metadata

    @pytest.mark.parametrize("kind", ["invoice", "quote", "credit_note", "statement"])
    def test_the_same_bytes_for_the_same_document(self, seller, kind):
        invoice = factories.make_invoice()
        statement = customer_statement(
            invoice.customer, date_from=None, date_to=DAY, own_currency="EUR"
        )
        quote = factories.make_quote()
        papers = {
            "invoice": lambda: printing.invoice_pdf(invoice, seller=seller),
            "quote": lambda: printing.quote_pdf(quote, seller=seller),
            "statement": lambda: printing.statement_pdf(statement, seller=seller),
        }
        if kind == "credit_note":
            note = factories.make_credit_note(invoice)
            papers[kind] = lambda: printing.credit_note_pdf(note, seller=seller)

        assert papers[kind]() == papers[kind]()

    def test_what_customers_in_america_get_fits_their_sheets(self, seller):
        american = update_organisation(seller, country="US", actor=factories.SYSTEM)
        reader = PdfReader(
            io.BytesIO(printing.invoice_pdf(factories.make_invoice(), seller=american))
        )
        assert [float(side) for side in reader.pages[0].mediabox[2:]] == [612, 792]

    def test_its_fonts_come_along_with_their_licences(self):
        fonts = Path(typesetting.HERE) / "fonts"
        assert {path.suffix for path in fonts.iterdir()} == {".ttf", ".txt"}
        assert "Apache License" in (fonts / "Apache-2.0.txt").read_text()
        assert "SIL OPEN FONT LICENSE" in (fonts / "OFL.txt").read_text()


def images_of(reader: PdfReader) -> list:
    """What is drawn on the first page as a picture, with its size in pixels."""
    resources = reader.pages[0]["/Resources"].get("/XObject", {})
    found = []
    for name in resources:
        picture = resources[name].get_object()
        if picture["/Subtype"] == "/Image":
            found.append(Picture((picture["/Width"], picture["/Height"])))
    return found


class Picture:
    def __init__(self, image_size: tuple[int, int]) -> None:
        self.image_size = image_size
