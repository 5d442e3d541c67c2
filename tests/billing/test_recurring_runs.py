"""Schedules make their invoices: each period's once, whatever happens in between."""

import datetime
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing import catalogue, recurring_invoices, recurring_runs
from billing.models import Invoice, RecurringInvoice
from billing.tasks import generate_recurring_invoices
from bizsuite.identity.models import organisation
from bizsuite.mail.models import OutgoingMail
from bizsuite.numbering.models import NumberSeries
from bizsuite.team import profile
from customers import customers
from tests.billing.books import event_types, last_event_id
from tests.factories import (
    SYSTEM,
    close_period,
    make_customer,
    make_invoice,
    make_product,
    make_recurring_invoice,
    new_item,
)

pytestmark = pytest.mark.django_db
JAN_15 = datetime.date(2024, 1, 15)


def at(date: str, time: str = "12:00", offset: str = "+00:00") -> datetime.datetime:
    return datetime.datetime.fromisoformat(f"{date}T{time}{offset}")


def run(date: str, **options: Any) -> recurring_runs.Outcome:
    return recurring_runs.generate_due(now=at(date), actor=SYSTEM, **options)


def dated(schedule: RecurringInvoice | None = None) -> list[str]:
    """The dates of the invoices that there are, in the order of their making."""
    rows = Invoice.objects.exclude(recurring_invoice=None).order_by("pk")
    if schedule is not None:
        rows = rows.filter(recurring_invoice=schedule)
    return [str(date) for date in rows.values_list("date", flat=True)]


def fresh(schedule: RecurringInvoice) -> RecurringInvoice:
    return RecurringInvoice.objects.get(pk=schedule.pk)


# ── What is made ─────────────────────────────────────────────────────────────


def test_an_invoice_is_made_on_its_day_and_not_before():
    schedule = make_recurring_invoice("49.00", start_date=datetime.date(2024, 1, 31))

    assert run("2024-01-30").made == []
    (invoice,) = run("2024-01-31").made
    assert run("2024-01-31").made == []

    assert (invoice.number, invoice.amount, str(invoice.date)) == (
        "INV-2024-001",
        Decimal("49.00"),
        "2024-01-31",
    )
    assert (invoice.recurring_invoice, invoice.recurring_period) == (schedule, invoice.date)
    assert str(fresh(schedule).next_date) == "2024-02-29"


def test_an_invoice_takes_over_all_that_the_schedule_says():
    product = make_product()
    schedule = make_recurring_invoice(
        items=[
            new_item("90.00", 2, tax_rate=5, product=product, unit="MON", discount_amount=5),
            new_item("55.00", description="Care", tax_rate=5),
        ],
        tax_inclusive=True,
        discount_percent=Decimal(10),
        reference="PO {{ year }}",
        notes="For {{ month }}",
        payment_terms_days=7,
    )

    (invoice,) = run("2024-01-15").made

    assert (invoice.reference, invoice.notes) == ("PO 2024", "For January")
    assert invoice.due_date == datetime.date(2024, 1, 22)
    assert (invoice.amount, invoice.tax) == (schedule.amount, schedule.tax)
    assert [item.product for item in invoice.items.all()] == [product, None]
    assert [item.unit for item in invoice.items.all()] == ["MON", "C62"]


def test_texts_name_the_period():
    texts = ["Hosting {{ month }} {{year}}", "{{ period_start }} – {{ period_end }}"]
    make_recurring_invoice(
        start_date=datetime.date(2024, 1, 31),
        items=[new_item(description=text) for text in texts],
    )

    made = run("2024-02-29").made

    assert [[item.description for item in invoice.items.all()] for invoice in made] == [
        ["Hosting January 2024", "31 Jan 2024 – 28 Feb 2024"],
        ["Hosting February 2024", "29 Feb 2024 – 30 Mar 2024"],
    ]


def test_drafts_wait_for_somebody():
    make_recurring_invoice(draft=True)

    (draft,) = run("2024-01-15").made

    assert (draft.status, draft.number) == ("Draft", None)
    assert not NumberSeries.objects.exists()


def test_a_deleted_draft_is_not_made_again(api):
    schedule = make_recurring_invoice(draft=True)
    (draft,) = run("2024-01-15").made

    api.delete(f"/invoices/{draft.pk}")

    assert run("2024-01-15").made == []
    assert fresh(schedule).made == 1


def test_events_tell_what_was_made():
    make_recurring_invoice()
    before = last_event_id()

    run("2024-01-15")

    assert event_types(before) == [
        "invoice.created",
        "invoice.issued",
        "recurring_invoice.generated",
    ]


