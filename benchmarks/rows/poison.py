"""A healthy receiver beside twenty that are bad in every way."""

import os
import time

from benchmarks.row import Measured, Row
from tests.webhooks.poison import poison_server
from tests.webhooks.traffic import Traffic

ROW = Row("p99 of a healthy receiver beside twenty poison ones", "s", "≤ 5")


def measure() -> Measured:
    with poison_server(os.getpid()) as server:
        traffic = Traffic(server, seconds=30, events_per_second=20)
        begun, busy = time.perf_counter(), time.process_time()
        traffic.run(deadline_seconds=15.0)
        seconds, busy_seconds = time.perf_counter() - begun, time.process_time() - busy
    if len(set(server.message_ids)) != traffic.made:
        raise RuntimeError(f"Only {len(server.message_ids)} of {traffic.made} arrived.")
    latencies = sorted(server.latencies)
    return Measured(
        latencies[int(0.99 * len(latencies))],
        f"{traffic.made} events, memory up by {traffic.grown_bytes / 2**20:.0f} MB, "
        f"{busy_seconds / seconds:.0%} of a CPU",
    )
