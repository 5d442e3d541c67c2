"""Figures about an endpoint, by the hour: how much arrived, and how fast it answers."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Self

from webhooks.latencies import Latencies
from webhooks.models import HourlyFigures

KEPT = datetime.timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt that is over. answered: whether anything came back, if only an error."""

    endpoint_id: int
    succeeded: bool
    answered: bool
    duration_ms: int


@dataclass(slots=True)
class Figures:
    """Attempts added up. latencies: of those that were answered."""

    succeeded: int = 0
    failed: int = 0
    latencies: Latencies = field(default_factory=Latencies)

    def count(self, attempted: Attempted) -> None:
        if attempted.succeeded:
            self.succeeded += 1
        else:
            self.failed += 1
        # How long nobody answered says how long we waited, not how fast the receiver is.
        if attempted.answered:
            self.latencies.add([attempted.duration_ms])

    def add(self, others: "Figures") -> None:
        self.succeeded += others.succeeded
        self.failed += others.failed
        self.latencies.update(others.latencies)

    @classmethod
    def stored(cls, row: HourlyFigures) -> Self:
        return cls(row.succeeded, row.failed, Latencies.stored(row.latencies))

    @property
    def attempts(self) -> int:
        return self.succeeded + self.failed

    @property
    def success_rate(self) -> Decimal | None:
        """In per cent, to two decimals; None without attempts. Rounded down: 100 is all of them."""
        if not self.attempts:
            return None
        return Decimal(10_000 * self.succeeded // self.attempts) / 100

    @property
    def p50_ms(self) -> int | None:
        return self.latencies.percentile(50)

    @property
    def p95_ms(self) -> int | None:
        return self.latencies.percentile(95)


def count_attempts(attempts: Sequence[Attempted], *, now: datetime.datetime) -> None:
    """Add what was just settled to the hour's figures.

    Runs in the transaction that settles the attempts. The caller holds the endpoints' rows, so
    between the reading and the writing here nobody else counts. Two queries however many
    attempts and endpoints there are.
    """
    hour, sums = beginning_of_hour(now), dict[int, Figures]()
    for attempted in attempts:
        sums.setdefault(attempted.endpoint_id, Figures()).count(attempted)
    if not sums:
        return
    for row in HourlyFigures.objects.filter(endpoint__in=sums, hour=hour):
        sums[row.endpoint_id].add(Figures.stored(row))
    HourlyFigures.objects.bulk_create(
        [
            HourlyFigures(
                endpoint_id=endpoint_id,
                hour=hour,
                succeeded=figures.succeeded,
                failed=figures.failed,
                latencies=figures.latencies.storable(),
            )
            for endpoint_id, figures in sums.items()
        ],
        update_conflicts=True,
        unique_fields=["endpoint", "hour"],
        update_fields=["succeeded", "failed", "latencies"],
    )


def prune_figures(*, now: datetime.datetime) -> int:
    """Remove the figures that are older than 90 days; returns how many hours that were."""
    removed, _models = HourlyFigures.objects.filter(hour__lt=now - KEPT).delete()
    return removed


def beginning_of_hour(now: datetime.datetime) -> datetime.datetime:
    return now.astimezone(datetime.UTC).replace(minute=0, second=0, microsecond=0)
