"""Every kind of document is a valid e-invoice in both syntaxes, and says what we say to the cent."""

import datetime
import random
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.einvoice.files import Document, cii_xml, ubl_xml
from billing.models import CreditNote
from bizsuite.money import round_money
from tests import factories
from tests.einvoice.reading import read, texts
from tests.einvoice.selling import buyer, item, seller, sold
from tests.einvoice.validating import objections, rules_looked_at

pytestmark = pytest.mark.django_db
REASON = {"tax_exemption_reason": "Article 132 (1) (i) of Directive 2006/112/EC"}
ABROAD = {"tax_exemption_reason": "Reverse charge: VAT to be paid by the recipient"}
OUTSIDE = {"tax_exemption_reason": "Outside the scope of VAT"}
CODES = {
    "standard": "S",
    "zero": "Z",
    "exempt": "E",
    "reverse_charge": "AE",
    "outside_scope": "O",
}

KINDS = {
    "one item": ([item()], {}),
    "four decimals": ([item("9.9975", "12.3456", 7), item("0.0001", "0.0001")], {}),
    "several rates": ([item("55.55", 1, 23), item("11.11", 1, 23), item("9.99", 3, 7)], {}),
    "half a percent": ([item("1000", 1, "5.5"), item("300", 1, "0.75")], {}),
    "discounts of items": (
        [
            item("348.35", 16, 22, discount_percent=Decimal(4)),
            item("20.00", 1, 22, discount_amount=Decimal("0.01")),
            item("10.00", 1, 22, discount_percent=Decimal(100)),
        ],
        {},
    ),
    "discount of all": ([item("8500.00")], {"discount_amount": Decimal(7500)}),
    "discounts of both": (
        [
            item("33.33", 3, 19, discount_percent=Decimal("12.5")),
            item("0.07", 1, 7),
            item("12.34", "0.5", 0),
        ],
        {"discount_percent": Decimal("3.33")},
    ),
    "tax in the prices": ([item("90.00", 1, 5), item("55.00", 1, 5)], {"tax_inclusive": True}),
    "tax in prices that are discounted": (
        [
            item("19.99", 7, 19, discount_percent=Decimal(15)),
            item("4.99", "2.5", 7, discount_amount=Decimal("1.11")),
            item("3.33", 3, 19),
            item("10.00", 1, 19, discount_percent=Decimal(100)),
            item("5.00", 1, 0),
        ],
        {"tax_inclusive": True, "discount_percent": Decimal("7.5")},
    ),
    "exempt": ([item(rate=0, tax_category="exempt", **REASON), item("50.00")], {}),
    "reverse charge": ([item("1234.56", 2, 0, tax_category="reverse_charge", **ABROAD)], {}),
    "outside the scope": (
        [item("10.00", 3, 0, tax_category="outside_scope", **OUTSIDE)],
        {"discount_percent": Decimal(10)},
    ),
    "zero rate": ([item("10.00", 3, 0)], {}),
    "all within the scope": (
        [
            item("10.01", 3, 19),
            item("10.02", 3, 0),
            item("10.03", 3, 0, tax_category="exempt", **REASON),
            item("10.04", 3, 0, tax_category="reverse_charge", **ABROAD),
        ],
        {"discount_amount": Decimal("10.01")},
    ),
    "nothing to pay": ([item("0.00")], {}),
    "nothing left to pay": ([item("10.00")], {"discount_percent": Decimal(100)}),
    "an item for nothing": ([item("10.00"), item("0.00", 5)], {"discount_percent": Decimal(10)}),
    "all that can be said": (
        [item(unit="HUR"), item("0.0125", "1000", 7, unit="KWH")],
        {
            "reference": "PO-4711",
            "supply_date": datetime.date(2023, 12, 20),
            "due_date": datetime.date(2024, 3, 1),
            "notes": "Thank you.\nSee you soon.",
        },
    ),
}


def both(document: Document, today) -> list[bytes]:
    return [cii_xml(document, seller=today), ubl_xml(document, seller=today)]


def require_valid_and_ours(document: Document, today) -> None:
    for xml in both(document, today):
        assert objections(xml) == []
        said = read(xml)
        assert (said.net, said.tax, said.total, said.payable) == (
            document.subtotal,
            document.tax,
            document.amount,
            document.amount,
        )
        assert said.taxes == [
            (
                CODES[tax.category],
                None if tax.category == "outside_scope" else tax.rate,
                tax.net,
                tax.tax,
            )
            for tax in document.taxes.all()
        ]
        require_adding_up(said, document)


def require_adding_up(said, document: Document) -> None:
    """Each line is its price by its quantity less its discount; the lines and all that is taken
    off are the net. To the cent: the rules of the standard would let a whole unit pass."""
    assert len(said.lines) == document.items.count()
    for quantity, price, per, discount, net in said.lines:
        whole = round_money(Fraction(quantity) * Fraction(price) / Fraction(per), document.currency)
        assert whole - discount == net
        assert min(price, discount, net) >= 0
    assert sum(line[-1] for line in said.lines) == said.line_total
    assert said.line_total - (said.discount or 0) == said.net
    assert sum(tax for *_, tax in said.taxes) == said.tax


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_invoice_is_valid_and_says_what_we_say(kind):
    items, fields = KINDS[kind]
    today = seller()
    invoice = sold(*items, **fields)

    require_valid_and_ours(invoice, today)
    if not invoice.tax_inclusive:
        # Prices are those that we print.
        shown = [line[:2] for line in read(ubl_xml(invoice, seller=today)).lines]
        assert shown == [(each.quantity, each.amount) for each in invoice.items.all()]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.startswith("nothing")])
