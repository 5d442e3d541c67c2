"""Deliveries to a receiver that takes its time: what waiting costs."""

from benchmarks.deliveries import deliveries_per_second
from benchmarks.row import Measured, Row

ROW = Row("one process to a receiver that answers after 50 ms", "deliveries/s", "≥ 1,000")


def measure() -> Measured:
    return deliveries_per_second(events=300, delay_seconds=0.05)
