"""Holding endpoints: who changes one, or what it is sent, has it to himself until the commit.

First the fan-out's cursor, for those that need it, then endpoints by id, then deliveries: in this
order, no two transactions wait for each other. Never with a lock that keeps deliveries from being
written: PostgreSQL looks at the endpoint once more when a delivery that changed twice is committed,
and would wait for whoever waits for that very delivery.
"""

from collections.abc import Iterable

from bizsuite.records import lock
from webhooks.models import WebhookEndpoint


def hold(endpoint: WebhookEndpoint) -> None:
    """Read an endpoint again and hold it. Raises NotFound if it is gone."""
    lock(endpoint, no_key=True)


def held_endpoints(endpoint_ids: Iterable[int]) -> list[WebhookEndpoint]:
    """Those that there are of these, held, by id."""
    endpoints = WebhookEndpoint.objects.filter(pk__in=set(endpoint_ids)).order_by("pk")
    return list(endpoints.select_for_update(no_key=True))
