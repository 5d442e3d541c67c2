"""Twenty receivers that are bad in every way cost a healthy one nothing.

Briefly and at a pace that a busy machine keeps up with; `make bench ARGS=poison` does it for longer
at twenty events a second.
"""

import os

import pytest

from tests.webhooks.poison import poison_server
from tests.webhooks.traffic import Traffic
from webhooks.models import Delivery, DeliveryStatus
from webhooks.sending import RESPONSE_LIMIT

pytestmark = pytest.mark.django_db


def test_poison_receivers_cost_a_healthy_one_nothing(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with poison_server(os.getpid()) as server:
        traffic = Traffic(server, seconds=5, events_per_second=5)

        traffic.run(deadline_seconds=7.0)

    assert len(traffic.poisons) == 20
    assert len(server.message_ids) == len(set(server.message_ids)) == traffic.made
    assert traffic.made >= 25
    assert sorted(server.latencies)[int(0.99 * len(server.latencies))] < 5
    assert traffic.grown_bytes < 50 * 2**20
    of_healthy = Delivery.objects.filter(endpoint=traffic.healthy)
    assert set(of_healthy.values_list("status", "attempts")) == {("succeeded", 1)}
    for poison in traffic.poisons:
        tried = Delivery.objects.filter(endpoint=poison, attempts__gt=0)
        failed = tried.exclude(error="").exclude(status=DeliveryStatus.SUCCEEDED)
        # A billion bytes after "200 OK" are a success: what follows its first 64 kB is nobody's.
        assert failed.exists() or poison.url.endswith("/flood"), poison.url
    kept = Delivery.objects.filter(endpoint__url__endswith="/flood", attempts=1).first()
    assert kept is not None
    assert len(kept.attempt_log.get().response) == RESPONSE_LIMIT
