"""The relay alone: events that were committed get their numbers, hashes and seals."""

import time

from django.utils import timezone

from benchmarks.events import record_invoices
from benchmarks.row import Measured, Row
from bizsuite.events.relay import relay_events

ROW = Row("the relay numbers and seals events", "events/s", "≥ 10,000")
EVENTS = 20_000


def measure() -> Measured:
    record_invoices(EVENTS)
    begun, busy = time.perf_counter(), time.process_time()
    numbered = relay_events(now=timezone.now())
    seconds, busy_seconds = time.perf_counter() - begun, time.process_time() - busy
    if numbered != EVENTS:
        raise RuntimeError(f"Only {numbered} of {EVENTS} were numbered")
    return Measured(
        numbered / seconds, f"{numbered:,} events, {busy_seconds / seconds:.0%} of a CPU"
    )
