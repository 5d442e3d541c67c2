"""Whatever is done to the audit trail by SQL, verify_audit names the row."""

import datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection
from django.db.models import F
from django.utils import timezone

from bizsuite.events import rows, verification
from bizsuite.events.models import ConsumerCursor, Event, RelayState
from bizsuite.events.relay import relay_events
from bizsuite.events.rows import COLUMNS
from bizsuite.events.sealing import chain_hash, facts, seal_chain, seal_facts
from bizsuite.events.verification import verify_events
from tests.concurrency import at_once
from tests.events.trail import (
    NOW,
    alter,
    chain_anew,
    findings,
    grow_old,
    happen,
    numbered,
    upgrade,
    verify,
)
from tests.factories import make_customer

LATER = NOW + datetime.timedelta(days=1)
# For every column of the table what somebody might write into it. A new column needs a line here,
# and a thought about what holds it.
ALTERED: dict[str, Any] = {
    "id": 99_999,
    "sequence": 99_999,
    "type": "customer.deleted",
    "resource": "lead",
    "object_id": 999_999_999,
    "object_version": 9,
    "payload": '{"id":99}',
    "payload_sha256": "0" * 64,
    "chain_sha256": "0" * 64,
    "seal": b"x" * 48,
    "chain_seal": b"x" * 36,
    "erased_by": 1,
    "occurred_at": LATER,
    "actor_name": "Somebody else",
    "actor_user_id": 99,
    "actor_key_id": 99,
    "source": "api",
    "request_id": "another",
    "causation_depth": 1,
}


_NUMBERS = ("id", "sequence")


def test_every_column_has_its_own_case_and_is_read():
    columns = {field.attname for field in Event._meta.concrete_fields}
    assert set(ALTERED) == columns
    assert set(COLUMNS) == columns


@pytest.mark.django_db
class TestUntouched:
    def test_a_trail_that_nobody_touched_is_right(self):
        events = happen(5)

        report = verify()

        assert (report.findings, report.off) == ([], 0)
        assert (report.events, report.sequence, report.erased, report.waiting) == (5, 5, 0, 0)
        assert report.head == events[-1].chain_sha256

    def test_nothing_at_all_is_right(self):
        report = verify()

        assert report.findings == []
        assert (report.events, report.head) == (0, "")

    def test_it_is_read_in_pages(self, monkeypatch):
        monkeypatch.setattr(rows, "PAGE", 2)
        told: list[tuple[int, int]] = []
        happen(5)

        report = verify_events(now=NOW, progress=lambda done, of: told.append((done, of)))

        assert (report.findings, report.events) == ([], 5)
        assert told == [(2, 5), (4, 5), (5, 5)]

    def test_it_writes_nothing_and_asks_little(self, django_assert_num_queries):
        happen(5)

        with django_assert_num_queries(7) as asked:
            verify()

        kinds = [query["sql"].split()[0] for query in asked.captured_queries]
        # State, where pages begin and end and the one page, one beyond, cursors, none that wait.
        assert kinds == ["SELECT"] * 7

    def test_what_the_relay_has_not_numbered_yet_is_right_for_an_hour(self):
        happen(2)
        make_customer()
        recorded = Event.objects.get(sequence=None).occurred_at

        soon = verify_events(now=recorded + datetime.timedelta(minutes=59))
        late = verify_events(now=recorded + datetime.timedelta(minutes=61))

        assert (soon.findings, soon.waiting, soon.events) == ([], 1, 2)
        assert len(late.findings) == 1
        assert "still waits for its number; is the worker running?" in late.findings[0]


