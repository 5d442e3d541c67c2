"""How many deliveries one process makes in a second: what the rows about it share."""

import time

from django.utils import timezone

from benchmarks.events import ACTOR, record_invoices
from benchmarks.receiver import receiving
from benchmarks.row import Measured
from bizsuite.events.relay import consume, relay_events
from webhooks.dispatching import deliver_due
from webhooks.endpoints import create_endpoint
from webhooks.fan_out import fan_out_events
from webhooks.models import Delivery, DeliveryAttempt, DeliveryStatus
from webhooks.retries import random
from webhooks.sending import HttpSender

# As many as a company of some size has: its shop, its accounting, its warehouse …
ENDPOINTS = 32


def deliveries_per_second(*, events: int, delay_seconds: float) -> Measured:
    """Deliver each of so many events to every endpoint, from the claim to the attempt's row.

    delay_seconds: how long the receiver takes to answer. Raises RuntimeError unless each message
    arrived at the first attempt.
    """
    with receiving(delay_seconds=delay_seconds) as receiver:
        _make_deliveries(receiver, events)
        begun, busy = time.perf_counter(), time.process_time()
        deliver_due(sender=HttpSender(), clock=timezone.now, random=random)
        seconds, busy_seconds = time.perf_counter() - begun, time.process_time() - busy
    count = ENDPOINTS * events
    arrived = Delivery.objects.filter(status=DeliveryStatus.SUCCEEDED, attempts=1).count()
    if not arrived == DeliveryAttempt.objects.count() == count:
        errors = set(Delivery.objects.exclude(error="").values_list("error", flat=True))
        raise RuntimeError(f"Only {arrived} of {count} arrived at the first attempt: {errors}")
    return Measured(
        count / seconds,
        f"{count:,} deliveries to {ENDPOINTS} endpoints, {busy_seconds / seconds:.0%} of a CPU",
    )


def _make_deliveries(receiver: str, events: int) -> None:
    now = timezone.now()
    for number in range(ENDPOINTS):
        create_endpoint(url=f"{receiver}/hook/{number}", events=["invoice.created"], actor=ACTOR)
    record_invoices(events)
    relay_events(now=now)
    consume("webhooks", lambda batch: fan_out_events(batch, now=now), now=now)