def test_every_kind_of_invoice_is_credited_by_valid_credit_notes(kind):
    items, fields = KINDS[kind]
    today = seller()
    invoice = sold(*items, **fields)
    most = max(range(len(items)), key=lambda index: invoice.items.all()[index].net)
    slices = [(most, round_money(invoice.items.all()[most].net / 3, "EUR"))]
    part = factories.make_credit_note(invoice, *slices, reason="Too much")
    rest = factories.make_credit_note(invoice)

    for note in (part, rest):
        note = CreditNote.objects.get(pk=note.pk)
        require_valid_and_ours(note, today)
        assert note.invoice == invoice
        cii, ubl = both(note, today)
        assert texts(cii, "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == [
            invoice.number
        ]
        assert texts(ubl, "//cac:InvoiceDocumentReference/cbc:ID") == [invoice.number]
        assert texts(cii, "//rsm:ExchangedDocument/ram:TypeCode") == ["381"]
    assert part.amount + rest.amount == invoice.amount


@pytest.mark.parametrize(
    ("currency", "amount"),
    [("JPY", "1500"), ("USD", "19.99"), ("KWD", "1.250"), ("CHF", "0.05"), ("HUF", "100.50")],
)
def test_other_currencies_have_their_own_decimals(currency, amount):
    today = seller(currency=currency)
    invoice = sold(item(amount, 4, 10), item(amount, 2, 0))
    note = factories.make_credit_note(invoice, (1, invoice.items.all()[1].net))

    for document in (invoice, note):
        require_valid_and_ours(document, today)
    total = texts(ubl_xml(invoice, seller=today), "//cbc:PayableAmount")[0]
    assert len(total.partition(".")[2]) == (0 if currency == "JPY" else 2)


def test_a_document_in_a_foreign_currency_says_its_tax_in_our_own_too():
    today = seller()
    invoice = sold(
        item("333.33", 3), item("0.05", rate=7), currency="USD", exchange_rate=Decimal("0.9137")
    )
    note = factories.make_credit_note(invoice, (0, "100.00"))

    for document, tax in ((invoice, "173.60"), (note, "17.36")):
        require_valid_and_ours(document, today)
        cii, ubl = both(document, today)
        assert texts(cii, "//ram:TaxTotalAmount[@currencyID='EUR']") == [tax]
        assert texts(ubl, "/*/cac:TaxTotal/cbc:TaxAmount[@currencyID='EUR']") == [tax]
        assert texts(cii, "//ram:TaxCurrencyCode") == texts(ubl, "//cbc:TaxCurrencyCode") == ["EUR"]


def test_where_our_own_currency_is_too_fine_for_the_standard_it_is_left_out():
    today = seller(currency="KWD")
    invoice = sold(item("333.33"), currency="EUR", exchange_rate=Decimal("0.3333"))

    require_valid_and_ours(invoice, today)
    assert texts(ubl_xml(invoice, seller=today), "//cbc:TaxCurrencyCode") == []


def test_forty_invoices_at_random_are_valid_and_say_what_we_say():
    """Seeded: the same forty each time."""
    today, customer, chance = seller(), buyer(), random.Random(16931)
    for _ in range(40):
        invoice = sold(
            *(_any_item(chance) for _ in range(chance.randint(1, 8))),
            customer=customer,
            tax_inclusive=chance.random() < 0.5,
            **_any_discount(chance),
        )
        require_valid_and_ours(invoice, today)
        biggest = max(invoice.items.all(), key=lambda each: each.net)
        if biggest.net:
            half = max(round_money(biggest.net / 2, "EUR"), Decimal("0.01"))
            note = factories.make_credit_note(invoice, (biggest.position - 1, half))
            require_valid_and_ours(note, today)


def _any_item(chance: random.Random):
    rate = chance.choice([0, 7, 19, "5.5", 21])
    kind = "exempt" if not rate and chance.random() < 0.5 else None
    more = {"tax_category": kind, **REASON} if kind else {}
    price = Decimal(chance.randint(0, 5_000_000)) / 10 ** chance.choice([2, 2, 4])
    quantity = Decimal(chance.randint(1, 99_999)) / 10 ** chance.choice([0, 1, 4])
    return item(str(price), str(quantity), rate, **more, **_any_discount(chance))


def _any_discount(chance: random.Random):
    if chance.random() < 0.5:
        return {}
    return {"discount_percent": Decimal(chance.randint(0, 10_000)) / 100}


class TestWhoJudges:
    """The judges are awake: what is wrong they find."""

    def test_they_look_at_much(self):
        today = seller()
        for xml in both(sold(item(), item("5.00", 2, 7)), today):
            assert rules_looked_at(xml) > 60

    @pytest.mark.parametrize(
        ("right", "wrong", "rules"),
        [
            (b">119.00</", b">119.01</", ("BR-CO-15", "BR-CO-16")),
            # Those of Factur-X number the code lists otherwise.
            (b">FR</", b">XX</", ("BR-CL-14", "'ram:CountryID' is not allowed")),
            (b">DE123456789</", b">123456789</", ("BR-CO-09",)),
        ],
    )
    def test_they_find_what_is_wrong(self, right, wrong, rules):
        for xml in both(sold_by(seller()), seller()):
            assert right in xml
            found = "\n".join(objections(xml.replace(right, wrong, 1)))
            assert any(rule in found for rule in rules)

    def test_the_schemas_find_what_is_out_of_place(self):
        for xml in both(sold_by(seller()), seller()):
            assert objections(xml) == []
            broken = xml.replace(b":ID", b":Id")
            assert any("not expected" in found for found in objections(broken))


def sold_by(today):
    assert today.country == "DE"
    return sold(item())
