"""Discounts, and prices with tax in them: what is printed, to the cent."""

from decimal import Decimal

import pytest

from billing.models import Invoice
from tests.billing.books import event_types, last_event_id
from tests.billing.crediting import credit, invoice_now
from tests.billing.pricing import body, figures, item, lines, taxes
from tests.factories import keep_books_in, make_draft

pytestmark = pytest.mark.django_db

REVERSE_CHARGE = "Reverse charge: VAT to be paid by the recipient"


def test_a_discount_of_an_item_is_taken_off_its_total_and_rounded_once(api):
    """348.35 × 16 less 4 %: off the price of one it would be 334.42 × 16 = 5350.72."""
    shown = api.post("/invoices", body(item("348.35", 16, 22, discount_percent=4))).data

    assert lines(shown, "total", "net") == [("5350.66", "5350.66")]
    assert figures(shown) == ["5350.66", "1177.15", "6527.81"]


def test_a_discount_of_the_document_comes_off_before_the_tax(api):
    shown = api.post("/invoices", body(item("8500", tax_rate=19), discount_amount=7500)).data

    assert figures(shown, "discount", "subtotal", "tax", "amount") == [
        "7500.00",
        "1000.00",
        "190.00",
        "1190.00",
    ]
    assert lines(shown, "total", "net") == [("8500.00", "1000.00")]
    assert taxes(shown) == [("standard", 19, "7500.00", "1000.00", "190.00")]


def test_tax_that_is_in_the_prices_is_taken_out_once_per_rate(api):
    shown = api.post(
        "/invoices", body(item("90", tax_rate=5), item("55", tax_rate=5), tax_inclusive=True)
    ).data

    assert figures(shown) == ["138.10", "6.90", "145.00"]
    assert lines(shown, "total", "net") == [("90.00", "85.72"), ("55.00", "52.38")]


def test_a_discount_of_the_document_is_spread_over_the_rates_to_the_cent(api):
    """10.00 over 0.01, 33.33 and 66.66: the missing cent goes to the largest remainder."""
    shown = api.post(
        "/invoices",
        body(
            item("0.01"), item("33.33", tax_rate=7), item("66.66", tax_rate=19), discount_percent=10
        ),
    ).data

    assert taxes(shown) == [
        ("zero", 0, "0.00", "0.01", "0.00"),
        ("standard", 7, "3.33", "30.00", "2.10"),
        ("standard", 19, "6.67", "59.99", "11.40"),
    ]
    assert figures(shown, "discount", "subtotal", "tax", "amount") == [
        "10.00",
        "90.00",
        "13.50",
        "103.50",
    ]


def test_a_tie_goes_to_the_first(api):
    shown = api.post(
        "/invoices",
        body(item("5", tax_rate=7), item("5", tax_rate=19), discount_amount=Decimal("0.01")),
    ).data

    assert [each[2] for each in taxes(shown)] == ["0.01", "0.00"]
    assert lines(shown, "net") == [("4.99",), ("5.00",)]


def test_with_the_tax_in_the_prices_the_discount_has_tax_in_it_too(api):
    shown = api.post(
        "/invoices", body(item("119", tax_rate=19), tax_inclusive=True, discount_percent=50)
    ).data

    assert figures(shown, "discount", "subtotal", "tax", "amount") == [
        "59.50",
        "50.00",
        "9.50",
        "59.50",
    ]
    assert taxes(shown) == [("standard", 19, "50.00", "50.00", "9.50")]


def test_yen_and_dinars_are_rounded_to_their_own_decimals(api):
    keep_books_in("JPY")
    yen = api.post("/invoices", body(item("333", tax_rate=10), discount_percent="12.5")).data
    assert figures(yen, "discount", "subtotal", "tax", "amount") == ["42", "291", "29", "320"]

    Invoice.objects.all()  # the books stay in the currency of their first document
    wrong = api.post("/invoices", body(item("333"), discount_amount="1.5"))
    assert wrong.errors == {"discount_amount": "Must have no more than 0 decimals in JPY"}


def test_dinars_have_three_decimals(api):
    keep_books_in("KWD")

    shown = api.post(
        "/invoices", body(item("1", 3, 5, discount_amount="0.001"), tax_inclusive=True)
    ).data

    assert lines(shown, "total") == [("2.999",)]
    assert figures(shown) == ["2.856", "0.143", "2.999"]


def test_all_of_it_may_be_taken_off(api):
    shown = api.post(
        "/invoices",
        body(
            item("10", tax_rate=19, discount_percent=100), item("5", tax_rate=7), discount_amount=5
        ),
    ).data

    assert (figures(shown), shown["status"]) == (["0.00", "0.00", "0.00"], "Paid")


def test_what_was_shown_can_be_sent_back(api):
    made = api.post(
        "/invoices",
        body(
            item("19.99", 3, 19, discount_percent="2.5", unit="HUR"),
            item("10", tax_category="reverse_charge"),
            item("9", tax_rate=7, discount_amount=1),
            draft=True,
            tax_inclusive=True,
            discount_amount="3.33",
            reference="PO 4711",
            supply_date="2024-01-10",
        ),
    ).data
    before = last_event_id()

    answer = api.put(f"/invoices/{made['id']}", made)

    assert (answer.status, answer.data) == (200, made)
    assert event_types(before) == []
    issued = api.post(f"/invoices/{made['id']}/issue").data
    assert api.put(f"/invoices/{made['id']}", issued).data == issued