def test_each_is_mailed_if_that_is_asked():
    make_recurring_invoice(mail=True, customer=make_customer(email="jane@example.com"))

    (invoice,) = run("2024-01-15").made

    assert OutgoingMail.objects.get().to_address == "jane@example.com"
    assert Invoice.objects.get(pk=invoice.pk).sent_at is not None


def test_an_invoice_is_made_even_if_it_cannot_be_mailed():
    schedule = make_recurring_invoice(mail=True, customer=make_customer(account="Jane"))
    before = last_event_id()

    run("2024-01-15")

    assert dated() == ["2024-01-15"]
    assert fresh(schedule).failure.startswith("INV-2024-001 is made, but not mailed: ")
    assert event_types(before)[-2:] == [
        "recurring_invoice.generated",
        "recurring_invoice.failed",
    ]
    assert not OutgoingMail.objects.exists()


# ── How it ends ──────────────────────────────────────────────────────────────


def test_it_ends_after_its_count():
    schedule = make_recurring_invoice(count=2)

    assert dated_after("2024-12-31") == ["2024-01-15", "2024-02-15"]
    assert (fresh(schedule).status, fresh(schedule).next_date) == ("Ended", None)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2024-03-14", ["2024-01-15", "2024-02-15"]),
        ("2024-03-15", ["2024-01-15", "2024-02-15", "2024-03-15"]),
        ("2024-01-15", ["2024-01-15"]),
    ],
)
def test_it_ends_with_its_last_day(end, expected):
    schedule = make_recurring_invoice(end_date=datetime.date.fromisoformat(end))

    assert dated_after("2024-12-31") == expected
    assert fresh(schedule).status == "Ended"


def dated_after(date: str) -> list[str]:
    run(date)
    return dated()


# ── After an outage ──────────────────────────────────────────────────────────


def test_after_five_months_all_are_made_the_oldest_first():
    monthly = make_recurring_invoice(start_date=datetime.date(2024, 1, 31))
    other = make_recurring_invoice(start_date=datetime.date(2024, 3, 15))

    run("2024-06-20")

    assert dated() == [
        "2024-01-31",
        "2024-02-29",
        "2024-03-15",
        "2024-03-31",
        "2024-04-15",
        "2024-04-30",
        "2024-05-15",
        "2024-05-31",
        "2024-06-15",
    ]
    numbers = [str(invoice.number) for invoice in Invoice.objects.order_by("pk")]
    assert numbers == sorted(numbers)
    assert (str(fresh(monthly).next_date), str(fresh(other).next_date)) == (
        "2024-06-30",
        "2024-07-15",
    )


def test_after_five_months_only_the_latest_is_made_where_others_are_skipped():
    schedule = make_recurring_invoice(
        start_date=datetime.date(2024, 1, 31), catch_up="skip", count=2
    )

    run("2024-06-20")
    assert dated() == ["2024-05-31"]
    assert str(fresh(schedule).next_date) == "2024-06-30"

    # What was skipped does not count.
    run("2024-06-30")
    assert dated() == ["2024-05-31", "2024-06-30"]
    assert fresh(schedule).status == "Ended"


def test_skipping_stops_at_the_end_date():
    make_recurring_invoice(catch_up="skip", end_date=datetime.date(2024, 3, 31))

    run("2024-06-20")

    assert dated() == ["2024-03-15"]


def test_a_long_absence_is_made_up_for_over_several_runs():
    make_recurring_invoice(interval="weekly", start_date=datetime.date(2024, 1, 1))

    outcomes = [run("2024-03-25", limit=5) for _ in range(3)]

    assert [len(outcome.made) for outcome in outcomes] == [5, 5, 3]
    assert [outcome.complete for outcome in outcomes] == [False, False, True]
    expected = [datetime.date(2024, 1, 1) + datetime.timedelta(weeks=week) for week in range(13)]
    assert dated() == [str(date) for date in expected]


# ── What stands in the way ───────────────────────────────────────────────────


def archived_customer(schedule: RecurringInvoice) -> None:
    customers.archive_customer(schedule.customer, actor=SYSTEM)


def archived_product(schedule: RecurringInvoice) -> None:
    catalogue.delete_named(schedule.items.get().product, actor=SYSTEM)


def closed_books(schedule: RecurringInvoice) -> None:
    close_period(datetime.date(2024, 1, 31))


def later_date_issued(schedule: RecurringInvoice) -> None:
    profile.update_organisation(organisation(), numbers_follow_dates=True, actor=SYSTEM)
    make_invoice(date=datetime.date(2024, 1, 16))


