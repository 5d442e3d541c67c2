"""The closed period and the books' currency do not change under a booking."""

import datetime
import threading

import pytest
from django.db import transaction

from billing.models import Invoice
from bizsuite.errors import Invalid
from bizsuite.identity.models import organisation
from bizsuite.team.profile import update_organisation
from tests.billing.books import findings
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_customer, make_invoice, make_payment

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


def meet_a_booking(book, change) -> list:
    """Run `change` while `book` has booked and not committed; returns both outcomes in order."""
    booked, finished = threading.Event(), []

    def booking() -> None:
        with transaction.atomic():
            book()
            booked.set()
            # The change cannot finish before the commit; waiting for it here would be a deadlock.
            threading.Event().wait(0.3)
            finished.append("booking")

    def changing() -> None:
        booked.wait(20)
        try:
            change()
            finished.append("change")
        except Invalid as refusal:
            finished.append(refusal.errors)

    at_once([booking, changing])
    return finished


def test_a_period_is_closed_after_what_is_being_booked_in_it():
    make_payment()  # the books are open
    customer = make_customer()
    january = datetime.date(2024, 1, 31)

    order = meet_a_booking(
        lambda: make_invoice(customer=customer, date=datetime.date(2024, 1, 15)),
        lambda: update_organisation(organisation(), closed_until=january, actor=SYSTEM),
    )

    assert order == ["booking", "change"]
    assert Invoice.objects.count() == 1
    assert organisation().closed_until == january


def test_the_currency_is_not_changed_under_the_first_document():
    customer = make_customer()

    order = meet_a_booking(
        lambda: make_payment(customer=customer),
        lambda: update_organisation(organisation(), currency="EUR", actor=SYSTEM),
    )

    assert order[0] == "booking"
    assert list(order[1]) == ["currency"]
    assert organisation().currency == "USD"
    assert findings() == []
