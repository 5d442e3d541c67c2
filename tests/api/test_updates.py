"""PUT and PATCH: GET → change → PUT works, and nothing is overwritten unasked."""

import contextlib
import threading

import pytest

from bizsuite.events.models import Event
from customers.models import Customer
from tests.concurrency import at_once
from tests.factories import make_customer

pytestmark = pytest.mark.django_db


@pytest.fixture
def jane():
    return make_customer(
        account="Jane", email="jane@example.com", phone="1", external_id="J-1", metadata={"a": "1"}
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_only_the_fields_sent_change(api, jane, method):
    before = api.get(f"/customers/{jane.pk}").data

    after = api.request(method, f"/customers/{jane.pk}", {"phone": "2"}).data

    assert after == before | {"phone": "2", "updated_at": after["updated_at"]}
    assert api.get(f"/customers/{jane.pk}").data == after


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_was_got_can_be_changed_and_put_back(api, jane, method):
    record = api.get(f"/customers/{jane.pk}").data

    answer = api.request(method, f"/customers/{jane.pk}", record | {"city": "Bristol"})

    assert answer.status == 200
    assert answer.data["city"] == "Bristol"


def test_updated_at_may_be_old_by_the_time_of_the_put(api, jane):
    record = api.get(f"/customers/{jane.pk}").data

    for stale in ("2001-01-01T00:00:00Z", None):
        answer = api.put(f"/customers/{jane.pk}", record | {"updated_at": stale})
        assert answer.status == 200
        assert answer.data["updated_at"] > "2020"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", 0),
        ("id", True),
        ("id", "1"),
        ("id", None),
        ("created_at", "2001-01-01T00:00:00Z"),
        ("archived_at", "2001-01-01T00:00:00Z"),
    ],
)
def test_a_read_only_field_with_another_value_is_refused(api, jane, name, value):
    response = api.patch(f"/customers/{jane.pk}", {name: value, "account": "Other"})

    assert response.errors == {name: "This field is read-only"}
    assert Customer.objects.get().account == "Jane"


def test_null_clears_what_may_be_empty(api, jane):
    cleared = {"email": None, "phone": None, "external_id": None, "metadata": None}

    data = api.patch(f"/customers/{jane.pk}", cleared).data

    assert {name: data[name] for name in cleared} == cleared | {"metadata": {}}
    assert Customer.objects.get().external_id is None


def test_null_does_not_clear_what_is_required(api, jane):
    response = api.patch(f"/customers/{jane.pk}", {"account": None})

    assert response.errors == {"account": "This field may not be null"}
    assert Customer.objects.get().account == "Jane"


def test_an_unknown_field_changes_nothing(api, jane):
    response = api.patch(f"/customers/{jane.pk}", {"phone": "2", "phnoe": "3"})

    assert response.errors == {"phnoe": "Unknown field"}
    assert Customer.objects.get().phone == "1"
    assert Event.objects.filter(type="customer.updated").count() == 0


def test_a_change_raises_version_and_updated_at_and_records_one_event(api, jane):
    api.patch(f"/customers/{jane.pk}", {"phone": "2"})

    changed = Customer.objects.get()
    assert changed.version == jane.version + 1
    assert changed.updated_at > jane.updated_at
    assert changed.created_at == jane.created_at
    event = Event.objects.get(type="customer.updated")
    assert (event.object_id, event.object_version) == (changed.pk, changed.version)


class TestExternalId:
    def test_a_second_record_with_it_is_refused(self, api, jane):
        response = api.post("/customers", {"account": "Other", "external_id": "J-1"})

        assert response.errors == {"external_id": "Another record has this value"}
        assert Customer.objects.count() == 1

    def test_a_record_may_keep_its_own(self, api, jane):
        assert api.put(f"/customers/{jane.pk}", {"external_id": "J-1"}).status == 200

    def test_a_record_may_not_take_anothers(self, api, jane):
        other = make_customer(external_id="O-1")

        response = api.patch(f"/customers/{other.pk}", {"external_id": "J-1"})

        assert response.errors == {"external_id": "Another record has this value"}

    def test_many_may_have_none(self, api):
        for _ in range(2):
            assert api.post("/customers", {"account": "A", "external_id": None}).status == 201

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_of_two_at_the_same_moment_one_is_refused(self, api, monkeypatch):
        both_checked = threading.Barrier(2)
        queryset_class = type(Customer.objects.all())
        real = queryset_class.bulk_create

        def bulk_create(*args, **options):
            # On SQLite the second waits for the write lock before it checks, and never comes here.
            with contextlib.suppress(threading.BrokenBarrierError):
                both_checked.wait(1)
            return real(*args, **options)

        monkeypatch.setattr(queryset_class, "bulk_create", bulk_create)
        body = {"account": "Twin", "external_id": "T-1"}
        answers = at_once([lambda: api.post("/customers", body)] * 2)

        assert sorted(answer.status for answer in answers) in ([201, 400], [201, 409])
        assert Customer.objects.count() == 1
        assert Event.objects.filter(type="customer.created").count() == 1
