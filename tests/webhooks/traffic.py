"""Events at an even pace while poison receivers and a healthy one are sent to."""

import time

import psutil
from django.utils import timezone

from customers.models import Customer
from tests.webhooks.factories import happen, make_endpoint
from tests.webhooks.poison import PoisonServer
from webhooks.dispatching import deliver_due
from webhooks.models import Delivery, DeliveryStatus, PausedReason, WebhookEndpoint
from webhooks.reading import fetch_events
from webhooks.retries import random
from webhooks.sending import HttpSender
from webhooks.supply import Supply


class Traffic:
    """For some seconds, to all; then the healthy one alone gets what it has not got yet.

    grown_bytes: by how much this process's memory has grown at most.
    """

    def __init__(self, server: PoisonServer, *, seconds: float, events_per_second: float) -> None:
        self.healthy = make_endpoint(url=server.healthy_url)
        self.poisons = [make_endpoint(url=url) for url in server.poison_urls]
        self._seconds = seconds
        self._events_per_second = events_per_second
        self._process = psutil.Process()
        self._over = self._ended = False
        self.made = 0
        self.grown_bytes = 0

    def run(self, *, deadline_seconds: float) -> None:
        self._begun = time.monotonic()
        self._first_bytes = self._process.memory_info().rss
        self._happen()
        fetch_events(now=timezone.now())
        deliver_due(
            sender=HttpSender(deadline_seconds=deadline_seconds),
            clock=timezone.now,
            random=random,
            supply=Supply(self._fetch, ends=lambda: self._ended, linger_seconds=60.0),
        )

    def _fetch(self) -> None:
        elapsed = time.monotonic() - self._begun
        while self.made < min(elapsed, self._seconds) * self._events_per_second:
            self._happen()
        fetch_events(now=timezone.now())
        grown = self._process.memory_info().rss - self._first_bytes
        self.grown_bytes = max(self.grown_bytes, grown)
        if elapsed > self._seconds and not self._over:
            self._over = True
            poisons = WebhookEndpoint.objects.exclude(pk=self.healthy.pk)
            poisons.note(paused_at=timezone.now(), paused_reason=PausedReason.BY_HAND)
        pending = Delivery.objects.filter(endpoint=self.healthy, status=DeliveryStatus.PENDING)
        # What is in flight to the others may take its time, too.
        in_flight = Delivery.objects.exclude(lease_token="")
        self._ended = self._over and not (pending | in_flight).exists()

    def _happen(self) -> None:
        self.made += 1
        record = Customer(pk=self.made, version=1)
        happen("customer.updated", record, {"id": self.made, "at": time.monotonic()})
