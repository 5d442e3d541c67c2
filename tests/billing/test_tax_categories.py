"""Why what tax is charged, what does not go together, and what a product says of it."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing.models import Invoice, InvoiceItem, Posting
from billing.models.ledger import Ledger
from tests.billing.books import event_types, findings, last_event_id
from tests.billing.pricing import body, figures, item
from tests.factories import make_customer, make_draft, make_product, new_item

pytestmark = pytest.mark.django_db

REVERSE_CHARGE = "Reverse charge: VAT to be paid by the recipient"


def test_categories_at_the_same_rate_are_kept_apart_with_their_reasons(api):
    shown = api.post(
        "/invoices",
        body(
            item("10", tax_category="reverse_charge"),
            item("20", tax_category="exempt", tax_exemption_reason="Article 132 (1) b"),
            item("30", tax_category="exempt", tax_exemption_reason="Article 132 (1) i"),
            item("40", tax_rate=0),
            item("50", tax_rate=19),
            item("60", tax_category="exempt", tax_exemption_reason="Article 132 (1) b"),
        ),
    ).data

    assert [
        (each["category"], each["rate"], str(each["net"]), each["exemption_reason"])
        for each in shown["taxes"]
    ] == [
        ("exempt", 0, "110.00", "Article 132 (1) b; Article 132 (1) i"),
        ("reverse_charge", 0, "10.00", REVERSE_CHARGE),
        ("zero", 0, "40.00", None),
        ("standard", 19, "50.00", None),
    ]
    assert [each["tax_category"] for each in shown["items"]][3:5] == ["zero", "standard"]
    assert shown["items"][0]["tax_exemption_reason"] == REVERSE_CHARGE


WRONG = [
    ({"tax_rate": 19, "tax_category": "exempt", "tax_exemption_reason": "x"}, "tax_rate",
     "Must be 0 where the tax_category is exempt"),
    ({"tax_rate": 19, "tax_category": "reverse_charge"}, "tax_rate",
     "Must be 0 where the tax_category is reverse_charge"),
    ({"tax_rate": 19, "tax_category": "zero"}, "tax_rate",
     "Must be 0 where the tax_category is zero"),
    ({"tax_rate": 0, "tax_category": "standard"}, "tax_category",
     "standard needs a tax_rate above 0; what is not taxed is zero, exempt, reverse_charge or"
     " outside_scope"),
    ({"tax_category": "exempt"}, "tax_exemption_reason",
     "Say why it is exempt: the law or the article"),
    ({"tax_exemption_reason": "Because"}, "tax_exemption_reason",
     "Only where the tax_category is exempt, reverse_charge or outside_scope"),
    ({"tax_category": "free"}, "tax_category", '"free" is not a valid choice'),
    ({"unit": "PCS"}, "unit",
     "Must be a code of UN/ECE Recommendation 20, such as C62 (one) or HUR (hour)"),
    ({"discount_percent": 5, "discount_amount": 5}, "discount_amount",
     "Give discount_percent or discount_amount, not both"),
    ({"discount_percent": 101}, "discount_percent", "Discount percent must be at most 100"),
    ({"discount_percent": -1}, "discount_percent", "Discount percent must be at least 0"),
    ({"discount_percent": "0.00001"}, "discount_percent", "Must have no more than 4 decimals"),
    ({"discount_amount": "200.01"}, "discount_amount",
     "Must not be more than the price by quantity, 200.00 USD"),
    ({"discount_amount": "0.001"}, "discount_amount", "Must have no more than 2 decimals in USD"),
    ({"net": 1}, "net", "This field is read-only"),
]  # fmt: skip


@pytest.mark.parametrize(("wrong", "field", "message"), WRONG)
def test_what_does_not_go_together_is_named_and_nothing_is_written(api, wrong, field, message):
    sent = body(item("1"), item("100", 2, **wrong))
    before = last_event_id()

    answer = api.post("/invoices", sent)

    assert (answer.status, answer.errors) == (400, {f"items.1.{field}": message})
    assert not Invoice.objects.exists()
    assert event_types(before) == []


def test_a_document_outside_the_scope_of_tax_has_nothing_within_it(api):
    sent = body(item("1", tax_rate=19), item("2", tax_category="outside_scope"))

    answer = api.post("/invoices", sent)

    assert answer.errors == {
        "items.1.tax_category": "outside_scope cannot stand beside other tax categories: put it on"
        " a document of its own"
    }
    alone = api.post("/invoices", body(item("2", tax_category="outside_scope"))).data
    assert alone["taxes"][0]["exemption_reason"] == "Outside the scope of VAT"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (
            {"discount_amount": "30.01"},
            {"discount_amount": "Must not be more than the items come to, 30.00 USD"},
        ),
        (
            {"discount_percent": 1, "discount_amount": 1},
            {"discount_amount": "Give discount_percent or discount_amount, not both"},
        ),
        ({"discount": 1}, {"discount": "This field is read-only"}),
        ({"tax_inclusive": "yes"}, {"tax_inclusive": "Must be true or false"}),
        ({"supply_date": "soon"}, {"supply_date": "Must be a date in the form YYYY-MM-DD"}),
        ({"reference": 7}, {"reference": "Must be text"}),
    ],
)
def test_a_document_refuses_what_it_cannot_mean(api, fields, errors):
    answer = api.post("/invoices", body(item("10"), item("20"), **fields))

    assert (answer.status, answer.errors) == (400, errors)
    assert not Invoice.objects.exists()


def test_an_item_takes_unit_and_treatment_from_its_product(api):
    exempt = make_product(
        tax_rate=Decimal(0), tax_category="exempt", tax_exemption_reason="Article 132", unit="HUR"
    )
    taxed = make_product(tax_rate=Decimal(20), unit="DAY")

    shown = api.post(
        "/invoices",
        body(
            item("1", product_id=exempt.pk),
            item("1", product_id=taxed.pk),
            item("1", product_id=exempt.pk, tax_rate=7, unit="KGM"),
            item("1", product_id=taxed.pk, tax_category="reverse_charge"),
        ),
    ).data

    assert [
        (each["unit"], each["tax_category"], each["tax_rate"], each["tax_exemption_reason"])
        for each in shown["items"]
    ] == [
        ("HUR", "exempt", 0, "Article 132"),
        ("DAY", "standard", 20, None),
        ("KGM", "standard", 7, None),
        ("DAY", "reverse_charge", 0, REVERSE_CHARGE),
    ]


def test_a_products_category_follows_its_rate_unless_it_is_given(api):
    made = api.post("/products", {"name": "Advice", "price": 100, "tax_rate": 19, "unit": "HUR"})
    path = f"/products/{made.data['id']}"
    assert (made.data["tax_category"], made.data["unit"]) == ("standard", "HUR")

    assert api.patch(path, {"tax_rate": 0}).data["tax_category"] == "zero"
    reverse = api.patch(path, {"tax_category": "reverse_charge"}).data
    assert reverse["tax_exemption_reason"] == REVERSE_CHARGE
    refused = api.patch(path, {"tax_rate": 7})
    assert refused.errors == {"tax_rate": "Must be 0 where the tax_category is reverse_charge"}
    taxed = api.patch(path, {"tax_rate": 7, "tax_category": "standard"}).data
    assert (taxed["tax_category"], taxed["tax_exemption_reason"]) == ("standard", None)
    assert api.put(path, taxed | {"tax_rate": 0}).data["tax_category"] == "zero"


def test_a_batch_carries_all_of_it_and_names_what_is_wrong(api):
    good = body(
        item("348.35", 16, 22, discount_percent=4, unit="HUR"),
        external_id="A-1",
        tax_inclusive=True,
        discount_amount=5,
        reference="PO 1",
    )
    wrong = body(item("1"), item("2", discount_amount=3), external_id="A-2")

    refused = api.post("/batch/invoices", {"invoices": [good, wrong]})
    assert refused.errors == {
        "invoices.1.items.1.discount_amount": "Must not be more than the price by quantity,"
        " 2.00 USD"
    }
    (made,) = api.post("/batch/invoices?upsert=external_id", {"invoices": [good]}).data
    before = last_event_id()
    (again,) = api.post("/batch/invoices?upsert=external_id", {"invoices": [good]}).data

    assert made == again
    assert (made["amount"], made["reference"]) == (Decimal("5345.66"), "PO 1")
    assert event_types(before) == []


def test_a_quote_carries_all_of_it_into_its_invoice(api):
    offered = {
        "customer_id": make_customer().pk,
        "items": [
            item("348.35", 16, 22, discount_percent=4, unit="HUR"),
            item("50", tax_category="exempt", tax_exemption_reason="Article 132"),
        ],
        "tax_inclusive": True,
        "discount_percent": "2.5",
        "reference": "RFQ 12",
    }
    quote = api.post("/quotes", offered).data

    invoice = api.post(f"/quotes/{quote['id']}/convert").data

    same = ("reference", "tax_inclusive", "discount_percent", "discount_amount", "discount",
            "subtotal", "tax", "amount", "taxes")  # fmt: skip
    assert {name: invoice[name] for name in same} == {name: quote[name] for name in same}
    assert [{**each, "id": 0} for each in invoice["items"]] == [
        {**each, "id": 0} for each in quote["items"]
    ]
    assert api.patch(f"/quotes/{quote['id']}", {"discount_percent": 3}).status == 409


def test_a_quote_is_priced_anew_when_only_its_discount_changes(api):
    quote = api.post(
        "/quotes", {"customer_id": make_customer().pk, "items": [item("100", tax_rate=19)]}
    ).data

    shown = api.patch(f"/quotes/{quote['id']}", {"discount_percent": 50}).data

    assert figures(shown, "discount", "subtotal", "tax", "amount") == [
        "50.00",
        "50.00",
        "9.50",
        "59.50",
    ]


def test_income_is_booked_by_what_each_item_is_of_the_subtotal(api):
    sales = api.post("/categories", {"name": "Licences", "type": "Income"}).data["id"]

    api.post(
        "/invoices",
        body(item("100", tax_rate=19, category_id=sales), item("100", tax_rate=19),
             tax_inclusive=True, discount_amount=81),
    )  # fmt: skip

    posted = Posting.objects.filter(ledger=Ledger.INCOME)
    assert {p.category_id: p.document_amount for p in posted} == {
        sales: Decimal(-50),
        1: Decimal(-50),
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"net": Decimal("100.01")},
        {"net": Decimal(-1)},
        {"discount_percent": Decimal(101)},
        {"discount_percent": Decimal(1), "discount_amount": Decimal(1)},
        {"discount_amount": Decimal(-1)},
        {"tax_category": "standard"},
        {"tax_category": "exempt"},
        {"tax_exemption_reason": "x"},
        {"tax_rate": Decimal(5)},
    ],
)
def test_the_database_refuses_what_must_never_be(wrong):
    draft = make_draft(items=[new_item("100.00")])

    with pytest.raises(IntegrityError), transaction.atomic():
        InvoiceItem.objects.filter(invoice=draft).update(**wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"discount": Decimal(5)},
        {"discount_percent": Decimal(5), "discount": Decimal(-1)},
        {"discount_amount": Decimal(5)},
        {"discount_amount": Decimal(5), "discount_percent": Decimal(5), "discount": Decimal(5)},
    ],
)
def test_the_database_refuses_a_discount_that_is_not_what_is_said(wrong):
    draft = make_draft("100.00")

    with pytest.raises(IntegrityError), transaction.atomic():
        Invoice.objects.filter(pk=draft.pk).change(**wrong)


def test_check_books_sees_a_net_and_a_discount_that_are_off():
    draft = make_draft(items=[new_item("60.00"), new_item("40.00")], discount_percent=Decimal(10))

    with transaction.atomic():
        for position, net in ((1, Decimal(53)), (2, Decimal(37))):
            InvoiceItem.objects.filter(invoice=draft, position=position).update(net=net)
        draft.taxes.update(discount=Decimal(9))
        found = findings()
        transaction.set_rollback(True)

    first, second = draft.items.all()
    assert found == [
        f"Item {first.pk}: net on invoice {draft.pk} is 53.0000, computed 54.00.",
        f"Item {second.pk}: net on invoice {draft.pk} is 37.0000, computed 36.00.",
        f"Invoice {draft.pk}: its tax lines are not those of its items.",
    ]
