"""Quotes over the API, as programs see them."""

import datetime
from decimal import Decimal

import pytest

from billing import quotes
from billing.models import Invoice, Quote
from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from tests.factories import DAY, SYSTEM, make_customer, make_product, make_quote

pytestmark = pytest.mark.django_db

YESTERDAY = datetime.date.today() - datetime.timedelta(days=1)
TOMORROW = datetime.date.today() + datetime.timedelta(days=1)


def body(**fields) -> dict:
    return {
        "customer_id": make_customer().pk,
        "items": [{"description": "Consulting", "amount": 100, "qty": 2, "tax_rate": 20}],
    } | fields


def numbers(answer) -> list[str]:
    return [quote["quote_number"] for quote in answer.data]


def test_a_quote_is_shown_as_it_was_sent_with_what_it_comes_to(api):
    product = make_product(tax_rate=Decimal(7))
    item = {"description": "Map", "amount": 10, "qty": 1.5, "product_id": product.pk}
    sent = body(
        items=[item], date="2024-01-15", valid_until=str(TOMORROW), notes="Hi", external_id="q-1"
    )

    answer = api.post("/quotes", sent)

    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v2/quotes/{answer.data['id']}"
    assert {name: answer.data[name] for name in sent if name != "items"} == {
        name: value for name, value in sent.items() if name != "items"
    }
    assert (answer.data["quote_number"], answer.data["status"]) == ("QUO-2024-001", "Draft")
    assert b'"subtotal":15.00,"tax":1.05' in answer.raw
    assert b'"amount":16.05,' in answer.raw
    (shown,) = answer.data["items"]
    assert {name: shown[name] for name in item} == item | {"qty": Decimal("1.5")}
    assert shown["tax_rate"] == 7
    assert answer.data["invoice_id"] is None