@pytest.mark.django_db
class TestAlteredRows:
    @pytest.mark.parametrize("column", ALTERED)
    def test_each_column_that_is_altered_is_found_at_its_row(self, column):
        event = happen(5)[2]

        alter(event, **{column: ALTERED[column]})

        report = verify()
        assert report.off >= 1
        name = {"id": "Event 99999 ", "sequence": "Event 3 is missing"}
        assert report.findings[0].startswith(name.get(column, f"Event {event.pk} (sequence 3, "))

    @pytest.mark.parametrize("column", ALTERED)
    def test_each_is_found_in_a_row_from_before_there_were_seals(self, column):
        event = happen(5)[2]
        grow_old()
        upgrade()
        happen(2)

        alter(event, **{column: ALTERED[column]})

        assert findings() != []

    @pytest.mark.parametrize("column", sorted(set(ALTERED) - {"id", "chain_sha256", "chain_seal"}))
    def test_each_is_found_in_a_row_that_the_relay_has_yet_to_number(self, column):
        happen(1)
        make_customer()
        event = Event.objects.get(sequence=None)

        alter(event, **{column: ALTERED[column]})

        assert findings() != []
        # The relay numbers and chains it; its own seal goes on telling.
        if column != "sequence":
            relay_events(now=NOW)
            assert findings() != []

    def test_it_says_what_does_not_fit(self):
        events = happen(4)
        alter(events[1], payload='{"id":99}')
        alter(events[2], actor_name="Somebody else")

        assert findings() == [
            f"Event {events[1].pk} (sequence 2, customer.created of customer "
            f"{events[1].object_id}, {events[1].occurred_at:%Y-%m-%dT%H:%M:%SZ}): "
            "its payload does not fit its hash.",
            f"Event {events[2].pk} (sequence 3, customer.created of customer "
            f"{events[2].object_id}, {events[2].occurred_at:%Y-%m-%dT%H:%M:%SZ}): "
            "its facts do not fit its seal; it does not follow from the event before it.",
        ]

    def test_a_payload_altered_together_with_its_hash_is_found(self):
        event = happen(3)[1]
        alter(event, payload="{}", payload_sha256="44136fa355b3678a1146ad16f7e8649e" + "9" * 32)
        assert len(findings()) == 1

    def test_a_payload_that_was_emptied_is_found(self):
        event = happen(3)[1]
        alter(event, payload="")
        assert "its payload does not fit its hash" in findings()[0]

    def test_two_rows_that_changed_places_are_found(self):
        first, second = happen(4)[1:3]

        alter(first, sequence=None)
        alter(second, sequence=2)
        alter(first, sequence=3)

        assert verify().off == 3  # both, and what follows from the second
        assert f"Event {second.pk} (sequence 2" in findings()[0]

    def test_a_seal_of_another_row_does_not_fit(self):
        events = happen(3)
        alter(events[1], seal=events[0].seal)
        assert f"Event {events[1].pk} " in findings()[0]

    def test_only_the_first_ten_are_named_and_all_are_counted(self):
        happen(12)
        Event.objects.update(source="api")

        report = verify()

        assert len(report.findings) == 10
        assert report.off == 12

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="others keep none")
    @pytest.mark.parametrize("waiting", [False, True])
    @pytest.mark.parametrize(
        ("column", "value"),
        [
            *((column, "CAST(x'ff' AS TEXT)") for column in COLUMNS if column not in _NUMBERS),
            ("occurred_at", "'2024-13-45 10:00:00'"),
            ("occurred_at", "'yesterday'"),
            ("seal", "1e300"),
            ("erased_by", "'nobody'"),
        ],
    )
    def test_what_sqlite_keeps_and_nobody_can_read_is_named(self, column, value, waiting):
        event = happen(3)[1]
        if waiting:
            make_customer()
            event = Event.objects.get(sequence=None)
        self.put(event, column, value)

        report = verify()

        assert report.findings[0].startswith(f"Event {event.pk} (")
        assert (report.events, report.waiting) == (3, int(waiting))

    @pytest.mark.skipif(connection.vendor != "sqlite", reason="others keep none")
    @pytest.mark.parametrize("value", ["'third'", "x'ff00'", "CAST(x'ff' AS TEXT)", "1e300"])
    def test_a_number_that_is_none_leaves_a_gap_and_is_named(self, value):
        event = happen(5)[2]
        self.put(event, "sequence", value)

        named, beyond = findings()

        assert named.startswith("Event 3 is missing")
        assert beyond.startswith(f"Event {event.pk} (")
        assert "a number that the relay has not given" in beyond

    def put(self, event: Event, column: str, value: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"UPDATE events_event SET {column} = {value} WHERE id = %s", [event.pk])

    def test_a_value_of_another_kind_is_a_finding_and_no_crash(self, monkeypatch):
        happen(2)
        monkeypatch.setattr(verification, "_chain_seal_misfits", lambda row: iter([row.type + 1]))
        assert "a value of another kind" in findings()[0]


