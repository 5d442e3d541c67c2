"""An event is written with the change that it tells of, or not at all."""

import hashlib
from decimal import Decimal

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from bizsuite.events import recording
from bizsuite.events.models import Event
from bizsuite.events.recording import NewEvent, record_event, record_events
from bizsuite.identity.actors import Actor
from customers.models import Customer
from tests.factories import SYSTEM, make_customer

RECORD = Customer(pk=7, version=3)


@pytest.fixture
def nudges(monkeypatch) -> list[str]:
    """The names of the tasks that a worker was woken for."""
    sent: list[str] = []
    monkeypatch.setattr(
        recording.current_app, "send_task", lambda name, **_: sent.append(name), raising=False
    )
    return sent


@pytest.mark.django_db
def test_who_what_and_why_are_kept():
    actor = Actor(
        name="Ada",
        role="accountant",
        source="api",
        user_id=5,
        key_id=6,
        request_id="req-1",
        causation_depth=2,
    )

    event = record_event("customer.updated", RECORD, data={"id": 7}, actor=actor)

    event.refresh_from_db()
    assert (event.type, event.resource) == ("customer.updated", "customer")
    assert (event.object_id, event.object_version) == (7, 3)
    assert (event.actor_name, event.actor_user_id, event.actor_key_id) == ("Ada", 5, 6)
    assert (event.source, event.request_id, event.causation_depth) == ("api", "req-1", 2)
    assert (event.sequence, event.chain_sha256) == (None, "")


@pytest.mark.django_db
def test_the_payload_is_the_very_bytes_with_their_hash():
    data = {"z": Decimal("1500.00"), "a": "ä", "n": Decimal("0.10")}

    event = record_event("customer.updated", RECORD, data=data, actor=SYSTEM)

    event.refresh_from_db()
    assert event.payload == '{"z":1500.00,"a":"ä","n":0.10}'
    assert event.payload_sha256 == hashlib.sha256(event.payload.encode()).hexdigest()


@pytest.mark.django_db
def test_an_undeclared_event_is_refused():
    with pytest.raises(KeyError):
        record_event("customer.exploded", RECORD, data={}, actor=SYSTEM)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_outside_a_transaction_nothing_is_recorded():
    with pytest.raises(RuntimeError, match="in the transaction"):
        record_event("customer.updated", RECORD, data={}, actor=SYSTEM)
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_change_that_is_rolled_back_leaves_no_event_and_wakes_nobody(nudges):
    with transaction.atomic():
        make_customer()
        transaction.set_rollback(True)

    assert not Customer.objects.exists()
    assert not Event.objects.exists()
    assert nudges == []


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_worker_is_woken_once_after_the_commit(nudges):
    with transaction.atomic():
        make_customer()
        make_customer()
        record_events([NewEvent("customer.updated", RECORD, {})] * 3, actor=SYSTEM)
        assert nudges == []

    assert nudges == ["bizsuite.events.tasks.relay"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
@pytest.mark.parametrize("error", [OperationalError("away"), ConnectionRefusedError()])
def test_a_broker_that_is_away_costs_nothing_but_a_line_in_the_log(monkeypatch, caplog, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(recording.current_app, "send_task", fail, raising=False)

    make_customer()

    assert Event.objects.count() == 1
    assert "Could not wake a worker" in caplog.text
