"""The relay numbers what is committed, gapless and once; consumers get each event once."""

import datetime
from typing import Any

import pytest
from django.db import connection

from bizsuite.events import relay, tasks
from bizsuite.events.models import ConsumerCursor, Event, RelayState
from bizsuite.events.relay import consume, relay_events
from bizsuite.events.sealing import chain_hash
from customers.models import Customer
from tests.concurrency import at_once
from tests.factories import make_customer

NOW = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)


def numbered() -> list[Event]:
    return list(Event.objects.exclude(sequence=None).order_by("sequence"))


class TestNumbering:
    pytestmark = pytest.mark.django_db

    def test_every_event_gets_the_next_number(self):
        for _ in range(3):
            make_customer()

        assert relay_events(now=NOW) == 3
        make_customer()
        assert relay_events(now=NOW) == 1
        assert relay_events(now=NOW) == 0

        assert [event.sequence for event in numbered()] == [1, 2, 3, 4]
        assert [event.pk for event in numbered()] == sorted(event.pk for event in numbered())

    def test_more_than_a_batch_is_numbered_in_order(self, monkeypatch):
        monkeypatch.setattr(relay, "NUMBERED_AT_ONCE", 4)
        for _ in range(10):
            make_customer()

        assert relay_events(now=NOW) == 10
        assert [event.sequence for event in numbered()] == list(range(1, 11))

    def test_an_idle_relay_writes_nothing(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            relay_events(now=NOW)
        assert not RelayState.objects.exists()

    def test_the_chain_ties_each_event_to_the_one_before(self):
        for _ in range(3):
            make_customer()
        relay_events(now=NOW)

        previous = ""
        for event in numbered():
            previous = chain_hash(previous, event)
            assert event.chain_sha256 == previous
        assert RelayState.objects.get().last_chain_sha256 == previous

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("payload_sha256", "0" * 64),
            ("object_id", 99),
            ("type", "customer.deleted"),
            ("actor_user_id", 99),
            ("occurred_at", NOW),
        ],
    )
    def test_an_altered_event_breaks_the_chain(self, name, value):
        make_customer()
        relay_events(now=NOW)
        [event] = numbered()

        setattr(event, name, value)

        assert chain_hash("", event) != event.chain_sha256

    def test_an_erased_payload_does_not_break_it(self):
        make_customer()
        relay_events(now=NOW)
        [event] = numbered()

        event.payload = "{}"

        assert chain_hash("", event) == event.chain_sha256


@pytest.mark.django_db
class TestNumbersThatSqlHasGiven:
    """Whoever can write one row must not keep everybody's events from everybody."""

    def forge(self, sequence: int, **columns: Any) -> Event:
        event = Event.objects.order_by("id").first()
        event.pk, event.sequence = None, sequence
        for name, value in columns.items():
            setattr(event, name, value)
        event.save(force_insert=True)
        return event

    def happen(self, count: int = 1) -> None:
        for _ in range(count):
            make_customer()
        relay_events(now=NOW)

    def consume(self) -> list[int]:
        handled: list[int] = []
        consume("reader", lambda events: handled.extend(e.sequence for e in events), now=NOW)
        return handled

    @pytest.mark.parametrize(("forged", "given"), [((4,), (5, 6)), ((5,), (4, 6))])
    def test_the_next_ones_that_are_free_are_given(self, forged, given, caplog):
        self.happen(3)
        events = [self.forge(sequence) for sequence in forged]

        self.happen(2)

        assert [event.sequence for event in numbered()] == [1, 2, 3, 4, 5, 6]
        genuine = [e.sequence for e in numbered() if e not in events and e.sequence > 3]
        assert genuine == list(given)
        assert RelayState.objects.get().last_sequence == 6
        assert "have numbers that the relay has not given" in caplog.text

    def test_one_far_ahead_takes_no_reader_past_what_is_before_it(self):
        self.happen(3)
        self.forge(2**63 - 1)
        assert self.consume() == [1, 2, 3]

        self.happen(2)

        assert self.consume() == [4, 5]
        assert ConsumerCursor.objects.get().sequence == 5

    def test_a_state_that_was_emptied_gives_no_number_twice(self, monkeypatch):
        monkeypatch.setattr(relay, "NUMBERED_AT_ONCE", 2)
        self.happen(5)
        assert self.consume() == [1, 2, 3, 4, 5]
        RelayState.objects.all().delete()

        self.happen(3)

        assert [event.sequence for event in numbered()] == list(range(1, 9))
        assert self.consume() == [6, 7, 8]

    def test_events_that_are_gone_keep_no_reader_waiting(self):
        self.happen(3)
        Event.objects.filter(sequence__gte=2).delete()

        assert self.consume() == [1]
        assert ConsumerCursor.objects.get().sequence == 3
        assert self.consume() == []

    def test_one_that_the_product_has_not_recorded_is_told_at_once_and_delivered(self, caplog):
        self.happen(1)
        assert caplog.text == ""
        unsealed = self.forge(None, seal=None)
        self.forge(None, object_id=999_999_999)
        self.forge(None, seal=b"x" * 48)

        self.happen(1)

        assert "3 event(s) were put in or altered by SQL" in caplog.text
        assert f"the first with the id {unsealed.pk}" in caplog.text
        assert self.consume() == [1, 2, 3, 4, 5]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="others keep no value of another kind")
