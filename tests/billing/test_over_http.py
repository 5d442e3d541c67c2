"""The running product under many clients at once, over real HTTP."""

import http.client
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.product import Product, running_product


@pytest.fixture(autouse=True)
def _books_stay_right() -> None:
    """These books are another installation's: it checks them itself."""


@pytest.fixture(scope="module")
def four_workers(tmp_path_factory) -> Iterator[Product]:
    with running_product(tmp_path_factory.mktemp("four-workers"), workers=4) as product:
        yield product


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: Any


class Connection:
    """One client: one kept-alive connection and one key."""

    def __init__(self, product: Product, key: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(product.url).netloc, timeout=60)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def send(self, method: str, path: str, body: Any = None) -> Reply:
        sent = json.dumps(body).encode() if body is not None else None
        self._connection.request(method, f"/api/v2{path}", sent, self._headers)
        response = self._connection.getresponse()
        return Reply(response.status, dict(response.getheaders()), json.loads(response.read()))


def new_key(product: Product, rate_limit: int) -> str:
    made = product.manage(
        "create_api_key", "--user", "owner@localhost", "--name", "Tests",
        "--rate-limit", str(rate_limit),
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    return made.stdout.splitlines()[-1]


def clients_at_once(
    count: int, product: Product, key: str, act: Callable[[Connection, int], list[Reply]]
) -> list[Reply]:
    """Every client's replies, all clients having begun together. act: (connection, client)."""
    start = threading.Barrier(count)

    def run(client: int) -> list[Reply]:
        connection = Connection(product, key)
        start.wait(60)
        return act(connection, client)

    with ThreadPoolExecutor(count) as pool:
        return [reply for replies in pool.map(run, range(count)) for reply in replies]


def test_eight_clients_create_invoices_without_a_gap_or_a_duplicate(four_workers):
    key = new_key(four_workers, 100_000)
    customer = Connection(four_workers, key).send("POST", "/customers", {"account": "Jane"}).body

    def create(connection: Connection, client: int) -> list[Reply]:
        """250 invoices, of which one in ten is invalid."""
        replies = []
        for number in range(250):
            item = {"description": "Work", "amount": "10.00", "qty": 1, "tax_rate": 19}
            if number % 10 == client:
                item["qty"] = 0
            invoice = {
                "customer_id": customer["data"]["id"],
                "date": "2024-01-15",
                "items": [item],
            }
            replies.append(connection.send("POST", "/invoices", invoice))
        return replies

    replies = clients_at_once(8, four_workers, key, create)

    assert Counter(reply.status for reply in replies) == {201: 1800, 400: 200}
    numbers = [reply.body["data"]["invoice_number"] for reply in replies if reply.status == 201]
    assert sorted(numbers) == sorted(f"INV-2024-{number:03}" for number in range(1, 1801))
    report = Connection(four_workers, key).send("GET", "/reports/financial?year=2024")
    assert report.body["data"]["outstanding_invoices"] == 1800 * 11.9
    checked = four_workers.manage("check_books")
    assert checked.returncode == 0, checked.stdout


def test_of_3200_requests_by_sixteen_clients_exactly_1000_pass_a_limit_of_1000(four_workers):
    key = new_key(four_workers, 1000)

    def ask(connection: Connection, client: int) -> list[Reply]:
        return [connection.send("GET", "/categories/1") for _ in range(200)]

    replies = clients_at_once(16, four_workers, key, ask)

    assert Counter(reply.status for reply in replies) == {200: 1000, 429: 2200}
    left = [int(r.headers["X-RateLimit-Remaining"]) for r in replies if r.status == 200]
    assert sorted(left) == list(range(1000))
    assert {reply.headers["X-RateLimit-Limit"] for reply in replies} == {"1000"}
    assert len({reply.headers["X-RateLimit-Reset"] for reply in replies}) == 1
    refused = [reply for reply in replies if reply.status == 429]
    assert {reply.headers["X-RateLimit-Remaining"] for reply in refused} == {"0"}
    assert all(1 <= int(reply.headers["Retry-After"]) <= 3600 for reply in refused)
    assert {reply.body["code"] for reply in refused} == {"rate_limited"}
    # Each client sees its own count go down and never up.
    for client in range(16):
        own = [int(r.headers["X-RateLimit-Remaining"]) for r in replies[client * 200 :][:200]]
        assert own == sorted(own, reverse=True)
