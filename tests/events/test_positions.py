import datetime

import pytest

from bizsuite.events.models import Event, RelayState
from bizsuite.events.positions import first_sequence_since, last_sequence

pytestmark = pytest.mark.django_db
BEGIN = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
MINUTE = datetime.timedelta(minutes=1)


def numbered(minutes, *, first=1):
    """Events that happened so many minutes after the beginning, numbered in this order."""
    Event.objects.bulk_create(
        Event(
            sequence=sequence,
            type="customer.created",
            resource="customer",
            object_id=1,
            object_version=1,
            payload="{}",
            occurred_at=BEGIN + minute * MINUTE,
        )
        for sequence, minute in enumerate(minutes, start=first)
    )
    RelayState.objects.create(pk=1, last_sequence=first + len(minutes) - 1)


def test_without_events_there_is_none():
    assert last_sequence() == 0
    assert first_sequence_since(BEGIN) is None


@pytest.mark.parametrize("first", [1, 5000])
def test_it_is_the_first_at_the_instant_or_later(first):
    numbered(range(0, 1000, 10), first=first)
    assert last_sequence() == first + 99
    for minutes, expected in ((-5, 0), (0, 0), (1, 1), (10, 1), (495, 50), (990, 99)):
        assert first_sequence_since(BEGIN + minutes * MINUTE) == first + expected
    assert first_sequence_since(BEGIN + 991 * MINUTE) is None


def test_nothing_is_left_out_where_events_were_numbered_in_another_order_than_they_happened():
    numbered([0, 200, 170, 180, 400, 380])
    assert first_sequence_since(BEGIN + 175 * MINUTE) == 2
    assert first_sequence_since(BEGIN + 390 * MINUTE) == 5


def test_it_asks_a_few_times_however_many_there_are(django_assert_max_num_queries):
    numbered(range(3000))
    with django_assert_max_num_queries(16):
        assert first_sequence_since(BEGIN + 1234 * MINUTE) == 1235


def test_a_number_that_the_relay_has_not_given_is_no_position():
    numbered([0, 10, 20])
    RelayState.objects.update(last_sequence=2)

    assert last_sequence() == 2
    assert first_sequence_since(BEGIN + 10 * MINUTE) == 2
    assert first_sequence_since(BEGIN + 15 * MINUTE) is None
