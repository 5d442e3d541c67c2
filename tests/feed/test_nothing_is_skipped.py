"""Whatever order transactions commit in, whoever follows the feed gets each event once, in order."""

import contextlib
import random
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from bizsuite.api.cursors import Cursor
from bizsuite.events.models import Event, RelayState
from bizsuite.events.relay import relay_events
from bizsuite.feed.reading import read_page, readable_events
from customers.customers import update_customer
from customers.models import Customer
from tests.concurrency import PATIENCE_SECONDS, at_once
from tests.factories import SYSTEM, make_customer

pytestmark = pytest.mark.django_db(transaction=True, serialized_rollback=True)


class Puller:
    """Follows the feed and keeps what it got."""

    def __init__(self) -> None:
        self.got: list[Event] = []
        self._after = 0

    def pull(self, *, limit: int = 100) -> list[str]:
        """One page; returns whose accounts it tells of."""
        page = read_page(readable_events(SYSTEM), Cursor(after=self._after, limit=limit))
        self._after = page.next_after
        self.got += page.rows
        return [account_of(event) for event in page.rows]

    @property
    def sequences(self) -> list[int | None]:
        return [event.sequence for event in self.got]


def account_of(event: Event) -> str:
    return Customer.objects.get(pk=event.object_id).account


def relay() -> int:
    return relay_events(now=timezone.now())


class OpenTransaction:
    """A change that was made and is not committed, in a thread and connection of its own."""

    def __init__(self, pool: ThreadPoolExecutor, change: Callable[[], Any]) -> None:
        self._changed, self._decided = threading.Event(), threading.Event()
        self._commits = True
        self._done: Future[None] = pool.submit(self._run, change)

    def wait_until_changed(self, seconds: float = PATIENCE_SECONDS) -> bool:
        return self._changed.wait(seconds)

    def end(self, *, commit: bool = True) -> None:
        self._commits = commit
        self._decided.set()
        self._done.result(PATIENCE_SECONDS)

    def _run(self, change: Callable[[], Any]) -> None:
        try:
            with transaction.atomic():
                change()
                self._changed.set()
                self._decided.wait(PATIENCE_SECONDS)
                transaction.set_rollback(not self._commits)
        finally:
            connections.close_all()


@pytest.fixture
def begin() -> Iterator[Callable[[Callable[[], Any]], OpenTransaction]]:
    with ThreadPoolExecutor(4) as pool:
        yield lambda change: OpenTransaction(pool, change)


def writes_wait_for_each_other() -> bool:
    return connection.vendor == "sqlite"


def test_an_event_with_a_lower_id_that_is_committed_later_comes_later(begin):
    puller = Puller()
    first = begin(lambda: make_customer(account="first"))
    assert first.wait_until_changed()
    second = begin(lambda: make_customer(account="second"))

    if writes_wait_for_each_other():
        # There the order of ids is the order of commits: the second cannot begin before.
        assert not second.wait_until_changed(0.1)
        first.end()
        assert second.wait_until_changed()
        second.end()
        relay()
        assert puller.pull() == ["first", "second"]
        return
    assert second.wait_until_changed()
    second.end()
    assert relay() == 1
    assert puller.pull() == ["second"]
    assert puller.pull() == []
    first.end()
    assert relay() == 1
    assert puller.pull() == ["first"]
    assert puller.sequences == [1, 2]
    assert puller.got[0].pk > puller.got[1].pk


def test_what_is_rolled_back_leaves_no_hole(begin):
    puller = Puller()
    for number, commit in enumerate((True, False, True, False, False, True)):
        change = begin(lambda number=number: make_customer(account=f"Customer {number}"))
        assert change.wait_until_changed()
        if not writes_wait_for_each_other():
            relay()  # while it is open
        change.end(commit=commit)
        relay()
        puller.pull()

    assert [account_of(event) for event in puller.got] == ["Customer 0", "Customer 2", "Customer 5"]
    assert puller.sequences == [1, 2, 3]


