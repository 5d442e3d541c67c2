"""Where the law wants it: no document is dated before the last one of its series."""

import datetime

import pytest

from billing import invoices
from billing.models import CreditNote, Invoice
from billing.series import DateBeforeLastIssued
from bizsuite.identity.models import organisation
from bizsuite.numbering.models import NumberSeries
from bizsuite.team import profile
from tests.billing.books import event_types, last_event_id
from tests.concurrency import at_once
from tests.factories import (
    SYSTEM,
    make_credit_note,
    make_customer,
    make_draft,
    make_invoice,
    new_invoice,
)

pytestmark = pytest.mark.django_db
MARCH, APRIL, MAY = (datetime.date(2024, month, 10) for month in (3, 4, 5))


def want_numbers_to_follow_dates() -> None:
    profile.update_organisation(organisation(), numbers_follow_dates=True, actor=SYSTEM)


def test_unless_the_organisation_asks_dates_come_in_any_order():
    assert make_invoice(date=MAY).number == "INV-2024-001"
    assert make_invoice(date=MARCH).number == "INV-2024-002"


def test_a_date_before_the_last_issued_is_refused_and_the_last_is_named(api):
    want_numbers_to_follow_dates()
    last = make_invoice(date=APRIL)
    before = last_event_id()
    item = {"description": "Work", "amount": 1, "qty": 1}
    sent = {"customer_id": last.customer_id, "date": "2024-04-09", "items": [item]}

    answer = api.post("/invoices", sent)

    assert (answer.status, answer.body["code"]) == (409, "date_before_last_issued")
    assert answer.body["message"] == (
        "Numbers follow dates here, and INV-2024-001 is dated 2024-04-10: the next invoice of 2024"
        " cannot be dated 2024-04-09. Give it 2024-04-10 or a later date."
    )
    assert event_types(before) == []
    assert NumberSeries.objects.get().last == 1
    assert api.post("/invoices", sent | {"date": "2024-04-10"}).status == 201


def test_a_draft_may_have_any_date_until_it_is_issued():
    want_numbers_to_follow_dates()
    draft = make_draft(date=MARCH)
    make_invoice(date=APRIL)

    with pytest.raises(DateBeforeLastIssued):
        invoices.issue_invoice(draft, actor=SYSTEM)

    invoices.update_invoice(draft, date=MAY, due_date=MAY, actor=SYSTEM)
    assert invoices.issue_invoice(draft, actor=SYSTEM).number == "INV-2024-002"


def test_each_year_is_a_series_of_its_own():
    want_numbers_to_follow_dates()
    make_invoice(date=datetime.date(2025, 1, 2))

    assert make_invoice(date=MAY).number == "INV-2024-001"
    assert make_invoice(date=datetime.date(2025, 1, 2)).number == "INV-2025-002"


def test_a_voided_invoice_still_has_its_place():
    want_numbers_to_follow_dates()
    invoices.void_invoice(make_invoice(date=APRIL), actor=SYSTEM)

    with pytest.raises(DateBeforeLastIssued):
        make_invoice(date=MARCH)


def test_what_was_imported_neither_follows_nor_leads():
    want_numbers_to_follow_dates()
    make_invoice(date=MAY, number="old 7")

    assert make_invoice(date=APRIL).number == "INV-2024-001"
    assert make_invoice(date=MARCH, number="old 6").number == "old 6"


def test_a_batch_is_numbered_in_the_order_of_its_dates():
    want_numbers_to_follow_dates()
    customer = make_customer()
    news = [new_invoice(customer=customer, date=date) for date in (MAY, MARCH, APRIL, MARCH)]

    made = invoices.create_invoices(news, actor=SYSTEM)

    assert [invoice.date for invoice in made] == [MAY, MARCH, APRIL, MARCH]
    assert [str(invoice.number)[-3:] for invoice in made] == ["004", "001", "003", "002"]


def test_credit_notes_follow_their_own_dates():
    invoice = make_invoice(date=MARCH)
    want_numbers_to_follow_dates()
    make_credit_note(invoice, (0, "10.00"), date=APRIL)

    with pytest.raises(DateBeforeLastIssued, match="CN-2024-001 is dated 2024-04-10"):
        make_credit_note(invoice, (0, "10.00"), date=MARCH)

    assert CreditNote.objects.count() == 1
    assert make_credit_note(invoice, (0, "10.00"), date=MAY).number == "CN-2024-002"


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_many_issued_at_once_the_numbers_follow_the_dates():
    want_numbers_to_follow_dates()
    customer = make_customer()
    days = [MARCH + datetime.timedelta(days=day) for day in (7, 1, 5, 2, 6, 3, 4, 0)]
    drafts = [make_draft(customer=customer, date=day) for day in days]

    def issue(draft: Invoice) -> bool:
        try:
            invoices.issue_invoice(draft, actor=SYSTEM)
        except DateBeforeLastIssued:
            return False
        return True

    outcomes = at_once([lambda draft=draft: issue(draft) for draft in drafts])

    issued = list(Invoice.objects.exclude(number=None).order_by("number"))
    assert 1 <= len(issued) == sum(outcomes)
    assert [invoice.date for invoice in issued] == sorted(invoice.date for invoice in issued)
    assert NumberSeries.objects.get().last == len(issued)
