"""Deliveries to a receiver that answers at once: what the sender itself can do."""

from benchmarks.deliveries import deliveries_per_second
from benchmarks.row import Measured, Row

ROW = Row("one process to an instant receiver", "deliveries/s", "≥ 2,000")


def measure() -> Measured:
    return deliveries_per_second(events=500, delay_seconds=0.0)
