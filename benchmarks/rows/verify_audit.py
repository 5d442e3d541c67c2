"""The proof of the audit trail: what `manage.py verify_audit` reads."""

import resource
import time

from django.utils import timezone

from benchmarks.events import record_invoices
from benchmarks.row import Measured, Row
from bizsuite.events.relay import relay_events
from bizsuite.events.verification import verify_events

ROW = Row("verify_audit proves events", "events/s")
EVENTS = 50_000


def measure() -> Measured:
    record_invoices(EVENTS)
    relay_events(now=timezone.now())
    largest = _most_kilobytes()
    begun = time.perf_counter()
    report = verify_events(now=timezone.now())
    seconds = time.perf_counter() - begun
    if report.off or report.events != EVENTS:
        raise RuntimeError(f"{report.events} of {EVENTS} events, {report.off} off")
    grown = (_most_kilobytes() - largest) / 1024
    return Measured(EVENTS / seconds, f"{EVENTS:,} events, memory up by {grown:.0f} MB")


def _most_kilobytes() -> int:
    """The most memory that the process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
