"""Events to measure with."""

from typing import Any

from django.db import transaction

from bizsuite.events.recording import NewEvent, record_events
from bizsuite.events.registry import event_type
from bizsuite.identity.actors import Actor

ACTOR = Actor.system("benchmark")
_BATCH = 500


class _Invoice:
    """An invoice that is only told of."""

    version = 1

    def __init__(self, number: int) -> None:
        self.pk = number
        self.data: dict[str, Any] = {**event_type("invoice.created").example, "id": number}


def record_invoices(count: int) -> None:
    """Commit an `invoice.created` of each of so many invoices."""
    for first in range(1, count + 1, _BATCH):
        batch = [_Invoice(number) for number in range(first, min(first + _BATCH, count + 1))]
        with transaction.atomic():
            record_events(
                [NewEvent("invoice.created", invoice, invoice.data) for invoice in batch],
                actor=ACTOR,
            )
