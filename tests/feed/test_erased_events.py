"""The feed keeps the place of an event whose data was erased, and shows a tombstone there."""

import pytest

from bizsuite.events.erasing import erase_events
from bizsuite.events.models import Event
from bizsuite.events.relay import relay_events
from tests.events.trail import NOW
from tests.factories import SYSTEM, make_customer


@pytest.mark.django_db
def test_an_erased_event_keeps_its_number_and_loses_its_data(api):
    Event.objects.all().delete()
    customer = make_customer(account="Jane Smith")
    make_customer(account="John Brown")
    relay_events(now=NOW)

    erase_events("customer", customer.pk, reason="Asked to be forgotten", actor=SYSTEM)
    relay_events(now=NOW)

    answer = api.get("/events")
    # Who erased what and why is for the audit alone.
    assert [event["sequence"] for event in answer.data] == [1, 2]
    assert answer.data[0]["data"] == {"erased": True}
    assert answer.data[0]["record_id"] == customer.pk
    assert answer.data[1]["data"]["account"] == "John Brown"
