"""What the law wants printed: discounts, units, why no tax is charged, when and for which order."""

from decimal import Decimal

import pytest

from billing.models import Invoice, Quote
from tests.billing.crediting import credit
from tests.billing.pricing import body, item
from tests.billing.test_pdf import text_of
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


def printed(api, path: str) -> str:
    return text_of(api.get(f"{path}/pdf"))


def test_an_invoice_prints_discounts_units_reasons_reference_and_supply(api):
    sent = body(
        item("348.35", 16, 22, discount_percent=4, unit="HUR"),
        item("20", 3, 7, discount_amount=5, unit="H87"),
        item("400", tax_category="exempt", tax_exemption_reason="Article 132 (1) i"),
        item("99", tax_category="reverse_charge", unit="XBX"),
        item("1", unit="4K"),
        discount_percent="2.5",
        reference="PO 4711",
        supply_date="2024-01-10",
    )

    text = printed(api, f"/invoices/{api.post('/invoices', sent).data['id']}")

    for words in (
        "Your reference PO 4711",
        "Date of supply 10 January 2024",
        "Work Discount of 4 %: −$222.94 16 h 348.35 22 % $5,350.66",
        "Discount: −$5.00 3 pcs 20.00 7 % $55.00",
        "1 400.00 Exempt $400.00",
        "1 box 99.00 Reverse charge $99.00",
        "1 4K 1.00 0 % $1.00",
        "Items $5,905.66",
        "Discount of 2.5 % −$147.64",
        "Net $5,758.02",
        "Exempt on $390.00 $0.00",
        "Reverse charge on $96.53 $0.00",
        "Tax 0 % on $0.97 $0.00",
        "Tax 7 % on $53.63 $3.75",
        "Tax 22 % on $5,216.89 $1,147.72",
        "Exempt from tax: Article 132 (1) i",
        "Reverse charge: VAT to be paid by the recipient",
    ):
        assert words in text, words
    assert "Prices include tax" not in text


def test_prices_with_the_tax_in_them_say_so(api):
    sent = body(item("90", tax_rate=5), item("55", tax_rate=5), tax_inclusive=True)

    text = printed(api, f"/invoices/{api.post('/invoices', sent).data['id']}")

    assert "Items, tax included $145.00 Net $138.10 Tax 5 % on $138.10 $6.90" in text
    assert "Prices include tax." in text


def test_a_simple_invoice_prints_none_of_it(api):
    text = printed(api, f"/invoices/{api.post('/invoices', body(item('100'))).data['id']}")

    for words in ("Discount", "Items", "Tax 0 %", "Your reference", "Date of supply", "include"):
        assert words not in text, words


def test_a_quote_and_a_credit_note_print_the_same_words(api):
    offered = {
        "customer_id": make_customer().pk,
        "items": [
            item("100", 2, 19, unit="HUR", discount_percent=10),
            item("50", tax_category="exempt", tax_exemption_reason="Article 132"),
        ],
        "discount_amount": 23,
        "reference": "RFQ 12",
    }
    quote = Quote.objects.get(pk=api.post("/quotes", offered).data["id"])
    invoice = Invoice.objects.get(pk=api.post(f"/quotes/{quote.pk}/convert").data["id"])
    note = credit(api, invoice, (0, {"qty": 1}), (1, {}), date=str(invoice.date)).data

    on_quote, on_note = (
        printed(api, f"/quotes/{quote.pk}"),
        printed(api, f"/credit-notes/{note['id']}"),
    )

    assert "Your reference RFQ 12" in on_quote
    assert "Discount of 10 %: −$20.00 2 h 100.00 19 % $180.00" in on_quote
    assert "Discount −$23.00" in on_quote
    assert note["subtotal"] == Decimal("126.00")
    for words in ("1 h 19 % $81.00", "1 Exempt $45.00", "Exempt from tax: Article 132", "RFQ 12"):
        assert words in on_note, words
