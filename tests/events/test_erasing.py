"""What events say of a person can be erased; that they happened cannot."""

import pytest

from bizsuite.errors import Conflict, Invalid, NotFound
from bizsuite.events import erasing, tasks
from bizsuite.events.erasing import TOMBSTONE, erase_events
from bizsuite.events.models import Event
from bizsuite.events.relay import relay_events
from bizsuite.exact_json import decode
from bizsuite.identity.actors import Actor
from customers.customers import update_customer
from customers.models import Customer
from tests.concurrency import at_once
from tests.events.trail import NOW, alter, chain_anew, findings, happen, numbered, verify
from tests.factories import SYSTEM, make_customer, make_lead

REASON = "Asked to be forgotten"


def make_history() -> Customer:
    """A customer with two events between those of others, all numbered."""
    happen(1)
    customer = make_customer(account="Jane Smith")
    happen(1)
    update_customer(customer, account="Jane Miller", actor=SYSTEM)
    happen(1)
    return customer


def erase(customer: Customer) -> Event:
    erasure = erase_events("customer", customer.pk, reason=REASON, actor=SYSTEM)
    relay_events(now=NOW)
    return erasure


def events_of(customer: Customer) -> list[Event]:
    return list(Event.objects.filter(resource="customer", object_id=customer.pk).order_by("id"))


@pytest.mark.django_db
class TestErasing:
    def test_the_payloads_go_and_all_that_proves_them_stays(self):
        customer = make_history()
        before = events_of(customer)

        erasure = erase(customer)

        after = events_of(customer)
        assert [event.payload for event in after] == [TOMBSTONE, TOMBSTONE]
        assert [event.erased_by for event in after] == [erasure.pk, erasure.pk]
        kept = ("payload_sha256", "sequence", "chain_sha256", "seal", "chain_seal", "type")
        for name in kept:
            assert [getattr(e, name) for e in after] == [getattr(e, name) for e in before]
        assert not Event.objects.filter(payload__contains="Jane Miller").exists()
        customer.refresh_from_db()
        assert customer.account == "Jane Miller"

    def test_it_is_recorded_by_whom_and_why(self):
        customer = make_history()
        actor = Actor(name="Ada", role="administrator", source="admin", user_id=5)
        erased = [event.pk for event in events_of(customer)]

        erasure = erase_events("customer", customer.pk, reason=f" {REASON} ", actor=actor)

        assert (erasure.type, erasure.object_id) == ("event.erased", customer.pk)
        assert (erasure.actor_name, erasure.actor_user_id, erasure.source) == ("Ada", 5, "admin")
        assert decode(erasure.payload.encode()) == {
            "resource": "customer",
            "object_id": customer.pk,
            "reason": REASON,
            "events": erased,
        }

    def test_the_trail_is_right_and_counts_tombstones(self):
        erase(make_history())

        report = verify()

        assert report.findings == []
        assert (report.events, report.erased) == (6, 2)

    def test_others_keep_their_data(self):
        customer = make_history()
        lead = make_lead()
        lead_events = list(Event.objects.filter(resource="lead").values_list("payload", flat=True))

        erase(customer)

        assert Event.objects.exclude(erased_by=None).count() == 2
        kept = Event.objects.filter(resource="lead", object_id=lead.pk)
        assert list(kept.values_list("payload", flat=True)) == lead_events

    def test_what_happens_afterwards_is_recorded_and_can_be_erased_again(self):
        customer = make_history()
        first = erase(customer)
        update_customer(customer, account="Jane Brown", actor=SYSTEM)

        second = erase(customer)

        assert [e.erased_by for e in events_of(customer)] == [first.pk, first.pk, second.pk]
        assert (findings(), verify().erased) == ([], 3)

    def test_an_event_without_a_number_can_be_erased(self):
        customer = make_customer()
        erase_events("customer", customer.pk, reason=REASON, actor=SYSTEM)

        assert findings() == []
        relay_events(now=NOW)
        assert (findings(), verify().erased) == ([], 1)

    def test_more_than_one_statement_takes(self, monkeypatch):
        monkeypatch.setattr(erasing, "_AT_ONCE", 2)
        customer = make_customer()
        for number in range(4):
            update_customer(customer, account=f"Name {number}", actor=SYSTEM)

        erase(customer)

        assert (findings(), verify().erased) == ([], 5)

    @pytest.mark.parametrize(
        ("resource", "reason", "refusal"),
        [
            ("customer", "", Invalid),
            ("customer", " \n", Invalid),
            ("customer", "x" * 501, Invalid),
            ("customers", REASON, Invalid),
            ("event", REASON, Conflict),
            ("lead", REASON, NotFound),
        ],
    )
    def test_what_cannot_be_erased_changes_nothing(self, resource, reason, refusal):
        customer = make_history()
        with pytest.raises(refusal):
            erase_events(resource, customer.pk, reason=reason, actor=SYSTEM)
        assert not Event.objects.exclude(erased_by=None).exists()
        assert not Event.objects.filter(type="event.erased").exists()

    def test_twice_is_refused(self):
        customer = make_history()
        erase(customer)
        with pytest.raises(NotFound):
            erase(customer)
        assert Event.objects.filter(type="event.erased").count() == 1

    def test_whoever_reads_events_gets_along_with_tombstones(self):
        customer = make_history()
        erase(customer)
        tasks.relay()
        assert all(decode(event.payload.encode()) for event in numbered())


