"""Consumers of events, for the tests of the job that hands events over."""

from django.utils import timezone

from bizsuite.events.models import Event
from bizsuite.events.relay import consume


def read_first() -> None:
    consume("first", _ignore, now=timezone.now())


def read_second() -> None:
    consume("second", _ignore, now=timezone.now())


def fail() -> None:
    raise ZeroDivisionError


def _ignore(events: list[Event]) -> None:
    pass