@pytest.mark.django_db
class TestRemovedRows:
    @pytest.mark.parametrize(
        ("sequences", "named"),
        [
            ([3], "Event 3 is missing"),
            ([2, 3], "Events 2 to 3 are missing"),
            ([1], "Event 1 is missing"),
            ([5], "Event 5 is missing: the relay has numbered up to 5."),
            ([4, 5], "Events 4 to 5 are missing"),
            ([1, 2, 3, 4, 5], "Events 1 to 5 are missing"),
        ],
    )
    def test_a_gap_is_named(self, sequences, named):
        happen(5)
        Event.objects.filter(sequence__in=sequences).delete()

        report = verify()

        assert report.findings[0].startswith(named)
        assert report.off == 1

    def test_a_gap_that_was_closed_by_renumbering_is_found(self):
        happen(5)
        Event.objects.filter(sequence=3).delete()
        for sequence in (4, 5):
            Event.objects.filter(sequence=sequence).update(sequence=F("sequence") - 1)
        RelayState.objects.update(last_sequence=4)

        assert "(sequence 3, " in findings()[0]

    def test_a_tail_cut_off_is_found_by_who_has_read_it(self):
        happen(3)
        ConsumerCursor.objects.create(consumer="webhooks", sequence=3)
        Event.objects.filter(sequence=3).delete()
        last = Event.objects.get(sequence=2)
        RelayState.objects.update(last_sequence=2, last_chain_sha256=last.chain_sha256)

        assert findings() == [
            "webhooks has read events up to 3, which is more than the relay has numbered: the "
            "latest were removed."
        ]


@pytest.mark.django_db
class TestInsertedRows:
    def forged(self, original: Event, **columns: Any) -> Event:
        event = Event.objects.get(pk=original.pk)
        event.pk = None
        for name, value in {"sequence": None, "chain_sha256": "", **columns}.items():
            setattr(event, name, value)
        event.save(force_insert=True)
        return event

    def test_one_with_a_number_at_the_end_is_found(self):
        last = happen(3)[-1]
        forged = self.forged(last, sequence=4)
        alter(forged, chain_sha256=chain_hash(last.chain_sha256, forged))

        assert findings()[0].startswith(f"Event {forged.pk} (sequence 4")
        assert "a number that the relay has not given" in findings()[0]

    def test_and_with_the_relays_state_moved_along(self):
        last = happen(3)[-1]
        forged = self.forged(last, sequence=4, seal=None)
        alter(forged, chain_sha256=(head := chain_hash(last.chain_sha256, forged)))
        RelayState.objects.update(last_sequence=4, last_chain_sha256=head)

        [finding] = findings()
        assert finding.startswith(f"Event {forged.pk} (sequence 4")
        assert "it has no seal, so the product has not recorded it" in finding
        assert "its place in the chain does not fit the relay's seal" in finding

    def test_one_before_the_first_is_found(self):
        forged = self.forged(happen(2)[0], sequence=0)

        report = verify()

        assert report.findings[0] == "The number 0 is given twice, or was never given."
        assert report.findings[1].startswith(f"Event {forged.pk} (sequence 0")

    @pytest.mark.parametrize("seal", [None, b"x" * 48])
    def test_one_without_a_number_is_found_before_and_after_the_relay_has_numbered_it(self, seal):
        forged = self.forged(happen(3)[0], seal=seal, object_id=999_999_999, chain_seal=None)

        assert findings()[0].startswith(f"Event {forged.pk} (not numbered, ")
        assert relay_events(now=NOW) == 1
        report = verify()
        assert report.findings[0].startswith(f"Event {forged.pk} (sequence 4, ")
        assert report.off == 1

    def test_a_copy_of_a_genuine_row_with_its_seal_is_found_though_the_relay_numbers_it(self):
        original = happen(3)[0]
        copy = self.forged(original)
        relay_events(now=timezone.now())

        [finding] = verify_events(now=timezone.now()).findings
        assert finding.startswith(f"Event {copy.pk} (sequence 4, ")
        assert f"it is a copy of event {original.pk}, put in by SQL" in finding