@pytest.mark.django_db
class TestTombstonesThatNobodyRecorded:
    def test_a_payload_emptied_by_sql_is_found(self):
        event = happen(3)[1]
        alter(event, payload=TOMBSTONE)
        assert "its payload does not fit its hash" in findings()[0]

    def test_so_is_one_that_points_to_no_erasure(self):
        event = happen(3)[1]
        alter(event, payload=TOMBSTONE, erased_by=event.pk)
        assert "no erasure that was recorded names it" in findings()[0]

    def test_an_erasure_covers_no_more_than_it_names(self):
        customer = make_history()
        erasure = erase(customer)
        other = numbered()[0]
        alter(other, payload=TOMBSTONE, erased_by=erasure.pk)

        assert findings()[0].startswith(f"Event {other.pk} (sequence 1, ")

    def test_an_erasure_made_up_by_sql_covers_nothing(self):
        customer = make_history()
        erasure = erase(customer)
        other = numbered()[0]
        forged = f'{{"resource":"customer","object_id":{other.object_id},"events":[{other.pk}]}}'
        alter(erasure, payload=forged)
        alter(other, payload=TOMBSTONE, erased_by=erasure.pk)
        chain_anew()

        assert any(finding.startswith(f"Event {other.pk} ") for finding in findings())
        assert any(finding.startswith(f"Event {erasure.pk} ") for finding in findings())

    def test_another_text_in_the_place_of_a_tombstone_is_found(self):
        customer = make_history()
        erase(customer)
        alter(events_of(customer)[0], payload='{"account":"Somebody else"}')
        assert "it counts as erased and has a payload" in findings()[0]

    def test_an_erasure_that_was_undone_is_found(self):
        customer = make_history()
        before = events_of(customer)[0]
        erase(customer)
        alter(before, payload=before.payload, erased_by=None)

        assert findings() == [
            "2 events were erased, and 1 of them are tombstones: some have a payload again or are "
            "gone."
        ]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_erasing_while_others_number_and_prove():
    customers = [make_history() for _ in range(4)]

    def erase_all() -> None:
        for customer in customers:
            erase(customer)

    def prove() -> list[str]:
        return [finding for _ in range(6) for finding in findings()]

    found = at_once([erase_all, prove, prove])

    assert found[1:] == [[], []]
    assert (findings(), verify().erased) == ([], 8)


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_erasures_at_once_are_one():
    customer = make_history()

    def try_to() -> bool:
        try:
            erase_events("customer", customer.pk, reason=REASON, actor=SYSTEM)
        except NotFound:
            return False
        return True

    assert sorted(at_once([try_to, try_to])) == [False, True]
    relay_events(now=NOW)
    assert (findings(), verify().erased) == ([], 2)
