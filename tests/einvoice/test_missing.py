"""What lacks something is no e-invoice, and says each thing that it lacks."""

from decimal import Decimal

import pytest
from babel import Locale

from billing import invoices
from billing.einvoice.countries import country_code
from billing.einvoice.figures import is_listed
from billing.einvoice.files import cii_xml, ubl_xml
from billing.einvoice.missing import EInvoiceIncomplete
from billing.models import Invoice
from billing.units import unit_codes
from bizsuite.identity.actors import Actor
from bizsuite.identity.contact_details import country_names
from bizsuite.identity.models import Organisation
from bizsuite.money import is_currency
from customers import customers
from tests import factories
from tests.einvoice.reading import texts
from tests.einvoice.selling import buyer, item, seller, sold
from tests.einvoice.validating import code_list, objections

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("tests")
ABROAD = {
    "tax_category": "reverse_charge",
    "tax_exemption_reason": "Reverse charge",
}
OUTSIDE = {"tax_category": "outside_scope", "tax_exemption_reason": "Outside the scope"}


def missing(document, today: Organisation) -> dict[str, str]:
    for write in (cii_xml, ubl_xml):
        with pytest.raises(EInvoiceIncomplete) as refused:
            write(document, seller=today)
    for text in refused.value.errors.values():
        assert text in refused.value.message
    return refused.value.errors


@pytest.mark.parametrize("name", ["country", "tax_id"])
def test_each_thing_of_the_seller(name):
    today = seller(**{name: ""})
    said = missing(sold(item()), today)

    assert list(said) == [f"seller.{name}"]
    assert "organisation's settings" in said[f"seller.{name}"]


def test_what_the_seller_fills_in_later_counts():
    today = seller(country="", tax_id="")
    invoice = sold(item())
    assert set(missing(invoice, today)) == {"seller.country", "seller.tax_id"}

    assert objections(ubl_xml(invoice, seller=seller())) == []


@pytest.mark.parametrize(("country", "said"), [("", "is missing"), ("Atlantis", "“Atlantis”")])
def test_the_customers_country_as_it_is_on_the_document(country, said):
    today, customer = seller(), buyer(country=country)
    invoice = sold(item(), customer=customer)
    customers.update_customer(customer, country="FR", actor=ACTOR)

    assert said in missing(invoice, today)["customer.country"]
    assert "issue it anew" in missing(invoice, today)["customer.country"]
    # What is issued after that has it.
    assert objections(cii_xml(sold(item(), customer=customer), seller=today)) == []


def test_the_customers_vat_number_where_they_owe_the_tax():
    today = seller()
    for tax_id in ("", "12345"):
        invoice = sold(item(rate=0, **ABROAD), customer=buyer(tax_id=tax_id))
        assert list(missing(invoice, today)) == ["customer.tax_id"]

    invoice = sold(item(), customer=buyer(tax_id=""))
    assert objections(ubl_xml(invoice, seller=today)) == []


def test_a_number_of_the_seller_where_no_tax_is_spoken_of():
    today = seller(tax_id="", registration_number="")
    invoice = sold(item(rate=0, **OUTSIDE))
    assert list(missing(invoice, today)) == ["seller.registration_number"]

    for known in ({"tax_id": "DE123456789"}, {"registration_number": "HRB 1"}):
        today = seller(**({"tax_id": "", "registration_number": ""} | known))
        for xml in (cii_xml(invoice, seller=today), ubl_xml(invoice, seller=today)):
            assert objections(xml) == []


def test_all_of_it_at_once():
    today = seller(country="", tax_id="", registration_number="")
    invoice = sold(item(rate=0, **ABROAD), customer=factories.make_customer())

    assert list(missing(invoice, today)) == [
        "seller.country",
        "seller.tax_id",
        "customer.country",
        "customer.tax_id",
    ]


def test_what_is_outside_of_tax_beside_what_is_not():
    today = seller()
    invoice = sold(item(rate=0, **OUTSIDE))
    # No longer possible; documents of before say so.
    invoice.taxes.create(category="standard", rate=Decimal(19), net=0, tax=0)

    assert list(missing(Invoice.objects.get(pk=invoice.pk), today)) == ["items.tax_category"]


def test_thousandths_of_a_dinar():
    today = seller(currency="KWD")

    said = missing(sold(item("1.234")), today)
    assert list(said) == ["currency"]
    assert "1.234 KWD" in said["currency"]


