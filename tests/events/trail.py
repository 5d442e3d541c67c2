"""An audit trail to tamper with, and what verify_audit says of it."""

import datetime
import importlib
from typing import Any

from django.apps import apps

from bizsuite.events.models import Event, RelayState
from bizsuite.events.relay import relay_events
from bizsuite.events.sealing import chain_hash, first_chain_hash
from bizsuite.events.verification import Report, verify_events
from tests.factories import make_customer

NOW = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)
seals = importlib.import_module("bizsuite.events.migrations.0002_seals")


def happen(count: int = 5) -> list[Event]:
    """Record and number events of `count` new customers; returns all that are numbered."""
    for _ in range(count):
        make_customer()
    relay_events(now=NOW)
    return numbered()


def numbered() -> list[Event]:
    return list(Event.objects.exclude(sequence=None).order_by("sequence"))


def verify() -> Report:
    return verify_events(now=NOW)


def findings() -> list[str]:
    return verify().findings


def alter(event: Event, **columns: Any) -> None:
    """As SQL does: one row, no action, no trace."""
    assert Event.objects.filter(pk=event.pk).update(**columns) == 1


def chain_anew() -> None:
    """What somebody can do who knows all formulas and has no key: number and chain every row."""
    state = RelayState.objects.get()
    Event.objects.exclude(sequence=None).update(sequence=None)
    previous, sequence = "", 0
    for event in Event.objects.order_by("id"):
        sequence += 1
        event.sequence = sequence
        formula = first_chain_hash if sequence < state.sealed_from else chain_hash
        event.chain_sha256 = previous = formula(previous, event)
        event.save()
    state.last_sequence, state.last_chain_sha256 = sequence, previous
    state.save()


def grow_old() -> None:
    """Make what is there what an installation had before there were seals."""
    previous = ""
    for event in numbered():
        event.chain_sha256 = previous = first_chain_hash(previous, event)
        event.seal = event.chain_seal = None
        event.save()
    Event.objects.update(seal=None)
    RelayState.objects.update(last_chain_sha256=previous)


def upgrade() -> None:
    """What the migration does that brought the seals."""
    seals.hold_what_is_there(apps, None)
