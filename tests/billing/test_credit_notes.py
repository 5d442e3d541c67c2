"""Credit notes: what is taken back of an issued invoice."""

import datetime
import itertools
from decimal import Decimal

import pytest

from billing.models import CreditNote, Invoice
from bizsuite.numbering.models import NumberSeries
from customers import customers
from tests.billing.books import event_types, last_event_id
from tests.billing.crediting import FEBRUARY, credit, invoice_now
from tests.factories import (
    SYSTEM,
    close_period,
    make_credit_note,
    make_customer,
    make_draft,
    make_invoice,
    new_item,
)

pytestmark = pytest.mark.django_db

MARCH = datetime.date(2024, 3, 1)


# ── What a note says ─────────────────────────────────────────────────────────


def test_a_credit_note_answers_with_what_it_did(api):
    invoice = make_invoice(items=[new_item("55.55", tax_rate=23), new_item("11.11", 3, tax_rate=7)])
    before = last_event_id()

    answer = credit(
        api,
        invoice,
        (0, {"amount": Decimal("20.00")}),
        (1, {"qty": 2}),
        reason="Damaged",
        external_id="C-1",
        metadata={"rma": "7"},
    )

    note = answer.data
    items = [item.pk for item in invoice.items.all()]
    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v2/credit-notes/{note['id']}"
    assert note["credit_note_number"] == "CN-2024-001"
    assert (note["invoice_id"], note["customer_id"]) == (invoice.pk, invoice.customer_id)
    assert (note["date"], note["currency"], note["reason"]) == (FEBRUARY, "USD", "Damaged")
    assert (note["external_id"], note["metadata"]) == ("C-1", {"rma": "7"})
    assert [{k: v for k, v in item.items() if k != "id"} for item in note["items"]] == [
        {
            "invoice_item_id": items[0],
            "description": "Consulting",
            "qty": None,
            "amount": Decimal("20.00"),
            "unit": "C62",
            "tax_rate": 23,
            "tax_category": "standard",
            "tax_exemption_reason": None,
        },
        {
            "invoice_item_id": items[1],
            "description": "Consulting",
            "qty": 2,
            "amount": Decimal("22.22"),
            "unit": "C62",
            "tax_rate": 7,
            "tax_category": "standard",
            "tax_exemption_reason": None,
        },
    ]
    assert [(each["rate"], each["net"], each["tax"]) for each in note["taxes"]] == [
        (7, Decimal("22.22"), Decimal("1.56")),
        (23, Decimal("20.00"), Decimal("4.60")),
    ]
    assert {each["category"] for each in note["taxes"]} == {"standard"}
    assert [str(note[name]) for name in ("subtotal", "tax", "amount")] == [
        "42.22",
        "6.16",
        "48.38",
    ]
    assert event_types(before) == ["credit_note.created", "invoice.updated"]
    assert api.get(f"/credit-notes/{note['id']}").data == note


def test_the_invoice_owes_less_and_shows_what_was_credited(api):
    invoice = make_invoice("100.00", tax_rate=19)

    credit(api, invoice, (0, {"amount": 50}))

    shown = invoice_now(api, invoice)
    assert [str(shown[name]) for name in ("amount", "paid", "credited", "balance")] == [
        "119.00",
        "0.00",
        "59.50",
        "59.50",
    ]
    assert shown["status"] == "Unpaid"  # nothing of it is paid


def test_without_items_all_that_is_left_is_credited(api):
    invoice = make_invoice(items=[new_item("55.55", tax_rate=23), new_item("10.00", 3)])
    credit(api, invoice, (1, {"qty": 1}))

    note = credit(api, invoice).data

    assert [(item["qty"], str(item["amount"])) for item in note["items"]] == [
        (1, "55.55"),
        (2, "20.00"),
    ]
    shown = invoice_now(api, invoice)
    assert (shown["status"], str(shown["balance"])) == ("Paid", "0.00")


def test_an_item_without_quantity_or_amount_is_credited_in_full(api):
    invoice = make_invoice(items=[new_item("10.00", 3), new_item("5.00")])

    note = credit(api, invoice, (0, {})).data

    assert [(item["qty"], item["amount"]) for item in note["items"]] == [(3, Decimal("30.00"))]


def test_the_tax_of_a_note_is_that_on_all_credited_so_far_less_what_was_credited_before(api):
    """55.55 + 11.11 at 23 %: 12.78, then 2.55, and not the 2.56 of 11.11 alone."""
    invoice = make_invoice(items=[new_item("55.55", tax_rate=23), new_item("11.11", tax_rate=23)])

    first, second = credit(api, invoice, (0, {})).data, credit(api, invoice, (1, {})).data

    assert (str(first["tax"]), str(second["tax"])) == ("12.78", "2.55")