@pytest.mark.django_db
class TestWhatNobodyCanRead:
    """SQLite keeps any value in any column, and reading it ends the reading of all rows with it."""

    @pytest.fixture(autouse=True)
    def nothing_told(self, monkeypatch):
        monkeypatch.setattr(relay, "_told_of", set())

    def put(self, event: Event, column: str, value: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE events_event SET {column} = {value} WHERE id = %s",
                [event.pk],
            )

    def latest(self) -> Event:
        make_customer()
        return Event.objects.order_by("id").last()

    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("occurred_at", "'yesterday'"),
            ("occurred_at", "'2024-13-45 10:00:00'"),
            ("type", "CAST(x'ff' AS TEXT)"),
        ],
    )
    def test_events_beside_it_are_numbered(self, column, value, caplog):
        odd = self.latest()
        self.put(odd, column, value)
        make_customer()

        assert relay_events(now=NOW) == 1
        assert relay_events(now=NOW) == 0
        assert Event.objects.exclude(pk=odd.pk).get().sequence == 1
        assert caplog.text.count(f"Event {odd.pk} holds a value") == 1

    @pytest.mark.parametrize("value", ["1000000000", "-1", "'text'"])
    def test_a_seal_that_is_none_is_told_and_costs_nothing(self, value, caplog):
        self.put(self.latest(), "seal", value)

        assert relay_events(now=NOW) == 1
        assert "1 event(s) were put in or altered by SQL" in caplog.text

    @pytest.mark.parametrize("value", ["x'ff00'", "CAST(x'ff' AS TEXT)"])
    def test_readers_get_the_events_beside_it(self, value, caplog):
        make_customer()
        odd = self.latest()
        make_customer()
        relay_events(now=NOW)
        self.put(odd, "payload", value)
        handled: list[int] = []

        consume("reader", lambda events: handled.extend(e.sequence for e in events), now=NOW)

        assert handled == [1, 3]
        assert ConsumerCursor.objects.get().sequence == 3
        assert f"Event {odd.pk} holds a value" in caplog.text


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_several_relays_at_once_number_each_event_once():
    for _ in range(12):
        make_customer()

    counts = at_once([lambda: relay_events(now=NOW)] * 4)

    assert sum(counts) == 12
    assert [event.sequence for event in numbered()] == list(range(1, 13))
    assert RelayState.objects.get().last_sequence == 12


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_relaying_while_others_write_leaves_no_gap_and_forgets_nobody():
    def write() -> None:
        for _ in range(5):
            make_customer()

    at_once([write, write, lambda: [relay_events(now=NOW) for _ in range(10)]])
    relay_events(now=NOW)

    assert [event.sequence for event in numbered()] == list(range(1, 11))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_a_relay_that_dies_half_way_leaves_nothing_half_numbered(monkeypatch):
    make_customer()
    make_customer()

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(RelayState, "save", die)
        with pytest.raises(KeyboardInterrupt):
            relay_events(now=NOW)

    assert numbered() == []
    assert relay_events(now=NOW) == 2


