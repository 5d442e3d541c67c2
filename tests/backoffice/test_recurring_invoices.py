"""Recurring invoices in the admin: written, looked ahead at, run, paused and ended."""

import datetime
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import recurring_runs
from billing.models import Invoice, RecurringInvoice
from customers import customers
from tests.backoffice.staff import messages_of, text_of
from tests.factories import (
    SYSTEM,
    make_customer,
    make_invoice,
    make_recurring_invoice,
    new_item,
)

LIST = "/admin/billing/recurringinvoice/"
YEAR = timezone.now().year + 1


def page_of(schedule: RecurringInvoice) -> str:
    return f"{LIST}{schedule.pk}/change/"


def typed(**fields: str) -> dict[str, object]:
    return {
        "customer": make_customer().pk,
        "every": "1",
        "interval": "monthly",
        "start_date": f"{YEAR}-01-31",
        "items-TOTAL_FORMS": 1,
        "items-0-description": "Hosting {{ month }}",
        "items-0-quantity": "2",
        "items-0-amount": "49.00",
    } | fields


def test_a_schedule_is_written_and_its_next_invoices_are_shown(administrator):
    answer = administrator.send(f"{LIST}add/", typed(count="7"))

    schedule = RecurringInvoice.objects.get()
    assert answer.status_code == 302, answer.context["errors"]
    assert (schedule.amount, schedule.count) == (Decimal(98), 7)
    page = text_of(administrator.get(page_of(schedule)))
    for text in (f"31 Jan {YEAR}", f"31 Mar {YEAR}", "Hosting January", "Hosting June"):
        assert text in page
    assert "Hosting July" not in page


def test_a_misspelt_placeholder_is_shown_at_its_item(administrator):
    wrong = typed() | {"items-0-description": "Hosting {{ moth }}"}

    answer = administrator.send(f"{LIST}add/", wrong)

    assert "There is no placeholder {{ moth }}" in text_of(answer)
    assert not RecurringInvoice.objects.exists()


def test_a_schedule_is_changed(administrator):
    schedule = make_recurring_invoice(start_date=datetime.date(YEAR, 1, 31))

    administrator.send(page_of(schedule), {"every": "2", "mail": "on"})

    schedule.refresh_from_db()
    assert (schedule.every, schedule.mail) == (2, True)
    assert "31 Mar" in text_of(administrator.get(page_of(schedule)))


def test_its_buttons_run_pause_resume_and_end_it(administrator):
    schedule = make_recurring_invoice(start_date=timezone.now().date())
    address = f"{LIST}{schedule.pk}"

    ran = administrator.post(f"{address}/run/", follow=True)
    assert messages_of(ran) == [f"INV-{timezone.now().year}-001 is made."]
    assert "Recurring invoice" in text_of(ran)
    assert Invoice.objects.get().number in text_of(administrator.get(page_of(schedule)))

    said = []
    for button in ("pause", "resume", "end"):
        said += messages_of(administrator.post(f"{address}/{button}/", follow=True))
    assert [each.split(".")[0] for each in said] == ["It is paused", "It goes on", "It has ended"]
    assert RecurringInvoice.objects.get().status == "Ended"
    assert "None: it has ended." in text_of(administrator.get(page_of(schedule)))


def test_what_cannot_be_made_is_seen_in_the_list_and_on_its_page(administrator):
    schedule = make_recurring_invoice()
    customers.archive_customer(schedule.customer, actor=SYSTEM)
    make_recurring_invoice(start_date=datetime.date(YEAR, 1, 1))
    recurring_runs.generate_due(now=timezone.now(), actor=SYSTEM)

    failing = administrator.get(f"{LIST}?failing=true")

    assert [each.pk for each in failing.context["cl"].result_list] == [schedule.pk]
    assert "Failing" in text_of(failing)
    assert f"Customer {schedule.customer_id} is archived." in text_of(
        administrator.get(page_of(schedule))
    )


def test_an_invoice_is_repeated(administrator):
    invoice = make_invoice(items=[new_item("10.00", 3)], date=datetime.date(YEAR, 1, 31))

    answer = administrator.send(
        f"/admin/billing/invoice/{invoice.pk}/repeat/", {"every": "1", "interval": "monthly"}
    )

    schedule = RecurringInvoice.objects.get()
    assert answer["Location"] == page_of(schedule)
    assert (schedule.customer, schedule.amount) == (invoice.customer, Decimal(30))
    assert schedule.next_date.month == 2
    assert schedule.anchor_day == 31


def test_the_list_is_exported(administrator):
    make_recurring_invoice("49.00", notes="For {{ month }}")

    export = administrator.get(f"{LIST}export/")
    rows = b"".join(export.streaming_content).decode().splitlines()

    assert len(rows) == 2
    assert "49.00" in rows[1]
    assert "For {{ month }}" in rows[1]


def test_the_list_costs_as_many_queries_whatever_is_in_it(administrator):
    costs = []
    for _ in range(2):
        for _ in range(3):
            make_recurring_invoice(items=[new_item(), new_item()])
        administrator.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            administrator.get(LIST)
        costs.append(len(queries))
    assert costs[0] == costs[1]