def test_one_after_the_other_the_last_of_a_quantity_takes_the_remainder(api):
    invoice = make_invoice(items=[new_item("3.3333", 3)])

    totals = [str(credit(api, invoice, (0, {"qty": 1})).data["subtotal"]) for _ in range(3)]

    assert totals == ["3.33", "3.34", "3.33"]


def test_a_quantity_is_credited_at_the_price_that_is_left(api):
    """Three for 30.00, lowered to 24.00: each is worth 8.00 now."""
    invoice = make_invoice(items=[new_item("10.00", 3)])
    credit(api, invoice, (0, {"amount": 6}))

    assert credit(api, invoice, (0, {"qty": 1})).data["subtotal"] == Decimal("8.00")
    assert credit(api, invoice, (0, {"qty": 2})).data["subtotal"] == Decimal("16.00")


def test_the_series_is_by_the_year_of_the_note(api):
    invoice = make_invoice("100.00")
    dates = ("2024-12-31", "2025-01-01", "2024-02-01")

    numbers = [
        credit(api, invoice, (0, {"amount": 1}), date=date).data["credit_note_number"]
        for date in dates
    ]

    assert numbers == ["CN-2024-001", "CN-2025-001", "CN-2024-002"]


def test_the_customer_is_copied_as_they_are(api):
    invoice = make_invoice()
    customers.update_customer(invoice.customer, account="New Name", actor=SYSTEM)

    note = CreditNote.objects.get(pk=credit(api, invoice).data["id"])

    assert note.customer_details["account"] == "New Name"
    assert Invoice.objects.get().customer_details["account"] == "Jane Smith"


def test_it_is_dated_today_or_like_its_invoice(api):
    today = datetime.datetime.now(datetime.UTC).date()
    tomorrow = today + datetime.timedelta(days=40)
    old, coming = make_invoice(), make_invoice(date=tomorrow)

    dates = [
        api.post("/credit-notes", {"invoice_id": invoice.pk}).data["date"]
        for invoice in (old, coming)
    ]

    assert dates == [str(today), str(tomorrow)]


# ── What is refused ──────────────────────────────────────────────────────────


def assert_nothing_was_credited(before: int, count: int = 0) -> None:
    assert CreditNote.objects.count() == count
    assert event_types(before) == []
    last = NumberSeries.objects.filter(prefix="CN").values_list("last", flat=True)
    assert sum(last) == count


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"amount": Decimal("25.01")}, "has 25.00 USD net left to credit, and 25.01 USD is asked"),
        ({"qty": Decimal("2.5001")}, "has a quantity of 2.5 left to credit, and 2.5001 is asked"),
    ],
)
def test_more_than_is_left_of_an_item_is_refused_with_the_figures(api, what, message):
    invoice = make_invoice(items=[new_item("10.00", 3)])
    credit(api, invoice, (0, {"qty": Decimal("0.5")}))
    before = last_event_id()

    answer = credit(api, invoice, (0, what))

    assert (answer.status, answer.body["code"]) == (409, "credit_exceeds_item")
    assert answer.body["allowed"] == ["pay", "credit", "write_off"]
    assert message in answer.body["message"]
    assert_nothing_was_credited(before, 1)


def test_nothing_is_credited_twice(api):
    invoice = make_invoice(items=[new_item("10.00"), new_item("5.00")])
    credit(api, invoice, (0, {}))
    before = last_event_id()
    again = credit(api, invoice, (0, {}))
    assert (again.status, again.body["code"]) == (409, "credit_exceeds_item")
    assert again.body["allowed"] == ["pay", "credit", "write_off"]
    assert_nothing_was_credited(before, 1)

    credit(api, invoice)
    before = last_event_id()
    for answer in (credit(api, invoice), credit(api, invoice, (1, {"qty": 1}))):
        assert (answer.status, answer.body["code"]) == (409, "nothing_to_credit")
    assert_nothing_was_credited(before, 2)


def test_drafts_void_and_free_invoices_are_not_credited(api):
    draft, void, free = make_draft(), make_invoice(), make_invoice("0.00")
    api.post(f"/invoices/{void.pk}/void")
    before = last_event_id()

    for invoice, code, allowed in (
        (draft, "invoice_not_creditable", ["update", "issue", "delete"]),
        (void, "invoice_not_creditable", []),
        (free, "nothing_to_credit", ["void"]),
    ):
        answer = credit(api, invoice)
        assert (answer.status, answer.body["code"]) == (409, code)
        assert answer.body.get("allowed", []) == allowed
    assert_nothing_was_credited(before)