class TestConsuming:
    pytestmark = pytest.mark.django_db

    def read(self, handled: list[int], consumer: str = "reader") -> int:
        return consume(consumer, lambda events: handled.extend(e.sequence for e in events), now=NOW)

    def test_each_event_is_handed_over_once_in_order(self):
        handled: list[int] = []
        for _ in range(3):
            make_customer()
        relay_events(now=NOW)

        assert self.read(handled) == 3
        assert self.read(handled) == 0
        make_customer()
        relay_events(now=NOW)
        assert self.read(handled) == 1

        assert handled == [1, 2, 3, 4]

    def test_more_than_a_batch_comes_in_order(self, monkeypatch):
        monkeypatch.setattr(relay, "READ_AT_ONCE", 4)
        handled: list[int] = []
        for _ in range(10):
            make_customer()
        relay_events(now=NOW)

        assert self.read(handled) == 10
        assert handled == list(range(1, 11))

    def test_an_event_without_a_number_is_not_handed_over(self):
        handled: list[int] = []
        make_customer()

        assert self.read(handled) == 0
        assert handled == []

    def test_consumers_read_apart(self):
        first: list[int] = []
        second: list[int] = []
        make_customer()
        relay_events(now=NOW)
        self.read(first, "first")
        self.read(second, "second")

        assert first == second == [1]
        assert ConsumerCursor.objects.count() == 2

    def test_as_many_batches_as_are_asked_for_are_numbered_and_read(self, monkeypatch):
        monkeypatch.setattr(relay, "NUMBERED_AT_ONCE", 4)
        monkeypatch.setattr(relay, "READ_AT_ONCE", 3)
        for _ in range(10):
            make_customer()
        handled: list[int] = []

        def read() -> int:
            return consume(
                "reader", lambda es: handled.extend(e.sequence for e in es), now=NOW, batches=1
            )

        assert relay_events(now=NOW, batches=1) == 4
        assert (read(), read(), read()) == (3, 1, 0)
        assert relay_events(now=NOW, batches=2) == 6
        assert handled == [1, 2, 3, 4]

    def test_an_idle_consumer_writes_nothing(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            self.read([])
        assert not ConsumerCursor.objects.exists()


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_what_a_handler_wrote_and_its_cursor_stand_or_fall_together():
    make_customer(account="First")
    relay_events(now=NOW)

    def write_and_fail(events: list[Event]) -> None:
        make_customer(account="By the handler")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        consume("reader", write_and_fail, now=NOW)
    assert not Customer.objects.filter(account="By the handler").exists()

    handled: list[int] = []
    consume("reader", lambda events: handled.extend(e.sequence for e in events), now=NOW)
    assert handled == [1]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_workers_of_one_consumer_take_turns():
    for _ in range(8):
        make_customer()
    relay_events(now=NOW)
    handled: list[int] = []

    at_once(
        [lambda: consume("reader", lambda es: handled.extend(e.sequence for e in es), now=NOW)] * 4
    )

    assert handled == list(range(1, 9))


@pytest.mark.django_db
class TestTheJob:
    def test_every_reader_gets_what_was_committed(self, settings):
        settings.EVENT_CONSUMERS = {
            "one": "tests.events.readers.read_first",
            "other": "tests.events.readers.read_second",
        }
        make_customer()

        tasks.relay()

        cursors = ConsumerCursor.objects.values_list("consumer", "sequence")
        assert dict(cursors) == {"first": 1, "second": 1}

    def test_a_reader_that_fails_keeps_the_events_from_no_other(self, settings, caplog):
        settings.EVENT_CONSUMERS = {
            "one": "tests.events.readers.fail",
            "other": "tests.events.readers.read_second",
        }
        make_customer()

        tasks.relay()

        assert ConsumerCursor.objects.get().consumer == "second"
        assert "tests.events.readers.fail failed" in caplog.text
