"""Acting at once, and then at most once per pause."""

from collections.abc import Callable

import pytest

from bizsuite.events.pacing import Paced
from tests.concurrency import at_once

PAUSE = 0.1


class Days:
    """A clock that the test moves, and what is to happen on it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.timers: list[tuple[float, Callable[[], None]]] = []
        self.acts: list[float] = []
        self.paced = Paced(self.act, clock=lambda: self.now, later=self.later)

    def act(self) -> None:
        self.acts.append(self.now)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        self.timers.append((self.now + seconds, act))

    def ask_at(self, *moments: float) -> None:
        """Ask at these seconds after the start, letting timers run out in between."""
        for moment in moments:
            self.pass_until(1000 + moment)
            self.paced.ask(pause_seconds=PAUSE)

    def pass_until(self, moment: float) -> None:
        for due, act in [timer for timer in self.timers if timer[0] <= moment]:
            self.timers.remove((due, act))
            self.now = due
            act()
        self.now = moment


@pytest.fixture
def days() -> Days:
    return Days()


def acted(days: Days) -> list[float]:
    """When it acted, in seconds after the start; all timers run out."""
    days.pass_until(2000)
    return [round(moment - 1000, 3) for moment in days.acts]


def test_the_first_asking_is_answered_at_once(days):
    days.ask_at(0)
    assert days.acts == [1000]


def test_askings_further_apart_than_a_pause_are_all_answered_at_once(days):
    days.ask_at(0, 0.1, 0.25)
    assert acted(days) == [0, 0.1, 0.25]


def test_what_is_asked_for_in_a_pause_is_covered_by_one_act_at_its_end(days):
    days.ask_at(0, 0.01, 0.02, 0.09)
    assert acted(days) == [0, 0.1]


def test_a_steady_stream_is_answered_once_per_pause_and_after_its_last(days):
    days.ask_at(*(hundredth / 100 for hundredth in range(100)))
    assert acted(days) == [tenth / 10 for tenth in range(11)]


def test_no_asking_is_ever_without_an_act_within_a_pause_after_it(days):
    askings = [0, 0.03, 0.101, 0.11, 0.2, 0.205, 0.31, 0.45, 0.46]
    days.ask_at(*askings)
    acts = acted(days)
    for asking in askings:
        assert any(asking <= act <= asking + PAUSE + 0.001 for act in acts), asking


def test_without_a_pause_every_asking_is_answered_at_once(days):
    for _ in range(3):
        days.paced.ask(pause_seconds=0)
    assert days.acts == [1000, 1000, 1000]


def test_a_timer_that_died_with_another_process_is_not_waited_for_for_ever(days):
    days.ask_at(0, 0.05)
    days.timers.clear()
    days.ask_at(0.15, 0.3)
    assert acted(days)[:2] == [0, 0.2]


def test_many_threads_at_once_get_one_act_now_and_one_later(days):
    at_once([lambda: days.paced.ask(pause_seconds=PAUSE)] * 8)
    assert acted(days) == [0, 0.1]