@pytest.mark.parametrize(
    ("obstacle", "code"),
    [
        (archived_customer, "customer_archived"),
        (archived_product, "archived"),
        (closed_books, "period_closed"),
        (later_date_issued, "date_before_last_issued"),
    ],
)
def test_what_stands_in_the_way_of_one_is_told_once_and_keeps_no_other(obstacle, code):
    schedule = make_recurring_invoice(items=[new_item(product=make_product())])
    obstacle(schedule)
    other = make_recurring_invoice(start_date=datetime.date(2024, 2, 1))
    before = last_event_id()

    first, second = run("2024-02-01"), run("2024-02-01")

    assert (list(first.failed), list(second.failed)) == ([schedule.pk], [schedule.pk])
    assert (fresh(schedule).failure, fresh(schedule).failure_code) == (
        first.failed[schedule.pk],
        code,
    )
    assert event_types(before).count("recurring_invoice.failed") == 1
    assert (dated(schedule), dated(other)) == ([], ["2024-02-01"])
    assert (fresh(schedule).next_date, fresh(schedule).made) == (JAN_15, 0)


def test_once_the_obstacle_is_gone_nothing_is_lost():
    schedule = make_recurring_invoice()
    archived_customer(schedule)
    run("2024-03-20")
    customers.restore_customer(schedule.customer, actor=SYSTEM)

    outcome = run("2024-03-21")

    assert outcome.failed == {}
    assert dated() == ["2024-01-15", "2024-02-15", "2024-03-15"]
    assert (fresh(schedule).failure, fresh(schedule).failed_at) == ("", None)


def test_a_rate_that_nobody_knows_is_waited_for():
    schedule = make_recurring_invoice(currency="EUR")

    outcome = run("2024-01-15")

    assert "No rate of EUR to USD is known for 2024-01-15" in outcome.failed[schedule.pk]
    assert dated() == []


POINTS = (
    "billing.recurring_runs.create_invoice",
    "billing.recurring_runs.where_it_stands",
    "billing.recurring_runs.changed",
    "billing.invoices.post_entries",
    "billing.invoices.record_events",
    "billing.invoices.save_items",
)


class Killed(BaseException):
    """What no handler of the product catches, like the end of the process."""


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("kind", [Killed, RuntimeError])
def test_whatever_breaks_half_way_leaves_nothing_behind_and_is_made_up_for(
    monkeypatch, point, kind
):
    schedule = make_recurring_invoice()
    real, module = None, point.rpartition(".")

    def breaks(*args: Any, **kwargs: Any) -> Any:
        real_outcome = real(*args, **kwargs)
        if raised:
            raised.pop()
            raise kind
        return real_outcome

    raised = [True]
    target = __import__(module[0], fromlist=["x"])
    real = getattr(target, module[2])
    monkeypatch.setattr(point, breaks)

    if kind is Killed:
        with pytest.raises(Killed):
            run("2024-01-15")
    else:
        assert list(run("2024-01-15").failed) == [schedule.pk]
    assert dated() == []
    assert not NumberSeries.objects.exists()
    assert (fresh(schedule).next_date, fresh(schedule).made) == (JAN_15, 0)

    run("2024-01-15")
    assert dated() == ["2024-01-15"]
    assert Invoice.objects.get().number == "INV-2024-001"


# ── Whose day it is ──────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("zone", "date", "before", "after"),
    [
        # Winter and summer time on both halves of the globe, and the days on which they change.
        ("Pacific/Auckland", "2024-01-15", "2024-01-14T10:59:59Z", "2024-01-14T11:00:00Z"),
        ("Pacific/Auckland", "2024-07-15", "2024-07-14T11:59:59Z", "2024-07-14T12:00:00Z"),
        ("Pacific/Auckland", "2024-04-07", "2024-04-06T10:59:59Z", "2024-04-06T11:00:00Z"),
        ("Pacific/Auckland", "2024-09-29", "2024-09-28T11:59:59Z", "2024-09-28T12:00:00Z"),
        ("America/New_York", "2024-01-15", "2024-01-15T04:59:59Z", "2024-01-15T05:00:00Z"),
        ("America/New_York", "2024-03-10", "2024-03-10T04:59:59Z", "2024-03-10T05:00:00Z"),
        ("America/New_York", "2024-03-11", "2024-03-11T03:59:59Z", "2024-03-11T04:00:00Z"),
        ("America/New_York", "2024-11-04", "2024-11-04T04:59:59Z", "2024-11-04T05:00:00Z"),
        # There the clock goes forward at midnight: that day begins at one o'clock.
        ("Africa/Cairo", "2024-04-26", "2024-04-25T21:59:59Z", "2024-04-25T22:00:00Z"),
        ("Africa/Cairo", "2024-04-27", "2024-04-26T20:59:59Z", "2024-04-26T21:00:00Z"),
        ("Africa/Cairo", "2024-11-01", "2024-10-31T21:59:59Z", "2024-10-31T22:00:00Z"),
    ],
)
def test_an_invoice_is_made_when_its_day_begins_where_the_organisation_is(
    zone, date, before, after
):
    profile.update_organisation(organisation(), timezone=zone, actor=SYSTEM)
    make_recurring_invoice(start_date=datetime.date.fromisoformat(date))

    def made(now: str) -> list[str]:
        now_ = datetime.datetime.fromisoformat(now)
        outcome = recurring_runs.generate_due(now=now_, actor=SYSTEM)
        return [str(invoice.date) for invoice in outcome.made]

    assert made(before) == []
    assert made(after) == [date]


