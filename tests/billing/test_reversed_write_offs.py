"""Write-offs taken back, because they pay after all; and several hands on one invoice at once."""

import datetime
from decimal import Decimal

import pytest

from billing import write_offs
from billing.models import JournalEntry, WriteOff
from billing.models.ledger import Basis, Ledger
from bizsuite.errors import Conflict
from bizsuite.identity.models import organisation
from tests.billing.books import booked, event_types, last_event_id
from tests.billing.writing_off import MARCH, figures, refused, write_off
from tests.concurrency import at_once
from tests.factories import (
    DAY,
    SYSTEM,
    close_period,
    make_credit_note,
    make_invoice,
    make_payment,
    make_write_off,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice():
    """119.00, of which 19.00 are tax."""
    return make_invoice("100.00", tax_rate=19)


def test_a_reversal_makes_it_owed_again_and_then_it_is_paid(api, invoice):
    make_payment("39.67", invoice=invoice)
    write_off(api, invoice)
    before = last_event_id()

    answer = api.post(f"/write-offs/{WriteOff.objects.get().pk}/reverse", {"date": "2024-05-01"})

    assert (answer.status, answer.data["reversed_on"]) == (200, "2024-05-01")
    assert event_types(before) == ["write_off.reversed", "invoice.updated"]
    owed = Decimal("79.33")
    assert figures(api, invoice) == ("Partially Paid", Decimal("39.67"), 0, 0, owed)
    assert booked(Ledger.WRITE_OFF) == 0
    make_payment(owed, invoice=invoice, date=datetime.date(2024, 5, 2))
    assert figures(api, invoice) == ("Paid", 119, 0, 0, 0)
    assert booked(Ledger.INCOME, basis=Basis.CASH) == -100


def test_the_reversal_is_a_gain_of_its_own_day(api, invoice):
    write_off(api, invoice)
    api.post(f"/write-offs/{WriteOff.objects.get().pk}/reverse", {"date": "2024-05-01"})

    report = "/reports/financial?year=2024&basis=accrual&month="
    assert [api.get(f"{report}{month}").data["expenses"] for month in (3, 5)] == [119, -119]


def test_one_of_two_is_reversed_once_and_the_other_stands(api, invoice):
    write_off(api, invoice, amount=50)
    write_off(api, invoice, amount=30)
    first = WriteOff.objects.order_by("id")[0]
    path = f"/write-offs/{first.pk}/reverse"

    assert api.post(path, {}).data["reversed_on"] == str(organisation().today())
    refused(
        api.post(path, {}),
        "write_off_reversed",
        "pay", "credit", "write_off", "reverse_write_off",
    )  # fmt: skip
    assert figures(api, invoice) == ("Unpaid", 0, 0, 30, 89)


def test_a_reversal_is_dated_no_earlier_and_in_no_closed_period(api, invoice):
    path = f"/write-offs/{make_write_off(invoice).pk}/reverse"

    assert list(api.post(path, {"date": "2024-01-14"}).errors) == ["date"]
    close_period(datetime.date(2024, 3, 1))
    refused(api.post(path, {"date": MARCH}), "period_closed")
    assert figures(api, invoice) == ("Paid", 0, 0, 119, 0)
    assert api.post(path, {"date": "2024-03-02"}).status == 200


def test_a_payment_that_never_happened_makes_its_part_owed_again_and_no_more(api, invoice):
    payment = make_payment("59.50", invoice=invoice)
    write_off(api, invoice)

    api.post(f"/payments/{payment.pk}/reverse", {})

    assert figures(api, invoice) == ("Unpaid", 0, 0, Decimal("59.50"), Decimal("59.50"))


def test_a_refund_makes_its_part_owed_again_and_no_more(api, invoice):
    payment = make_payment("59.50", invoice=invoice)
    write_off(api, invoice)

    api.post(f"/payments/{payment.pk}/refund", {"amount": 9, "date": MARCH})

    assert figures(api, invoice) == (
        "Partially Paid", Decimal("50.50"), 0, Decimal("59.50"), 9,
    )  # fmt: skip


def _tried(act):
    try:
        return bool(act())
    except Conflict:
        return False


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_of_payments_credits_and_write_offs_of_the_rest_at_once_one_succeeds():
    invoice = make_invoice()
    rivals = [
        lambda: make_payment("100.00", invoice=invoice),
        lambda: make_write_off(invoice),
        lambda: make_credit_note(invoice),
        lambda: make_write_off(invoice, "60.00"),
        lambda: make_payment("70.00", invoice=invoice),
    ]

    outcomes = at_once([lambda act=act: _tried(act) for act in rivals])

    assert any(outcomes)
    invoice.refresh()
    assert invoice.balance == invoice.owed() >= 0


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_write_off_is_reversed_once_however_many_try_at_once():
    write_off = make_write_off(date=DAY)

    outcomes = at_once(
        [
            lambda: _tried(
                lambda: write_offs.reverse_write_off(
                    WriteOff.objects.get(pk=write_off.pk), actor=SYSTEM
                )
            )
        ]
        * 4
    )

    assert sorted(outcomes) == [False, False, False, True]
    assert JournalEntry.objects.filter(document_type="writeoff").count() == 2
