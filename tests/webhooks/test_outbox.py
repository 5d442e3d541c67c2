"""What a run of sending holds, and in which turns it gives it out."""

import itertools

import pytest

from bizsuite.events.models import Event
from webhooks.claiming import PER_ENDPOINT
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.outbox import Outbox


class Watch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


_ids = itertools.count(1)


def messages(endpoint: WebhookEndpoint, count: int) -> list[Delivery]:
    event = Event(payload='{"id":1}')
    return [Delivery(pk=next(_ids), endpoint=endpoint, event=event) for _ in range(count)]


def endpoint(pk: int) -> WebhookEndpoint:
    return WebhookEndpoint(pk=pk, url=f"https://receiver-{pk}.example.com/")


def pass_on(outbox: Outbox, count: int) -> None:
    """Send so many, one after the other."""
    for _ in range(count):
        outbox.finish(next(outbox.take()))


def test_an_endpoint_gets_a_few_at_a_time_in_the_order_of_the_claim(watch):
    outbox, waiting = Outbox(most=100, clock=watch), messages(endpoint(1), 20)
    outbox.add(waiting)

    first = list(outbox.take())
    assert first == waiting[:PER_ENDPOINT]
    assert list(outbox.take()) == []
    outbox.finish(first[3])

    assert list(outbox.take()) == [waiting[PER_ENDPOINT]]
    assert (len(outbox), outbox.busy()) == (19, {1: 19})


def test_endpoints_take_turns_when_not_all_fit(watch):
    outbox = Outbox(most=4, clock=watch)
    outbox.add(messages(endpoint(1), 8))
    outbox.add(messages(endpoint(2), 8))

    flying = list(outbox.take())
    assert [delivery.endpoint_id for delivery in flying] == [1, 2, 1, 2]

    # However fast the first is, the second gets every other place that it frees.
    outbox.finish(flying[0])
    outbox.finish(flying[2])
    assert [delivery.endpoint_id for delivery in outbox.take()] == [1, 2]


def test_a_fast_endpoint_has_as_many_waiting_as_it_takes_in_a_second(watch):
    outbox = Outbox(most=100, clock=watch)
    outbox.add(messages(endpoint(1), 30))
    pass_on(outbox, 20)
    watch.now = 0.5

    assert outbox.busy() == {1: 10}
    assert outbox.wanted() == {1: PER_ENDPOINT + 40}


def test_a_slow_one_has_little_more_than_what_is_in_flight(watch):
    outbox = Outbox(most=100, clock=watch)
    outbox.add(messages(endpoint(1), 8))
    flying = list(outbox.take())
    watch.now = 10.0
    outbox.finish(flying[0])

    assert outbox.busy() == {1: 7}
    assert outbox.wanted() == {1: PER_ENDPOINT}


def test_where_enough_waits_no_more_is_wanted(watch):
    outbox = Outbox(most=100, clock=watch)
    outbox.add(messages(endpoint(1), 100))
    pass_on(outbox, 20)
    watch.now = 1.0

    assert outbox.wanted() == outbox.busy() == {1: 80}


def test_what_waits_is_let_go_of_and_what_flies_is_not(watch):
    outbox, waiting = Outbox(most=100, clock=watch), messages(endpoint(1), 12)
    others = messages(endpoint(2), 2)
    outbox.add([*waiting, *others])
    flying = list(outbox.take())

    assert outbox.waited_for() == [1]
    assert outbox.drop([1]) == waiting[8:]
    outbox.finish(flying[0])

    assert list(outbox.take()) == []
    assert {delivery.pk for delivery in outbox.held()} == {
        delivery.pk for delivery in [*waiting[1:8], *others]
    }


def test_how_much_is_held_goes_by_the_data(watch):
    outbox = Outbox(most=100, clock=watch)
    outbox.add([*messages(endpoint(1), 10), *messages(endpoint(2), 1)])
    assert outbox.sizes() == {1: 80, 2: 8}

    for delivery in list(outbox.take())[:3]:
        outbox.finish(delivery)
    outbox.drop([1])

    # Of the first two are over, two were let go of, and the second has none left.
    assert outbox.sizes() == {1: 48}
    for delivery in outbox.held():
        outbox.finish(delivery)
    assert outbox.sizes() == {}


def test_what_waits_goes_out_as_its_endpoint_is_by_then(watch):
    outbox = Outbox(most=1, clock=watch)
    outbox.add(messages(endpoint(1), 2))
    first = next(outbox.take())

    outbox.update([WebhookEndpoint(pk=1, url="https://moved.example.com/")])
    outbox.finish(first)

    assert first.endpoint.url == "https://receiver-1.example.com/"
    assert next(outbox.take()).endpoint.url == "https://moved.example.com/"
