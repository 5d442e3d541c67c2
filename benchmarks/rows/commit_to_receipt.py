"""From a change's answer to its webhook's receipt, through the whole running product."""

import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from benchmarks.row import Measured, Row
from tests.product import Product

ROW = Row(
    "from the 201 to the webhook's receipt, 99th percentile at 20 requests/s",
    "ms",
    "≤ 250 with Redis, ≤ 1,000 without",
)
REQUESTS_PER_SECOND = 20
SECONDS = 25
# How long after the last request a message may still be on its way.
PATIENCE_SECONDS = 30
# So that a slow answer delays no other request.
CLIENTS = 8


def measure() -> Measured:
    # A folder of its own: whatever runs on the product's folder ends with it.
    folder = Path(os.environ["BIZSUITE_DATA_DIR"]) / "product"
    settings = {"BIZSUITE_DATA_DIR": str(folder), "BIZSUITE_RATE_LIMIT_PER_HOUR": "1000000"}
    product = Product(folder, os.environ | settings, workers=1)
    received: dict[int, float] = {}
    with receiving(received) as url, closing(_Running(product)):
        with httpx.Client(
            base_url=f"{product.url}/api/v2/",
            headers={"Authorization": f"Bearer {product.key}"},
            timeout=60,
        ) as api:
            hook = {"url": url, "events": ["customer.created"]}
            api.post("webhooks", json=hook).raise_for_status()
            answered = _send_requests(api)
        _wait_for(answered, received)
    delays = sorted((received[number] - at) * 1000 for number, at in answered.items())
    return Measured(
        delays[int(len(delays) * 0.99)],
        f"half within {delays[len(delays) // 2]:.0f} ms, all {len(delays)} within {delays[-1]:.0f}",
    )


class _Running:
    def __init__(self, product: Product) -> None:
        self._product = product
        product.start()

    def close(self) -> None:
        self._product.stop()


def _send_requests(api: httpx.Client) -> dict[int, float]:
    """At their times, however long one takes: a customer's id → when the answer was there."""
    answered: dict[int, float] = {}

    def create(number: int, due: float) -> None:
        time.sleep(max(0.0, due - time.monotonic()))
        answer = api.post("customers", json={"account": f"Customer {number}"})
        at = time.monotonic()
        answered[answer.raise_for_status().json()["data"]["id"]] = at

    begin = time.monotonic()
    with ThreadPoolExecutor(CLIENTS) as clients:
        for number in range(SECONDS * REQUESTS_PER_SECOND):
            clients.submit(create, number, begin + number / REQUESTS_PER_SECOND)
    return answered


def _wait_for(answered: dict[int, float], received: dict[int, float]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while missing := answered.keys() - received.keys():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(missing)} of {len(answered)} messages did not arrive")
        time.sleep(0.05)
    if len(answered) != SECONDS * REQUESTS_PER_SECOND:
        raise RuntimeError(f"Only {len(answered)} requests succeeded")


@contextmanager
def receiving(received: dict[int, float]) -> Iterator[str]:
    """The address of a receiver that notes when it first hears of each record."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.setdefault(json.loads(body)["data"]["id"], time.monotonic())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