@pytest.mark.django_db
class TestWithoutTheKey:
    """Somebody knows this program and may write anything into the database."""

    def test_a_chain_that_was_computed_anew_over_an_altered_row_is_found(self):
        event = happen(5)[2]
        alter(event, actor_name="Somebody else")
        chain_anew()

        report = verify()

        assert report.findings[0].startswith(f"Event {event.pk} (sequence 3")
        assert "its facts do not fit its seal" in report.findings[0]
        assert "it does not follow" not in report.findings[0]

    def test_a_chain_that_was_computed_anew_without_a_row_is_found(self):
        events = happen(5)
        events[2].delete()
        chain_anew()

        report = verify()

        assert report.findings[0].startswith(f"Event {events[3].pk} (sequence 3")
        assert "its place in the chain does not fit the relay's seal" in report.findings[0]
        assert report.off == 2

    def test_an_altered_row_that_pretends_to_be_older_than_seals_is_found(self):
        events = happen(3)
        alter(events[0], actor_name="Somebody else")
        grow_old()
        RelayState.objects.update(sealed_from=4)

        [finding] = findings()
        assert "says falsely which events are older than seals" in finding

    def test_a_seal_for_that_taken_from_elsewhere_does_not_fit(self):
        happen(3)
        grow_old()
        RelayState.objects.update(
            sealed_from=4, before_sha256="0" * 64, before_seal=seal_chain("0" * 64)
        )
        assert "says falsely" in findings()[0]

    def test_seals_that_name_a_key_of_their_own_are_found(self, settings):
        events = happen(2)
        ours = settings.ENCRYPTION_KEYS
        settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        events[1].actor_name = "Somebody else"
        alter(events[1], actor_name="Somebody else", seal=seal_facts(events[1]))
        settings.ENCRYPTION_KEYS = ours

        assert "is not in BIZSUITE_ENCRYPTION_KEYS" in findings()[0]

    def test_the_mark_of_older_events_moved_down_is_found(self):
        happen(3)
        grow_old()
        upgrade()
        happen(1)
        RelayState.objects.update(sealed_from=1, before_sha256="", before_seal=None)

        assert "it has no seal" in findings()[0]

    def test_everything_gone_but_what_consumers_have_read_is_found(self):
        happen(3)
        ConsumerCursor.objects.create(consumer="webhooks", sequence=3)
        Event.objects.all().delete()
        RelayState.objects.all().delete()
        assert "webhooks has read events up to 3" in findings()[0]


@pytest.mark.django_db
class TestTheRelaysState:
    @pytest.mark.parametrize(
        ("column", "value"),
        [
            ("last_sequence", 4),
            ("last_sequence", 6),
            ("last_chain_sha256", "0" * 64),
            ("sealed_from", 3),
        ],
    )
    def test_an_altered_state_is_found(self, column, value):
        happen(5)
        RelayState.objects.update(**{column: value})
        assert findings() != []

    @pytest.mark.parametrize(
        ("column", "value"),
        [("sealed_from", 3), ("before_sha256", "0" * 64), ("before_seal", None)],
    )
    def test_so_is_its_mark_of_the_events_older_than_seals(self, column, value):
        happen(5)
        grow_old()
        upgrade()
        RelayState.objects.update(**{column: value})
        assert findings() != []

    def test_a_state_that_is_gone_is_found(self):
        happen(3)
        RelayState.objects.all().delete()
        assert "a number that the relay has not given" in findings()[0]