def test_a_draft_is_priced_anew_when_only_its_discount_changes(api):
    draft = make_draft("100.00", tax_rate=19)
    path, (kept,) = f"/invoices/{draft.pk}", list(draft.items.all())

    by_percent = api.patch(path, {"discount_percent": 10}).data
    assert figures(by_percent, "discount", "subtotal", "tax", "amount", "balance") == [
        "10.00",
        "90.00",
        "17.10",
        "107.10",
        "107.10",
    ]
    # A discount of the other kind takes its place.
    by_amount = api.patch(path, {"discount_amount": 20}).data
    assert (by_amount["discount_percent"], figures(by_amount)) == (
        None,
        ["80.00", "15.20", "95.20"],
    )
    with_tax = api.patch(path, {"discount_amount": None, "tax_inclusive": True}).data
    assert figures(with_tax) == ["84.03", "15.97", "100.00"]
    assert [each["id"] for each in with_tax["items"]] == [kept.pk]


def test_a_discount_that_the_items_no_longer_reach_is_refused(api):
    draft = make_draft("100.00", discount_amount=Decimal(50))

    answer = api.patch(f"/invoices/{draft.pk}", {"items": [item("49.99")]})

    assert answer.errors == {
        "discount_amount": "Must not be more than the items come to, 49.99 USD"
    }
    draft.refresh_from_db()
    assert (draft.amount, draft.items.get().amount) == (Decimal(50), Decimal(100))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reference", "PO 1"),
        ("supply_date", "2024-01-01"),
        ("tax_inclusive", True),
        ("discount_percent", 5),
        ("discount_amount", 5),
    ],
)
def test_once_issued_it_is_frozen(api, name, value):
    made = api.post("/invoices", body(item("100", tax_rate=19))).data

    answer = api.patch(f"/invoices/{made['id']}", {name: value})

    assert (answer.status, answer.body["code"]) == (409, "invoice_issued")
    assert api.get(f"/invoices/{made['id']}").data == made


def test_an_item_that_says_the_same_otherwise_is_a_change(api):
    draft = make_draft("100.00", tax_rate=0)
    path = f"/invoices/{draft.pk}"
    before = last_event_id()

    changed = api.patch(path, {"items": [item("100", description="Consulting", unit="HUR")]}).data
    assert changed["items"][0]["unit"] == "HUR"
    api.patch(path, {"items": [item("100", description="Consulting", unit="HUR")]})

    assert event_types(before) == ["invoice.updated"]


def test_what_is_credited_is_what_was_charged_after_every_discount(api):
    made = api.post(
        "/invoices",
        body(item("100", 2, 19, discount_percent=10), item("20"), discount_amount=50),
    ).data
    assert lines(made, "total", "net") == [("180.00", "135.00"), ("20.00", "15.00")]
    invoice = Invoice.objects.get(pk=made["id"])

    too_much = credit(api, invoice, (0, {"amount": "135.01"}))
    assert (too_much.status, too_much.body["code"]) == (409, "credit_exceeds_item")
    half = credit(api, invoice, (0, {"qty": 1})).data
    assert figures(half) == ["67.50", "12.83", "80.33"]
    rest = credit(api, invoice).data
    assert figures(rest) == ["82.50", "12.82", "95.32"]

    assert invoice_now(api, invoice)["balance"] == 0


def test_however_an_invoice_with_the_tax_in_its_prices_is_credited_all_of_it_is(api):
    """6.90 of tax, where 5 % of its net of 138.10 would be 6.91."""
    made = api.post(
        "/invoices",
        body(item("90", tax_rate=5), item("55", 5, 5, discount_amount=220), tax_inclusive=True),
    ).data
    assert figures(made) == ["138.10", "6.90", "145.00"]
    invoice = Invoice.objects.get(pk=made["id"])

    notes = [credit(api, invoice, (1, {"qty": 1})).data for _ in range(5)]
    notes.append(credit(api, invoice).data)

    assert sum(note["amount"] for note in notes) == Decimal("145.00")
    assert sum(note["tax"] for note in notes) == Decimal("6.90")
    assert invoice_now(api, invoice)["status"] == "Paid"


def test_a_credit_note_keeps_categories_apart_and_says_why_no_tax_is_charged(api):
    made = api.post(
        "/invoices",
        body(
            item("10", tax_category="reverse_charge"),
            item("20", tax_category="exempt", tax_exemption_reason="Article 132", unit="HUR"),
        ),
    ).data
    invoice = Invoice.objects.get(pk=made["id"])

    note = credit(api, invoice).data

    assert [
        (each["category"], str(each["net"]), each["exemption_reason"]) for each in note["taxes"]
    ] == [("exempt", "20.00", "Article 132"), ("reverse_charge", "10.00", REVERSE_CHARGE)]
    assert [(each["unit"], each["tax_category"]) for each in note["items"]] == [
        ("C62", "reverse_charge"),
        ("HUR", "exempt"),
    ]