@pytest.mark.parametrize("currency", ["DEM", "XEU", "ZWL"])
def test_money_that_is_none_any_more(currency):
    today = seller(currency=currency)

    assert list(missing(sold(item("10.00")), today)) == ["currency"]


def test_our_lists_are_those_of_the_rules():
    ours = {code for code in Locale("en").currencies if is_currency(code)}

    assert {code for code in ours if is_listed(code)} == ours & code_list("EUR", "USD")
    assert unit_codes() <= code_list("C62", "HUR")
    assert {country_code(code) for code in country_names()} <= code_list("FR", "DE", "US")


def test_a_rate_that_the_rules_take_for_none():
    today = seller()

    assert list(missing(sold(item("1000.00", rate="0.3")), today)) == ["items.tax_rate"]
    assert objections(ubl_xml(sold(item("100.00", rate="0.3")), seller=today)) == []


def test_drafts_and_void_invoices_are_none(api):
    seller()
    draft = factories.make_draft(customer=buyer())
    void = invoices.void_invoice(sold(item()), actor=ACTOR)
    for form in ("ubl", "factur-x"):
        answer = api.get(f"/invoices/{draft.pk}/{form}")
        assert (answer.status, answer.body["code"]) == (409, "einvoice_not_issued")
        assert answer.body["allowed"] == ["issue"]
        assert api.get(f"/invoices/{void.pk}/{form}").status == 409


class TestWhoIsWho:
    """What people enter is understood as they mean it."""

    @pytest.mark.parametrize(
        ("country", "code"),
        [
            ("fr", "FR"),
            ("France", "FR"),
            ("FRANKREICH", "FR"),
            ("Ελλάδα", "GR"),
            ("UK", "GB"),
            ("United States", "US"),
            ("Česko", "CZ"),
            ("Kosovo", "1A"),
        ],
    )
    def test_countries_by_code_and_by_name(self, country, code):
        invoice = sold(item(), customer=buyer(country=country, tax_id=""))

        xml = ubl_xml(invoice, seller=seller())
        assert objections(xml) == []
        assert texts(xml, "//cac:AccountingCustomerParty//cbc:IdentificationCode") == [code]

    @pytest.mark.parametrize(
        ("country", "tax_id", "vat", "other"),
        [
            ("DE", "DE 123 456 789", ["DE123456789"], []),
            ("GR", "el094259216", ["EL094259216"], []),
            ("GB", "XI 980 7806 84", ["XI980780684"], []),
            ("CH", "CHE-123.456.788 MWST", ["CHE123456788MWST"], []),
            # A firm abroad that is registered here.
            ("US", "ATU13585627", ["ATU13585627"], []),
            ("DE", "143/123/12345", [], ["143/123/12345"]),
            ("US", "12-3456789", [], ["12-3456789"]),
        ],
    )
    def test_vat_numbers_and_other_tax_ids(self, country, tax_id, vat, other):
        today = seller(country=country, tax_id=tax_id, registration_number="")
        invoice = sold(item())
        cii, ubl = cii_xml(invoice, seller=today), ubl_xml(invoice, seller=today)

        assert objections(cii) == objections(ubl) == []
        assert texts(cii, "//ram:SellerTradeParty//ram:ID[@schemeID='VA']") == vat
        assert texts(cii, "//ram:SellerTradeParty//ram:ID[@schemeID='FC']") == other
        scheme = "//cac:AccountingSupplierParty//cac:PartyTaxScheme[cac:TaxScheme/cbc:ID='{}']"
        assert texts(ubl, scheme.format("VAT") + "/cbc:CompanyID") == vat
        assert texts(ubl, scheme.format("LOC") + "/cbc:CompanyID") == other


def test_what_xml_cannot_write_is_left_out_and_the_rest_kept():
    today = seller(street='A\x08Street <1> & "more"')
    description = "\x01 ]]> <b>&amp; \ufffe‮ 日本 \U0001f9ff \x7f"
    invoice = sold(
        item(description=description), item(description="\x02"), notes="\x07\r\n-- <!-- x"
    )

    for xml in (cii_xml(invoice, seller=today), ubl_xml(invoice, seller=today)):
        assert objections(xml) == []
        named = texts(xml, "//ram:SpecifiedTradeProduct/ram:Name | //cac:Item/cbc:Name")
        assert named == ["]]> <b>&amp; ‮ 日本 \U0001f9ff \x7f", "Item 2"]
        assert 'AStreet <1> & "more"' in texts(xml, "//ram:LineOne | //cbc:StreetName")
