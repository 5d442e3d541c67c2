"""Recurring invoices over the API: set up, changed, paused, ended."""

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing import recurring_invoices, recurring_runs
from billing.models import Invoice, RecurringInvoice
from bizsuite.identity.roles import Role
from tests.billing.books import event_types, last_event_id
from tests.factories import (
    SYSTEM,
    make_customer,
    make_invoice,
    make_product,
    make_recurring_invoice,
    new_item,
)

pytestmark = pytest.mark.django_db
ITEM = {"description": "Hosting {{ month }}", "amount": Decimal("49.00"), "qty": 1}
PATH = "/recurring-invoices"


def body(**fields: Any) -> dict[str, Any]:
    customer = fields.pop("customer_id", None) or make_customer().pk
    start = {"interval": "monthly", "start_date": "2024-01-31"}
    return {"customer_id": customer, "items": [ITEM]} | start | fields


def make_due(schedule: RecurringInvoice, date: str) -> None:
    now = datetime.datetime.fromisoformat(f"{date}T12:00+00:00")
    recurring_runs.generate_due(now=now, actor=SYSTEM)


def test_a_schedule_is_set_up(api):
    before = last_event_id()

    answer = api.post(PATH, body(discount_percent=10, notes="Thank you"))

    assert answer.status == 201
    assert answer.data["upcoming_dates"] == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-31",
        "2024-04-30",
        "2024-05-31",
        "2024-06-30",
    ]
    shown = {name: answer.data[name] for name in ("status", "amount", "every", "made", "catch_up")}
    assert shown == {
        "status": "Active",
        "amount": Decimal("44.10"),
        "every": 1,
        "made": 0,
        "catch_up": "all",
    }
    assert event_types(before)[1:] == ["recurring_invoice.created"]
    assert not Invoice.objects.exists()


def test_it_starts_today_unless_told_otherwise(api):
    sent = body()
    del sent["start_date"]

    assert api.post(PATH, sent).data["next_date"] == str(timezone.now().date())


def test_the_dates_to_come_know_the_end(api):
    assert api.post(PATH, body(count=2)).data["upcoming_dates"] == ["2024-01-31", "2024-02-29"]
    by_date = api.post(PATH, body(end_date="2024-03-30"))
    assert by_date.data["upcoming_dates"] == ["2024-01-31", "2024-02-29"]