@pytest.mark.django_db
class TestEventsOlderThanSeals:
    def test_they_keep_their_hashes_and_the_trail_goes_on_after_them(self):
        happen(3)
        make_customer()  # waits for its number while the installation is upgraded
        grow_old()
        hashes = [event.chain_sha256 for event in numbered()]

        upgrade()
        happen(2)

        events = numbered()
        assert [event.chain_sha256 for event in events[:3]] == hashes
        assert [event.seal is None for event in events] == [True] * 3 + [False] * 3
        assert (RelayState.objects.get().sealed_from, findings()) == (4, [])

    def test_more_than_a_page_of_them(self, monkeypatch):
        monkeypatch.setattr("tests.events.trail.seals.PAGE", 2)
        happen(5)
        for _ in range(5):
            make_customer()
        grow_old()

        upgrade()
        relay_events(now=NOW)

        assert (findings(), verify().events) == ([], 10)

    def test_an_installation_without_events_has_none_of_them(self):
        upgrade()
        assert not RelayState.objects.exists()
        happen(2)
        assert (RelayState.objects.get().sealed_from, findings()) == (1, [])

    def test_one_altered_with_its_chain_computed_anew_is_found(self):
        event = happen(4)[1]
        grow_old()
        upgrade()
        happen(1)
        alter(event, actor_name="Somebody else")

        assert findings() == ["Of the events 1 to 4, older than seals, one was altered."]
        alter(event, object_id=999_999_999)
        chain_anew()
        assert any("Of the events 1 to 4" in finding for finding in findings())

    def test_one_put_in_unsealed_after_the_upgrade_is_none_of_them(self):
        happen(2)
        grow_old()
        upgrade()
        event = Event.objects.get(sequence=1)
        event.pk, event.sequence = None, None
        event.save(force_insert=True)
        relay_events(now=NOW)

        assert "(sequence 3, " in findings()[0]
        assert "it has no seal" in findings()[0]


@pytest.mark.django_db
class TestKeys:
    def test_after_a_rotation_events_of_both_keys_are_right(self, settings):
        happen(2)
        settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]
        happen(2)

        assert (findings(), verify().events) == ([], 4)

    def test_one_process_may_still_have_the_older_key(self, settings):
        older = settings.ENCRYPTION_KEYS
        both = [Fernet.generate_key().decode(), *older]
        settings.ENCRYPTION_KEYS = both
        make_customer()
        settings.ENCRYPTION_KEYS = older
        relay_events(now=NOW)

        settings.ENCRYPTION_KEYS = both
        assert findings() == []

    def test_a_key_that_was_taken_away_is_asked_for(self, settings):
        happen(1)
        settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        assert "the key must be put back at the end of the list" in findings()[0]

    def test_a_seal_says_nothing_but_what_it_was_made_of(self):
        event = happen(1)[0]
        assert seal_facts(event) != seal_facts(event)
        assert event.payload not in str(facts(event))


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_it_proves_while_others_record_and_number():
    happen(3)

    def write() -> None:
        for _ in range(8):
            make_customer()

    def number() -> None:
        for _ in range(10):
            relay_events(now=NOW)

    def prove() -> list[str]:
        return [finding for _ in range(6) for finding in verify_events(now=NOW).findings]

    found = at_once([write, write, number, prove, prove])

    assert found[3:] == [[], []]
    relay_events(now=NOW)
    assert (findings(), verify().events) == ([], 19)