def test_an_invoice_is_not_voided_while_anything_is_credited(api):
    invoice = make_invoice()
    credit(api, invoice, (0, {"amount": 1}))

    answer = api.post(f"/invoices/{invoice.pk}/void")

    assert (answer.status, answer.body["allowed"]) == (409, ["pay", "credit", "write_off"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"invoice_id": 9**9}, "invoice_id"),
        ({"invoice_id": None}, "invoice_id"),
        ({"items": []}, "items"),
        ({"items": [{}]}, "items.0.invoice_item_id"),
        ({"items": [{"invoice_item_id": "other"}]}, "items.0.invoice_item_id"),
        ({"items": [{"invoice_item_id": "own"}] * 2}, "items.1.invoice_item_id"),
        ({"items": [{"invoice_item_id": "own", "qty": 1, "amount": 1}]}, "items.0"),
        ({"items": [{"invoice_item_id": "own", "qty": 0}]}, "items.0.qty"),
        ({"items": [{"invoice_item_id": "own", "qty": "0.0001"}]}, "items.0.qty"),
        ({"items": [{"invoice_item_id": "own", "amount": 0}]}, "items.0.amount"),
        ({"items": [{"invoice_item_id": "own", "amount": -1}]}, "items.0.amount"),
        ({"items": [{"invoice_item_id": "own", "amount": "0.001"}]}, "items.0.amount"),
        ({"items": [{"invoice_item_id": "own", "tax_rate": 5}]}, "items.0.tax_rate"),
        ({"date": "2024-01-14"}, "date"),
        ({"amount": 5}, "amount"),
        ({"customer_id": 1}, "customer_id"),
        ({"reason": 5}, "reason"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_credited(api, body, field):
    invoice = make_invoice("10.00")
    ids = {"own": invoice.items.get().pk, "other": make_invoice().items.get().pk}
    for item in body.get("items", []):
        if "invoice_item_id" in item:
            body = body | {
                "items": [
                    each | {"invoice_item_id": ids[each["invoice_item_id"]]}
                    for each in body["items"]
                ]
            }
            break
    before = last_event_id()

    answer = api.post("/credit-notes", {"invoice_id": invoice.pk} | body)

    assert list(answer.errors) == [field]
    assert_nothing_was_credited(before)


def test_nothing_is_credited_in_a_closed_period(api):
    invoice = make_invoice()
    close_period(datetime.date(2024, 2, 1))
    before = last_event_id()

    answer = credit(api, invoice)

    assert (answer.status, answer.body["code"]) == (409, "period_closed")
    assert_nothing_was_credited(before)
    assert credit(api, invoice, date="2024-02-02").status == 201


def test_a_note_is_neither_changed_nor_deleted(api):
    path = f"/credit-notes/{make_credit_note(make_invoice()).pk}"

    for method in ("PUT", "PATCH", "DELETE"):
        assert api.request(method, path, {"reason": "No"}).status == 405


def test_a_repeated_request_credits_once(api):
    invoice = make_invoice()
    body = {
        "invoice_id": invoice.pk,
        "items": [{"invoice_item_id": invoice.items.get().pk, "amount": 5}],
    }

    answers = [api.post("/credit-notes", body, headers={"Idempotency-Key": "k"}) for _ in range(2)]

    assert answers[0].raw == answers[1].raw
    assert CreditNote.objects.count() == 1


# ── Lists ────────────────────────────────────────────────────────────────────


def test_notes_are_found_by_customer_invoice_date_and_words(api):
    one, other = make_invoice(), make_invoice(customer=make_customer(account="Nova Ltd"))
    first = make_credit_note(one, (0, "10.00"), reason="Damaged in transit")
    second = make_credit_note(other, (0, "30.00"), date=MARCH, external_id="C-2")

    def ids(query):
        return [row["id"] for row in api.get(f"/credit-notes?{query}").data]

    for query, found in (
        (f"customer_id={one.customer_id}", [first.pk]),
        (f"invoice_id={other.pk}", [second.pk]),
        ("date_to=2024-02-29", [first.pk]),
        ("date_from=2024-03-01", [second.pk]),
        ("search=transit", [first.pk]),
        ("search=nova%20cn-2024-002", [second.pk]),
        ("search=INV-2024-001", [first.pk]),
        ("external_id=C-2", [second.pk]),
        ("sort=-credit_note_number", [second.pk, first.pk]),
        ("sort=amount", [first.pk, second.pk]),
    ):
        assert ids(query) == found, query


def test_a_longer_list_asks_no_more_questions(api, django_assert_max_num_queries):
    invoice = make_invoice(items=[new_item("10.00"), new_item("5.00")])
    counts = []
    for _ in range(2):
        for index in itertools.chain([0, 1] * 3):
            make_credit_note(invoice, (index, "0.01"))
        with django_assert_max_num_queries(30) as captured:
            api.get("/credit-notes")
        counts.append(len(captured.captured_queries))

    assert counts[0] == counts[1]