def test_across_a_year_of_changing_clocks_every_day_is_invoiced_once():
    profile.update_organisation(organisation(), timezone="Africa/Cairo", actor=SYSTEM)
    make_recurring_invoice(interval="weekly", start_date=datetime.date(2024, 4, 5))
    hour = datetime.timedelta(hours=9)
    now, end = at("2024-04-04"), at("2024-11-08")

    while now < end:
        recurring_runs.generate_due(now=now, actor=SYSTEM)
        now += hour

    fridays = [datetime.date(2024, 4, 5) + datetime.timedelta(weeks=week) for week in range(32)]
    assert dated() == [str(friday) for friday in fridays]


# ── By hand ──────────────────────────────────────────────────────────────────


def test_running_one_now_makes_an_early_invoice_with_todays_date():
    schedule = make_recurring_invoice(items=[new_item(description="{{ month }}")])

    invoice = recurring_runs.run_now(schedule, now=at("2024-01-02"), actor=SYSTEM)

    assert (str(invoice.date), invoice.recurring_period) == ("2024-01-02", JAN_15)
    assert invoice.items.get().description == "January"
    assert run("2024-01-15").made == []
    assert str(fresh(schedule).next_date) == "2024-02-15"


def test_running_one_now_makes_the_oldest_that_is_overdue():
    schedule = make_recurring_invoice()

    made = [recurring_runs.run_now(schedule, now=at("2024-02-20"), actor=SYSTEM) for _ in range(3)]

    assert [str(invoice.date) for invoice in made] == ["2024-01-15", "2024-02-15", "2024-02-20"]


def test_a_pause_is_passed_over_unless_its_invoices_are_asked_for():
    kept, made_up = make_recurring_invoice(), make_recurring_invoice()
    for schedule in (kept, made_up):
        recurring_invoices.pause_recurring_invoice(schedule, actor=SYSTEM)
    assert run("2024-03-20").made == []

    today = datetime.date(2024, 3, 20)
    recurring_invoices.resume_recurring_invoice(kept, today=today, actor=SYSTEM)
    recurring_invoices.resume_recurring_invoice(
        made_up, today=today, make_missed=True, actor=SYSTEM
    )
    run("2024-04-15")

    assert dated(kept) == ["2024-04-15"]
    assert dated(made_up) == ["2024-01-15", "2024-02-15", "2024-03-15", "2024-04-15"]


def test_the_task_makes_what_is_due():
    make_recurring_invoice(count=1)

    generate_recurring_invoices()

    assert dated() == ["2024-01-15"]


def command(*arguments: str) -> str:
    output = StringIO()
    call_command("generate_recurring", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def test_the_command_previews_and_makes():
    schedule = make_recurring_invoice("49.00")
    make_recurring_invoice(catch_up="skip")
    name = f"recurring invoice {schedule.pk}"

    preview = command("--date", "2024-02-20", "--preview").splitlines()
    assert preview[-1] == "3 to make."
    assert preview[0] == f"2024-01-15  {name}, customer {schedule.customer_id}: 49.00 USD"
    assert not Invoice.objects.exists()

    said = command("--date", "2024-02-20").splitlines()
    assert said[-1] == "3 made."
    assert said[0] == f"INV-2024-001  {name}, 2024-01-15: 49.00 USD"
    assert command("--date", "2024-02-20") == "0 made.\n"


def test_the_preview_names_the_date_that_is_made_where_others_are_skipped():
    make_recurring_invoice(catch_up="skip", count=2)

    (line, _) = command("--date", "2024-06-20", "--dry-run").splitlines()
    command("--date", "2024-06-20")

    assert [line[:10]] == dated() == ["2024-06-15"]


def test_the_command_fails_loudly():
    schedule = make_recurring_invoice()
    archived_customer(schedule)

    with pytest.raises(CommandError, match="1 could not be made"):
        command("--date", "2024-01-15")


def test_a_day_that_is_none_is_said_in_words():
    with pytest.raises(CommandError, match="31/1/2024 is no day such as 2024-01-31"):
        command("--date", "31/1/2024")
