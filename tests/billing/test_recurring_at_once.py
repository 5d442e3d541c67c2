"""Two workers at the same schedules, and changes in the middle of a run."""

import datetime
import itertools
import os
import signal
from collections import Counter
from typing import Any

import pytest
from django.db import connections

from billing import recurring_invoices, recurring_runs
from billing.models import Invoice, RecurringInvoice
from bizsuite.identity.models import organisation
from bizsuite.team import profile
from tests.billing.books import findings
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_customer, make_recurring_invoice

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)
NOW = datetime.datetime(2024, 6, 20, 12, tzinfo=datetime.UTC)


def run() -> recurring_runs.Outcome:
    return recurring_runs.generate_due(now=NOW, actor=SYSTEM)


def test_two_workers_make_each_invoice_once_and_in_the_order_of_dates():
    profile.update_organisation(organisation(), numbers_follow_dates=True, actor=SYSTEM)
    customer = make_customer()
    for day in (31, 15, 7):
        start = datetime.date(2024, 1, day)
        make_recurring_invoice(start_date=start, customer=customer)

    outcomes = at_once([run, run])

    made = [invoice.pk for outcome in outcomes for invoice in outcome.made]
    assert len(made) == len(set(made)) == Invoice.objects.count() == 17
    assert [outcome.failed for outcome in outcomes] == [{}, {}]
    periods = Counter(Invoice.objects.values_list("recurring_invoice", "recurring_period"))
    assert set(periods.values()) == {1}
    dates = list(Invoice.objects.order_by("number").values_list("date", flat=True))
    assert dates == sorted(dates)


def test_of_a_button_and_a_worker_one_makes_it():
    schedule = make_recurring_invoice(count=1)

    def press() -> list[Invoice]:
        try:
            return [recurring_runs.run_now(schedule, now=NOW, actor=SYSTEM)]
        except recurring_invoices.RecurringMoveRefused:
            return []

    pressed, ran = at_once([press, run])

    assert len(pressed) + len(ran.made) == Invoice.objects.count() == 1
    assert RecurringInvoice.objects.get().status == "Ended"


def test_a_pause_in_the_middle_of_a_run_holds_from_then_on():
    schedule = make_recurring_invoice(interval="weekly")

    def pause() -> None:
        recurring_invoices.pause_recurring_invoice(schedule, actor=SYSTEM)

    outcome, _ = at_once([run, pause])

    paused = RecurringInvoice.objects.get()
    assert paused.status == "Paused"
    assert paused.made == len(outcome.made) == Invoice.objects.count()
    assert run().made == []
    assert findings() == []


def die_in_the_middle(monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
    """Make invoices, and be killed when one more is written and not committed yet."""
    calls, real = itertools.count(), recurring_runs.where_it_stands

    def fatal(schedule: RecurringInvoice) -> dict[str, Any]:
        if next(calls) == after:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(schedule)

    monkeypatch.setattr(recurring_runs, "where_it_stands", fatal)
    run()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_worker_that_is_killed_half_way_leaves_the_rest_to_the_next(monkeypatch):
    schedule = make_recurring_invoice(interval="weekly", start_date=datetime.date(2024, 4, 8))
    # A process of its own with a connection of its own: what dies is all of it.
    connections.close_all()
    child = os.fork()
    if not child:
        try:
            die_in_the_middle(monkeypatch, after=3)
        finally:
            os._exit(1)

    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert (Invoice.objects.count(), RecurringInvoice.objects.get().made) == (3, 3)

    outcome = run()

    weeks = [schedule.start_date + datetime.timedelta(weeks=week) for week in range(11)]
    assert len(outcome.made) == 8
    made = Invoice.objects.order_by("number")
    assert list(made.values_list("recurring_period", flat=True)) == weeks
    assert [str(invoice.number)[-3:] for invoice in made] == [f"{n:03}" for n in range(1, 12)]
    assert findings() == []
