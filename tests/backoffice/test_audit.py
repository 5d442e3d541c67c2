"""The audit log's chain, and erasing what events say of a record."""

import pytest

from bizsuite.events.erasing import TOMBSTONE
from bizsuite.events.models import Event
from bizsuite.exact_json import decode
from customers.customers import update_customer
from customers.models import Customer
from tests.backoffice.staff import Staff, messages_of, text_of
from tests.events.trail import happen
from tests.factories import SYSTEM, make_customer

AUDIT = "/admin/events/event/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer() -> Customer:
    customer = make_customer(account="Jane Smith")
    return update_customer(customer, account="Jane Miller", actor=SYSTEM)


def newest_of(customer: Customer) -> Event:
    return Event.objects.filter(resource="customer", object_id=customer.pk).latest("id")


def press_erase(staff: Staff, event: Event, reason: str = "Asked to be forgotten"):
    return staff.post(f"{AUDIT}{event.pk}/erase/", {"reason": reason}, follow=True)


def test_the_head_of_the_chain_stands_over_the_log(administrator):
    assert "events in the chain" not in text_of(administrator.get(AUDIT))

    head = happen(3)[-1]

    page = text_of(administrator.get(AUDIT))
    assert f"{head.sequence} events in the chain" in page
    assert f'title="{head.chain_sha256}"' in page


def test_a_records_data_is_erased_by_a_button_that_asks_for_a_reason(administrator, customer):
    event = newest_of(customer)
    asked = text_of(administrator.get(f"{AUDIT}{event.pk}/erase/"))
    assert "in every event of this record" in asked

    answer = press_erase(administrator, event)

    assert messages_of(answer) == ["The data of 2 events is erased."]
    erasure = Event.objects.get(type="event.erased")
    assert (erasure.source, erasure.actor_user_id) == ("admin", administrator.user.pk)
    assert decode(erasure.payload.encode())["reason"] == "Asked to be forgotten"
    page = text_of(answer)
    assert "Jane Miller" not in page
    assert f'href="{AUDIT}{erasure.pk}/change/"' in page
    assert f"{AUDIT}{event.pk}/erase/" not in page


def test_without_a_reason_nothing_is_erased(administrator, customer):
    answer = press_erase(administrator, newest_of(customer), reason=" ")

    assert "This field is required" in text_of(answer)
    assert not Event.objects.filter(payload=TOMBSTONE).exists()


def test_an_erasure_says_of_which_record_and_offers_no_erasing(administrator, customer):
    press_erase(administrator, newest_of(customer))
    erasure = Event.objects.get(type="event.erased")

    page = text_of(administrator.get(f"{AUDIT}{erasure.pk}/change/"))

    assert f"customer {customer.pk}" in page
    assert f"{AUDIT}{erasure.pk}/erase/" not in page
    answer = press_erase(administrator, erasure)
    assert "What was erased and why is kept." in text_of(answer)


def test_the_history_says_that_it_was_erased(administrator, customer):
    press_erase(administrator, newest_of(customer))
    update_customer(customer, account="Jane Brown", actor=SYSTEM)
    update_customer(customer, account="Jane Green", actor=SYSTEM)

    page = text_of(administrator.get(f"/admin/customers/customer/{customer.pk}/history/"))

    assert page.count("What this said was erased.") == 2
    assert "Jane Miller" not in page
    # What follows a tombstone shows no change: nobody knows from what.
    assert page.count("<td>Jane Brown</td>") == 1
    assert page.count("<td>Jane Green</td>") == 1