def test_dates_have_defaults(api):
    shown = api.post("/quotes", body()).data

    today = organisation().today()
    assert shown["date"] == str(today)
    assert shown["valid_until"] == str(today + datetime.timedelta(days=30))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"items": []}, "items"),
        ({"items": [{"description": "x", "amount": -1, "qty": 1}]}, "items.0.amount"),
        ({"items": [{"description": "x", "amount": 1, "qty": 0}]}, "items.0.qty"),
        ({"items": [{"amount": 1, "qty": 1}]}, "items.0.description"),
        ({"customer_id": 999999}, "customer_id"),
        ({"valid_until": "15.02.2024"}, "valid_until"),
        ({"status": "Accepted"}, "status"),
        ({"invoice_id": 1}, "invoice_id"),
        ({"quote_number": "QUO-1"}, "quote_number"),
        ({"validuntil": "2024-02-15"}, "validuntil"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_written(api, wrong, field):
    sent = body(**wrong)
    before = Event.objects.count()

    answer = api.post("/quotes", sent)

    assert answer.status == 400
    assert field in answer.errors
    assert (Quote.objects.count(), Event.objects.count()) == (0, before)


def test_what_was_read_can_be_sent_back_and_one_field_changed(api):
    shown = api.post("/quotes", body()).data

    answer = api.put(f"/quotes/{shown['id']}", shown | {"notes": "Changed"})

    assert answer.status == 200
    assert answer.data | {"updated_at": None} == shown | {"notes": "Changed", "updated_at": None}


def test_items_are_replaced_and_the_etag_moves_on(api):
    shown = api.post("/quotes", body())
    path, etag = f"/quotes/{shown.data['id']}", shown.headers["ETag"]

    changed = api.patch(
        path,
        {"items": [{"description": "Less", "amount": 1, "qty": 1}]},
        headers={"If-Match": etag},
    )

    assert [item["description"] for item in changed.data["items"]] == ["Less"]
    assert api.patch(path, {"notes": "x"}, headers={"If-Match": etag}).status == 412
    current = {"If-None-Match": changed.headers["ETag"]}
    assert api.get(path, headers=current).status == 304


def test_it_goes_from_draft_to_invoice(api):
    path = f"/quotes/{api.post('/quotes', body()).data['id']}"

    assert api.post(f"{path}/send").data["status"] == "Sent"
    accepted = api.post(f"{path}/accept").data
    assert accepted["status"] == "Accepted"
    assert accepted["accepted_at"] is not None
    first = api.post(f"{path}/convert")
    again = api.post(f"{path}/convert")

    assert (first.status, again.status) == (201, 200)
    assert first.data == again.data
    assert first.headers["Location"] == f"/api/v2/invoices/{first.data['id']}"
    assert first.data == api.get(f"/invoices/{first.data['id']}").data
    assert (first.data["status"], first.data["amount"]) == ("Unpaid", 240)
    shown = api.get(path).data
    assert (shown["status"], shown["invoice_id"]) == ("Converted", first.data["id"])
    assert Invoice.objects.count() == 1


def test_a_refused_move_names_what_is_allowed(api):
    path = f"/quotes/{api.post('/quotes', body()).data['id']}"
    declined = api.post(f"{path}/decline", {"reason": "Too dear"})
    assert (declined.data["status"], declined.data["decline_reason"]) == ("Declined", "Too dear")
    sent = api.post("/quotes", body()).data
    api.post(f"/quotes/{sent['id']}/send")

    again = api.post(f"{path}/accept")
    resent = api.post(f"/quotes/{sent['id']}/send")

    assert (again.status, again.body["code"]) == (409, "quote_move_refused")
    assert again.body.get("allowed", []) == []
    assert (resent.status, resent.body["allowed"]) == (
        409,
        ["update", "accept", "decline", "convert"],
    )


def test_a_reason_is_not_needed_and_other_bodies_are_refused(api):
    first, second = make_quote(), make_quote()

    assert api.post(f"/quotes/{first.pk}/decline").status == 200
    assert api.post(f"/quotes/{second.pk}/decline", {"why": "x"}).status == 400
    assert api.post(f"/quotes/{second.pk}/accept", {"date": "2024-01-01"}).status == 400
    assert Quote.objects.get(pk=second.pk).status == "Draft"


def test_an_expired_quote_is_refused_until_it_has_a_new_last_day(api):
    quote = api.post("/quotes", body(valid_until=str(YESTERDAY))).data
    path = f"/quotes/{quote['id']}"
    assert quote["status"] == "Expired"
    assert api.post(f"{path}/accept").status == 409
    assert api.patch(path, {"notes": "x"}).body["code"] == "quote_expired"

    revived = api.patch(path, {"valid_until": str(TOMORROW)})

    assert revived.data["status"] == "Draft"
    assert api.post(f"{path}/accept").data["status"] == "Accepted"


def test_only_a_draft_is_deleted(api):
    draft, sent = make_quote(), quotes.send_quote(make_quote(), actor=SYSTEM)

    deleted, kept = api.delete(f"/quotes/{draft.pk}"), api.delete(f"/quotes/{sent.pk}")

    assert (deleted.status, deleted.body["message"]) == (200, "Quote deleted")
    assert kept.status == 409
    assert list(Quote.objects.values_list("pk", flat=True)) == [sent.pk]


def test_the_list_is_filtered(api):
    customer = make_customer(account="Ärger & Co")
    old = make_quote(date=DAY, valid_until=TOMORROW, customer=customer)
    past = make_quote(date=datetime.date(2024, 3, 1), valid_until=TOMORROW)
    quotes.update_quote(past, valid_until=YESTERDAY, actor=SYSTEM)
    sent = quotes.send_quote(
        make_quote(date=datetime.date(2025, 1, 1), valid_until=TOMORROW), actor=SYSTEM
    )

    def found(query: str) -> list[str]:
        return numbers(api.get(f"/quotes?{query}"))

    assert found("status=draft") == [old.number]
    assert found("status=EXPIRED") == [past.number]
    assert found("status=Sent") == [sent.number]
    assert found(f"customer_id={customer.pk}") == [old.number]
    assert found("date_from=2024-03-01&date_to=2024-12-31") == [past.number]
    assert found("search=%C3%A4rger") == [old.number]
    assert found("search=quo-2024-002") == [past.number]
    assert found("sort=-quote_number") == [sent.number, past.number, old.number]
    assert api.get("/quotes?status=Unpaid").status == 400
    assert api.get("/quotes?fields=id,status").data[0] == {"id": old.pk, "status": "Draft"}


def test_sellers_convert_into_a_draft_which_only_others_issue(client_with, api):
    seller = client_with(role=Role.SALES)
    quote = seller.post("/quotes", body()).data

    draft = seller.post(f"/quotes/{quote['id']}/convert")

    assert (draft.status, draft.data["status"]) == (201, "Draft")
    assert draft.data["invoice_number"] is None
    assert seller.post(f"/invoices/{draft.data['id']}/issue").status == 403
    assert api.post(f"/invoices/{draft.data['id']}/issue").data["status"] == "Unpaid"


def test_a_key_that_may_not_read_invoices_makes_none(client_with):
    quote = make_quote()
    refused = client_with(scopes=("quotes:write",)).post(f"/quotes/{quote.pk}/convert")

    assert refused.status == 403
    assert "read invoices" in refused.body["message"]
    assert not Invoice.objects.exists()
    assert not Event.objects.filter(type="quote.converted").exists()
    reading = client_with(scopes=("quotes:write", "invoices:read"))
    assert reading.post(f"/quotes/{quote.pk}/convert").data["status"] == "Draft"


def test_deleting_the_draft_that_it_became_makes_it_convertible_again(api, client_with):
    quote = make_quote()
    path = f"/quotes/{quote.pk}"
    draft = client_with(role=Role.SALES).post(f"{path}/convert").data

    assert api.delete(f"/invoices/{draft['id']}").status == 200

    assert api.get(path).data["status"] == "Draft"
    assert api.post(f"{path}/convert").status == 201


def test_a_repeated_request_with_its_key_converts_once(api):
    path = f"/quotes/{make_quote().pk}/convert"
    first = api.post(path, headers={"Idempotency-Key": "k"})
    second = api.post(path, headers={"Idempotency-Key": "k"})

    assert (first.status, second.status) == (201, 201)
    assert first.raw == second.raw
    assert second.headers["Idempotent-Replayed"] == "true"