class HeldRelay:
    """A relay that stops after it has written its numbers, before it commits them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_numbered, self.goes_on = threading.Event(), threading.Event()
        self.dies = False
        self._save = RelayState.save
        self._monkeypatch = monkeypatch

    @contextlib.contextmanager
    def running(self) -> Iterator[Future[int]]:
        def run() -> int:
            try:
                return relay()
            finally:
                connections.close_all()

        with ThreadPoolExecutor(1) as pool, self._monkeypatch.context() as patched:
            patched.setattr(RelayState, "save", lambda state: self._hold(state))
            running = pool.submit(run)
            assert self.has_numbered.wait(PATIENCE_SECONDS)
            patched.setattr(RelayState, "save", self._save)
            try:
                yield running
            finally:
                self.goes_on.set()

    def _hold(self, state: RelayState) -> None:
        self._save(state)
        self.has_numbered.set()
        self.goes_on.wait(PATIENCE_SECONDS)
        if self.dies:
            raise KeyboardInterrupt


def test_numbers_that_are_not_committed_are_seen_by_nobody(monkeypatch):
    make_customer(account="first")
    make_customer(account="second")
    puller, held = Puller(), HeldRelay(monkeypatch)

    with held.running() as running:
        assert puller.pull() == []
        held.goes_on.set()
        assert running.result(PATIENCE_SECONDS) == 2

    assert puller.pull() == ["first", "second"]
    assert puller.sequences == [1, 2]


def test_a_relay_that_dies_half_way_gives_its_numbers_back(monkeypatch):
    make_customer(account="first")
    puller, held = Puller(), HeldRelay(monkeypatch)
    held.dies = True

    with held.running() as running:
        assert puller.pull() == []
        held.goes_on.set()
        with pytest.raises(KeyboardInterrupt):
            running.result(PATIENCE_SECONDS)

    make_customer(account="second")
    assert puller.pull() == []
    assert relay() == 2
    assert puller.pull() == ["first", "second"]
    assert puller.sequences == [1, 2]


def test_a_second_relay_waits_for_the_first_and_numbers_nothing_twice(monkeypatch):
    make_customer(account="first")
    puller, held = Puller(), HeldRelay(monkeypatch)

    with held.running() as running, ThreadPoolExecutor(1) as pool:

        def run_second() -> int:
            try:
                return relay()
            finally:
                connections.close_all()

        second = pool.submit(run_second)
        assert puller.pull() == []
        held.goes_on.set()
        assert (running.result(PATIENCE_SECONDS), second.result(PATIENCE_SECONDS)) == (1, 0)

    assert puller.pull() == ["first"]
    assert RelayState.objects.get().last_sequence == 1


def test_what_is_numbered_while_a_page_is_read_is_on_the_next_one():
    make_customer(account="first")
    relay()

    class Slow:
        """The events, between the two questions that a page asks."""

        def filter(self, **window: Any) -> Any:
            make_customer(account="second")
            relay()
            return readable_events(SYSTEM).filter(**window)

    page = read_page(Slow(), Cursor(after=0, limit=100))

    assert [account_of(event) for event in page.rows] == ["first"]
    assert (page.next_after, page.last) == (1, 1)
    puller = Puller()
    assert puller.pull() == ["first", "second"]


@pytest.mark.parametrize("seed", [1, 2])
def test_random_changes_by_many_are_pulled_exactly_as_they_were_committed(seed):
    shared = [make_customer(account=f"Shared {number}") for number in range(3)]
    puller, writing = Puller(), threading.Event()

    def write(number: int) -> None:
        dice = random.Random(f"{seed} {number}")
        for _ in range(12):
            with transaction.atomic():
                # In one order, so that no two wait for each other.
                chosen = sorted(dice.sample(range(3), dice.randrange(3)))
                for index in chosen:
                    customer = Customer.objects.get(pk=shared[index].pk)
                    update_customer(customer, city=f"City {dice.random()}", actor=SYSTEM)
                make_customer()
                transaction.set_rollback(dice.random() < 0.3)

    def write_all() -> None:
        try:
            at_once([lambda number=number: write(number) for number in range(3)])
        finally:
            writing.set()

    def keep_relaying() -> None:
        while not writing.is_set():
            relay()

    def keep_pulling() -> None:
        dice = random.Random(seed)
        while not writing.is_set():
            puller.pull(limit=dice.randrange(1, 8))

    at_once([write_all, keep_relaying, keep_relaying, keep_pulling])
    relay()
    while puller.pull(limit=7):
        pass

    assert_each_came_once_in_order(puller)


def assert_each_came_once_in_order(puller: Puller) -> None:
    committed = set(Event.objects.values_list("pk", flat=True))
    assert puller.sequences == list(range(1, len(committed) + 1))
    assert {event.pk for event in puller.got} == committed
    versions = defaultdict(list)
    for event in puller.got:
        versions[event.object_id].append(event.object_version)
    assert all(each == list(range(1, len(each) + 1)) for each in versions.values())
    assert max(map(len, versions.values())) > 3