@pytest.mark.parametrize(
    ("wrong", "errors"),
    [
        ({"interval": "daily"}, {"interval": '"daily" is not a valid choice'}),
        ({"every": 0}, {"every": "Ensure this value is greater than or equal to 1"}),
        ({"count": 0}, {"count": "Ensure this value is greater than or equal to 1"}),
        ({"count": 3, "end_date": "2025-01-01"}, {"count": "Give end_date or count, not both"}),
        (
            {"end_date": "2024-01-30"},
            {"end_date": "Must not be before 2024-01-31, the first date"},
        ),
        (
            {"draft": True, "mail": True},
            {"mail": "A draft is not mailed; make them drafts or mail them"},
        ),
        ({"items": []}, {"items": "At least one item is required"}),
        ({"next_date": "2024-02-01"}, {"next_date": "This field is read-only"}),
        ({"made": 7}, {"made": "This field is read-only"}),
        ({"currency": "XXY"}, {"currency": "Must be an ISO 4217 currency code, such as EUR"}),
        (
            {"start_date": "9999-12-31"},
            {"start_date": "Is so late that no invoice would ever be made"},
        ),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_written(api, wrong, errors):
    assert api.post(PATH, body(**wrong)).errors == errors
    assert not RecurringInvoice.objects.exists()


@pytest.mark.parametrize(
    "text", ["{{ moth }}", "{{ month", "{{ Month }}", "{{month.year}}", "{{}}"]
)
@pytest.mark.parametrize("place", ["items", "notes", "reference"])
def test_a_placeholder_that_there_is_not_is_refused(api, place, text):
    wrong = {"items": [ITEM | {"description": text}]} if place == "items" else {place: text}

    errors = api.post(PATH, body(**wrong)).errors

    field = "items.0.description" if place == "items" else place
    assert list(errors) == [field]
    assert errors[field].startswith(f"There is no placeholder {text}; there are {{{{ period }}}}, ")


def test_a_text_has_room_for_what_is_filled_in(api):
    text = "x" * 480 + " {{ period }}"

    errors = api.post(PATH, body(items=[ITEM | {"description": text}])).errors

    assert errors == {
        "items.0.description": "Becomes longer than 500 characters once it is filled in"
    }


def test_what_is_needed_is_said(api):
    assert api.post(PATH, {"interval": "weekly"}).errors == {
        "customer_id": "This field is required",
        "items": "This field is required",
    }
    assert api.post(PATH, {}).errors["interval"] == "This field is required"


# ── Repeating an invoice ─────────────────────────────────────────────────────


def test_an_invoice_is_repeated_from_its_next_period_on(api):
    product = make_product()
    item = new_item("10.00", 3, tax_rate=20, product=product, discount_percent=Decimal(50))
    date = timezone.now().date() - datetime.timedelta(days=1)
    invoice = make_invoice(items=[item], date=date, notes="As agreed", reference="PO 7")

    answer = api.post(PATH, {"invoice_id": invoice.pk, "interval": "weekly"})

    assert answer.data["next_date"] == str(date + datetime.timedelta(weeks=1))
    assert answer.data["customer_id"] == invoice.customer_id
    assert (answer.data["amount"], answer.data["notes"]) == (invoice.amount, "As agreed")
    assert answer.data["reference"] == "PO 7"
    assert answer.data["items"][0]["product_id"] == product.pk
    assert Invoice.objects.count() == 1


def test_an_old_invoice_is_repeated_from_today_on_in_its_own_rhythm(api):
    invoice = make_invoice(date=datetime.date(2020, 1, 31))

    data = api.post(PATH, {"invoice_id": invoice.pk, "interval": "monthly"}).data

    today = timezone.now().date()
    assert str(today) <= data["next_date"] <= str(today + datetime.timedelta(days=31))
    assert RecurringInvoice.objects.get().anchor_day == 31


# ── Changing one ─────────────────────────────────────────────────────────────


def test_a_change_holds_from_the_next_period_on(api):
    schedule = make_recurring_invoice("100.00")
    make_due(schedule, "2024-01-15")
    other = make_customer().pk

    answer = api.patch(f"{PATH}/{schedule.pk}", {"items": [ITEM], "customer_id": other})
    make_due(schedule, "2024-02-15")

    assert (answer.status, answer.data["amount"]) == (200, Decimal("49.00"))
    first, second = Invoice.objects.order_by("pk")
    assert (first.amount, second.amount) == (Decimal(100), Decimal(49))
    assert (first.customer_id, second.customer_id) == (schedule.customer_id, other)


def test_what_is_sent_as_it_is_changes_nothing(api):
    schedule = make_recurring_invoice(count=3)
    make_due(schedule, "2024-01-15")
    path = f"{PATH}/{schedule.pk}"
    shown, before = api.get(path).data, last_event_id()

    assert api.put(path, shown).status == 200

    assert event_types(before) == []


@pytest.mark.parametrize(
    ("change", "dates"),
    [
        ({"interval": "quarterly"}, ["2024-02-29", "2024-05-31", "2024-08-31"]),
        ({"every": 2}, ["2024-02-29", "2024-04-30", "2024-06-30"]),
        ({"interval": "weekly"}, ["2024-02-29", "2024-03-07", "2024-03-14"]),
        ({"start_date": "2024-02-10"}, ["2024-02-10", "2024-03-10", "2024-04-10"]),
    ],
)
def test_a_new_rhythm_goes_on_from_the_next_date(api, change, dates):
    schedule = make_recurring_invoice(start_date=datetime.date(2024, 1, 31))
    make_due(schedule, "2024-01-31")

    assert api.patch(f"{PATH}/{schedule.pk}", change).data["upcoming_dates"][:3] == dates


def test_a_rhythm_does_not_go_back_over_what_is_done(api):
    schedule = make_recurring_invoice()
    make_due(schedule, "2024-02-15")

    errors = api.patch(f"{PATH}/{schedule.pk}", {"start_date": "2024-02-15"}).errors

    assert errors == {"start_date": "Must be after 2024-02-15, the last period that is done"}


def test_a_count_below_what_was_made_is_refused_and_the_same_ends_it(api):
    schedule = make_recurring_invoice()
    make_due(schedule, "2024-02-15")
    path = f"{PATH}/{schedule.pk}"

    assert api.patch(path, {"count": 1}).errors == {"count": "2 invoices have been made already"}
    ended = api.patch(path, {"count": 2}).data
    assert (ended["status"], ended["next_date"]) == ("Ended", None)


# ── Its states ───────────────────────────────────────────────────────────────


def test_it_is_paused_resumed_and_ended(api):
    path = f"{PATH}/{make_recurring_invoice().pk}"
    before = last_event_id()

    assert api.post(f"{path}/pause").data["status"] == "Paused"
    assert api.post(f"{path}/run").body["allowed"] == ["update", "resume", "end", "delete"]
    resumed = api.post(f"{path}/resume").data
    assert (resumed["status"], resumed["next_date"][-2:]) == ("Active", "15")
    assert resumed["next_date"] >= str(timezone.now().date())
    assert api.post(f"{path}/end").data["upcoming_dates"] == []

    assert event_types(before) == [
        "recurring_invoice.paused",
        "recurring_invoice.resumed",
        "recurring_invoice.ended",
    ]


@pytest.mark.parametrize("move", ["pause", "resume", "end", "run", "update"])
def test_what_has_ended_stays_so(api, move):
    schedule = make_recurring_invoice()
    recurring_invoices.end_recurring_invoice(schedule, actor=SYSTEM)
    path, before = f"{PATH}/{schedule.pk}", last_event_id()

    answer = api.patch(path, {"notes": "!"}) if move == "update" else api.post(f"{path}/{move}")

    assert (answer.status, answer.body["code"]) == (409, "recurring_move_refused")
    assert event_types(before) == []
    assert api.patch(path, {"external_id": "sub-1"}).status == 200


def test_resuming_with_what_was_missed(api):
    path = f"{PATH}/{make_recurring_invoice().pk}"
    api.post(f"{path}/pause")

    assert api.post(f"{path}/resume", {"make_missed": True}).data["next_date"] == "2024-01-15"


def test_running_one_answers_with_its_invoice(api):
    schedule = make_recurring_invoice(start_date=timezone.now().date())

    answer = api.post(f"{PATH}/{schedule.pk}/run")

    assert answer.status == 201
    assert answer.headers["Location"] == f"/api/v2/invoices/{answer.data['id']}"
    assert answer.data["recurring_invoice_id"] == schedule.pk
    assert answer.data["recurring_period"] == str(schedule.start_date)
    listed = api.get(f"/invoices?recurring_invoice_id={schedule.pk}&fields=id").data
    assert listed == [{"id": answer.data["id"]}]


def test_one_that_made_nothing_is_deleted_and_others_are_ended(api):
    unused, used = make_recurring_invoice(), make_recurring_invoice()
    recurring_runs.run_now(used, now=timezone.now(), actor=SYSTEM)

    assert api.delete(f"{PATH}/{unused.pk}").body["message"] == "Recurring invoice deleted"
    refused = api.delete(f"{PATH}/{used.pk}")
    assert (refused.status, refused.body["code"]) == (409, "recurring_invoice_used")
    assert refused.body["allowed"] == ["update", "run", "pause", "end"]


def test_lists_are_filtered_and_searched(api):
    failing = make_recurring_invoice(currency="EUR")
    weekly = make_recurring_invoice(
        interval="weekly", start_date=datetime.date(2030, 1, 1), notes="Garden"
    )
    make_due(failing, "2024-01-15")

    def found(query: str) -> list[int]:
        return [each["id"] for each in api.get(f"{PATH}?{query}").data]

    assert found("failing=true") == [failing.pk]
    assert found("failing=false") == [weekly.pk]
    assert found("interval=weekly") == [weekly.pk]
    assert found("search=garden") == [weekly.pk]
    assert found("next_date_to=2024-12-31") == [failing.pk]
    assert found("status=active&sort=-next_date") == [weekly.pk, failing.pk]
    shown = api.get(f"{PATH}/{failing.pk}").data
    assert shown["failure_code"] == "validation_failed"


# ── Rights ───────────────────────────────────────────────────────────────────


def test_a_key_that_may_not_write_invoices_makes_none_by_a_detour(client_with):
    narrow = client_with(role=Role.ACCOUNTANT, scopes=("recurring-invoices:write",))
    schedule = make_recurring_invoice()

    answers = [
        narrow.post(PATH, body()),
        narrow.patch(f"{PATH}/{schedule.pk}", {"items": [ITEM]}),
        narrow.post(f"{PATH}/{schedule.pk}/run"),
    ]

    assert {answer.status for answer in answers} == {403}
    assert narrow.post(f"{PATH}/{schedule.pk}/pause").status == 200
    assert not Invoice.objects.exists()
