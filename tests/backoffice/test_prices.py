"""Discounts, units and categories of tax in the admin."""

from decimal import Decimal

import pytest

from billing.models import Invoice, Product, Quote
from bizsuite.events.models import Event
from tests.backoffice.staff import form_values, text_of
from tests.factories import make_customer, make_draft, make_invoice, make_product, new_item

INVOICES = "/admin/billing/invoice/"
QUOTES = "/admin/billing/quote/"
PRODUCTS = "/admin/billing/product/"
WORK = {"description": "Work", "quantity": "16", "amount": "348.35", "tax_rate": "22"}
TOGGLE = "Show units, discounts and why no tax is charged"


def document(*items: dict[str, str], **fields) -> dict:
    typed = {"customer": make_customer().pk, "date": "2024-01-15", "items-TOTAL_FORMS": len(items)}
    for number, item in enumerate(items):
        typed |= {f"items-{number}-{name}": value for name, value in item.items()}
    return typed | fields


@pytest.mark.parametrize(("page", "model"), [(INVOICES, Invoice), (QUOTES, Quote)])
def test_a_document_is_written_with_all_that_may_be_said_of_its_prices(administrator, page, model):
    administrator.send(
        f"{page}add/",
        document(
            WORK | {"unit": "HUR", "discount_percent": "4"},
            {
                "description": "Course",
                "quantity": "1",
                "amount": "100",
                "tax_category": "exempt",
                "tax_exemption_reason": "Article 132",
                "discount_amount": "10",
            },
            discount_percent="10",
            reference="PO 4711",
        ),
    )

    made = model.objects.get()
    work, course = made.items.all()
    assert (made.reference, made.discount, made.subtotal) == (
        "PO 4711",
        Decimal("544.07"),
        Decimal("4896.59"),
    )
    assert (work.unit, work.total, work.tax_category) == ("HUR", Decimal("5350.66"), "standard")
    assert (course.total, course.tax_category, course.tax_rate) == (Decimal(90), "exempt", 0)
    assert course.tax_exemption_reason == "Article 132"


def test_prices_with_the_tax_in_them(administrator):
    administrator.send(
        f"{INVOICES}add/",
        document(WORK | {"quantity": "1", "amount": "122"}, tax_inclusive="on"),
    )

    made = Invoice.objects.get()
    assert (made.subtotal, made.tax, made.amount) == (Decimal(100), Decimal(22), Decimal(122))
    assert "include tax" in text_of(administrator.get(f"{INVOICES}{made.pk}/change/"))


def test_what_does_not_go_together_is_said_on_its_field_and_shown(administrator):
    answer = administrator.send(
        f"{INVOICES}add/", document(WORK | {"tax_category": "reverse_charge"})
    )

    assert "Must be 0 where the tax_category is reverse_charge" in text_of(answer)
    assert form_values(answer, "invoice_form")["items-0-tax_category"] == "reverse_charge"
    assert 'class="items-details-shown" checked' in answer.content.decode()
    assert not Invoice.objects.exists()


def test_too_much_of_a_discount_is_said_on_its_field(administrator):
    answer = administrator.send(f"{INVOICES}add/", document(WORK, discount_amount="5573.61"))

    form = answer.context["adminform"].form
    assert form.errors["discount_amount"] == [
        "Must not be more than the items come to, 5573.60 USD"
    ]
    assert not Invoice.objects.exists()


def test_a_simple_invoice_stays_simple(administrator):
    simple, detailed = make_draft("100.00"), make_draft(items=[new_item(unit="HUR")])

    pages = [
        administrator.get(f"{INVOICES}{draft.pk}/change/").content.decode()
        for draft in (simple, detailed)
    ]

    assert [TOGGLE in page for page in pages] == [True, True]
    assert ['class="items-details-shown" checked' in page for page in pages] == [False, True]


def test_a_discount_of_the_other_kind_takes_the_place_of_the_first(administrator):
    draft = make_draft("100.00", discount_percent=Decimal(10))

    administrator.send(
        f"{INVOICES}{draft.pk}/change/", {"discount_percent": "", "discount_amount": "30"}
    )

    draft.refresh_from_db()
    assert (draft.discount_percent, draft.discount, draft.amount) == (
        None,
        Decimal(30),
        Decimal(70),
    )


def test_saving_unchanged_leaves_an_item_taxed_as_it_was(administrator):
    """Empty means "by its rate" and not, of an item that is there already, the product's."""
    exempt = make_product(tax_category="exempt", tax_exemption_reason="Article 132")
    draft = make_draft(items=[new_item(product=exempt, tax_category="zero"), new_item()])

    administrator.send(f"{INVOICES}{draft.pk}/change/", {"items-1-amount": "50"})

    first, second = Invoice.objects.get().items.all()
    assert (first.tax_category, second.amount) == ("zero", Decimal(50))
    assert Event.objects.filter(type="invoice.updated").count() == 1


def test_once_issued_it_is_shown_and_not_offered(administrator):
    invoice = make_invoice(
        items=[
            new_item("100.00", 2, 19, unit="HUR", discount_percent=Decimal(5)),
            new_item(tax_category="reverse_charge"),
        ],
        reference="PO 4711",
    )

    page = administrator.get(f"{INVOICES}{invoice.pk}/change/")

    offered = set(form_values(page, "invoice_form"))
    assert not offered & {"reference", "supply_date", "discount_percent", "tax_inclusive"}
    shown = text_of(page)
    assert all(text in shown for text in ("PO 4711", "2 h", "5 %", "Reverse charge"))
    assert TOGGLE not in shown


def test_a_product_says_how_it_is_taxed_and_counted(administrator):
    administrator.send(
        f"{PRODUCTS}add/",
        {
            "name": "Course",
            "type": "service",
            "price": "100",
            "tax_rate": "0",
            "unit": "HUR",
            "tax_category": "exempt",
            "tax_exemption_reason": "Article 132",
        },
    )
    made = Product.objects.get()
    assert (made.unit, made.tax_category) == ("HUR", "exempt")

    administrator.send(
        f"{PRODUCTS}{made.pk}/change/",
        {"tax_category": "", "tax_exemption_reason": "", "tax_rate": "19"},
    )
    made.refresh_from_db()
    assert (made.tax_category, made.tax_exemption_reason, made.tax_rate) == ("standard", "", 19)
