"""What stands on a document stands in the e-invoice, in the place that the standard has for it."""

import datetime
from decimal import Decimal

import pytest

from billing.einvoice.files import cii_xml, ubl_xml
from tests import factories
from tests.einvoice.reading import texts
from tests.einvoice.selling import item, seller, sold
from tests.einvoice.validating import objections

pytestmark = pytest.mark.django_db
IBAN = "DE89370400440532013000"


def test_references_dates_and_notes():
    today = seller()
    invoice = sold(
        item(unit="HUR"),
        reference="PO-4711",
        supply_date=datetime.date(2023, 12, 20),
        due_date=datetime.date(2024, 3, 1),
        notes="Thank you.\nSee you soon.",
    )
    cii, ubl = cii_xml(invoice, seller=today), ubl_xml(invoice, seller=today)

    for xml, said in (
        (
            cii,
            {
                "//ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID": "PO-4711",
                "//ram:OccurrenceDateTime/udt:DateTimeString": "20231220",
                "//ram:DueDateDateTime/udt:DateTimeString": "20240301",
                "//ram:IssueDateTime/udt:DateTimeString": "20240115",
                "//ram:IncludedNote/ram:Content": invoice.notes,
                "//ram:PaymentReference": invoice.number,
                "//ram:BilledQuantity/@unitCode": "HUR",
            },
        ),
        (
            ubl,
            {
                "/*/cac:OrderReference/cbc:ID": "PO-4711",
                "//cbc:ActualDeliveryDate": "2023-12-20",
                "/*/cbc:DueDate": "2024-03-01",
                "/*/cbc:IssueDate": "2024-01-15",
                "/*/cbc:Note": invoice.notes,
                "//cbc:PaymentID": invoice.number,
                "//cbc:InvoicedQuantity/@unitCode": "HUR",
            },
        ),
    ):
        assert {path: texts(xml, path) for path in said} == {
            path: [value] for path, value in said.items()
        }


def test_without_a_day_of_supply_it_is_the_invoices():
    today = seller()
    invoice = sold(item())
    note = factories.make_credit_note(invoice, date=datetime.date(2024, 2, 1))

    for document in (invoice, note):
        xml = ubl_xml(document, seller=today)
        assert texts(xml, "//cbc:ActualDeliveryDate") == ["2024-01-15"]


def test_both_parties_with_all_that_is_known_of_them():
    today = seller()
    xml = ubl_xml(sold(item()), seller=today)
    ours = "//cac:AccountingSupplierParty/cac:Party"
    theirs = "//cac:AccountingCustomerParty/cac:Party"

    assert texts(xml, f"{ours}//cbc:RegistrationName") == ["Ladenburg & Söhne GmbH"]
    assert texts(xml, f"{ours}/cac:PartyLegalEntity/cbc:CompanyID") == ["HRB 12345 Mannheim"]
    assert texts(xml, f"{ours}/cac:PostalAddress/cbc:StreetName") == ["Hauptstraße 1"]
    assert texts(xml, f"{theirs}//cbc:RegistrationName") == ["Dupont <Frères> S.A."]
    assert texts(xml, f"{theirs}/cac:PostalAddress/*/text()")[:4] == [
        "12 rue de la Paix",
        "Bâtiment B",
        "Paris",
        "75002",
    ]
    assert texts(xml, f"{theirs}/cac:PartyTaxScheme/cbc:CompanyID") == ["FR40303265045"]
    assert texts(xml, f"{theirs}/cac:Contact/cbc:Name") == ["Marie Dupont"]
    assert texts(xml, f"{theirs}/cbc:EndpointID[@schemeID='EM']") == ["compta@example.fr"]


@pytest.mark.parametrize(
    ("account", "currency", "code", "iban", "other"),
    [
        (IBAN, "EUR", "58", [IBAN], []),
        # To be paid to an IBAN, and not through SEPA.
        (IBAN, "USD", "30", [IBAN], []),
        ("12345678 / 40-47-84", "EUR", "30", [], ["12345678 / 40-47-84"]),
        ("", "EUR", "1", [], []),
    ],
)
def test_how_to_pay(account, currency, code, iban, other):
    today = seller(bank_account=account, payment_instructions="By the number of the invoice")
    invoice = sold(
        item(), currency=currency, exchange_rate=Decimal(1 if currency == "EUR" else "0.9")
    )
    cii, ubl = cii_xml(invoice, seller=today), ubl_xml(invoice, seller=today)

    assert objections(cii) == objections(ubl) == []
    means = "//ram:SpecifiedTradeSettlementPaymentMeans"
    assert texts(cii, f"{means}/ram:TypeCode") == texts(ubl, "//cbc:PaymentMeansCode") == [code]
    assert texts(cii, f"{means}//ram:IBANID") == iban
    assert texts(cii, f"{means}//ram:ProprietaryID") == other
    assert texts(ubl, "//cac:PayeeFinancialAccount/cbc:ID") == iban + other
    assert texts(cii, f"{means}/ram:Information") == ["By the number of the invoice"]
    assert texts(ubl, "//cbc:PaymentMeansCode/@name") == ["By the number of the invoice"]


def test_nobody_pays_a_credit_note():
    today = seller()
    note = factories.make_credit_note(sold(item()), reason="Never delivered")

    cii, ubl = cii_xml(note, seller=today), ubl_xml(note, seller=today)
    assert texts(cii, "//ram:SpecifiedTradeSettlementPaymentMeans") == []
    assert texts(ubl, "//cac:PaymentMeans") == []
    assert texts(ubl, "/*/cbc:Note") == ["Never delivered"]
    assert texts(ubl, "//cac:PaymentTerms/cbc:Note") == [
        f"Credited against invoice {note.invoice.number}"
    ]
    assert texts(ubl, "//cac:InvoiceDocumentReference/cbc:IssueDate") == ["2024-01-15"]


def test_why_no_tax_is_charged():
    today = seller()
    reason = "Reverse charge: VAT to be paid by the recipient"
    invoice = sold(
        item(rate=0, tax_category="reverse_charge", tax_exemption_reason=reason), item("5.00")
    )
    cii, ubl = cii_xml(invoice, seller=today), ubl_xml(invoice, seller=today)

    assert texts(cii, "//ram:ExemptionReason") == texts(ubl, "//cbc:TaxExemptionReason") == [reason]
    assert texts(cii, "//ram:ExemptionReasonCode") == ["VATEX-EU-AE"]
    assert texts(ubl, "//cbc:TaxExemptionReasonCode") == ["VATEX-EU-AE"]
