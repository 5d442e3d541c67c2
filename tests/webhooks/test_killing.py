"""The running product loses its worker, its broker and its database, and no message."""

import contextlib
import datetime
import itertools
import os
import signal
import sqlite3
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx
import psutil
import psycopg2
import pytest
from standardwebhooks import Webhook

from tests.product import Product, installation
from tests.servers import Server, postgres_server, redis_server
from tests.webhooks.receiving import Received, accept, serving

KILLS = 10
# For what the product does by itself, such as starting its worker again.
PATIENCE_SECONDS = 60
# From when everything is back to when nothing is pending any more.
DRAINED_SECONDS = 60
# Events that are not numbered, not delivered, or not read by everybody.
UNDONE = """
    SELECT COUNT(*) FROM events_event e
    LEFT JOIN webhooks_delivery d ON d.event_id = e.id
    WHERE e.sequence IS NULL OR d.status = 'pending'
    OR e.sequence > (SELECT MIN(sequence) FROM events_consumercursor)
"""


def wait_for(condition: Callable[[], Any], product: Product, what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, (
            f"{what}: not in time\n{product.log.read_text()[-20000:]}"
        )
        time.sleep(0.05)
    return found


class Gate:
    """A receiver that answers, or while it is shut keeps who comes waiting: then there are messages
    that were sent and that nobody has recorded as sent."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self.held = 0

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        if not self._open.is_set():
            self.held += 1
            self._open.wait(PATIENCE_SECONDS)
        with contextlib.suppress(ConnectionError):  # whoever asked may be dead
            accept(handler)

    def shut(self) -> None:
        self.held = 0
        self._open.clear()

    def open(self) -> None:
        self._open.set()


class Traffic(threading.Thread):
    """Somebody who works on while things break, and notes which customers the API acknowledged."""

    def __init__(self, product: Product) -> None:
        super().__init__()
        self._product = product
        self._over = threading.Event()
        self.acknowledged: list[int] = []

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self._product.key}"}
        url = f"{self._product.url}/api/v2/customers"
        for number in itertools.count(1):
            with contextlib.suppress(httpx.HTTPError):
                answer = httpx.post(
                    url, json={"account": f"Customer {number}"}, headers=headers, timeout=30
                )
                if answer.status_code == 201:
                    self.acknowledged.append(answer.json()["data"]["id"])
            if self._over.wait(0.1):
                return

    def stop(self) -> None:
        self._over.set()
        self.join()

    def goes_on(self) -> Callable[[], bool]:
        """A condition: something has been acknowledged since now."""
        before = len(self.acknowledged)
        return lambda: len(self.acknowledged) > before + 2


def rows(product: Product, sql: str) -> list[tuple[Any, ...]]:
    url = product.env.get("DATABASE_URL")
    connection = (
        psycopg2.connect(url)
        if url
        else sqlite3.connect(product.data_dir / "bizsuite.sqlite3", timeout=20)
    )
    with contextlib.closing(connection), contextlib.closing(connection.cursor()) as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


@dataclass(frozen=True)
class Servers:
    """What the product runs on; None where it is embedded."""

    postgres: Server | None = None
    redis: Server | None = None


@pytest.fixture
def servers() -> Iterator[Servers]:
    """Servers that can be killed without a loss to other tests."""
    if not os.environ.get("DATABASE_URL"):
        yield Servers()
        return
    with postgres_server(durable=True) as postgres, redis_server() as redis:
        yield Servers(postgres, redis)


@pytest.fixture
def product(servers, tmp_path) -> Iterator[Product]:
    env = {
        "BIZSUITE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
        "BIZSUITE_RATE_LIMIT_PER_HOUR": "1000000",
    }
    if servers.postgres and servers.redis:
        env |= {"DATABASE_URL": servers.postgres.url, "REDIS_URL": servers.redis.url}
    embedded = servers.postgres is None
    with installation(tmp_path, workers=1, env=env, is_migrated=embedded) as product:
        product.start()
        yield product


def kill_worker(product: Product) -> None:
    """The worker with all its processes."""
    worker = product.programs()["worker"]
    os.killpg(worker.pid, signal.SIGKILL)
    wait_for(lambda: product.programs().get("worker", worker) != worker, product, "the next worker")


def kill_sender(product: Product) -> None:
    """The one process of the worker's that is sending, as the kernel does it for want of memory."""
    wait_for(lambda: sender(product), product, "a process that sends").kill()


def sender(product: Product) -> psutil.Process | None:
    """None while nobody sends, or the one that did is dead: its id may be another's by now."""
    turns = rows(product, "SELECT process_id FROM webhooks_dispatchturn WHERE token <> ''")
    ids = [process_id for (process_id,) in turns]
    return next((each for each in product.processes() if each.pid in ids), None)


def lose_broker(product: Product, servers: Servers, traffic: Traffic) -> None:
    """With all that it knew."""
    if servers.redis is None:
        messages = product.data_dir / "queue" / "messages"
        for message in messages.iterdir():
            message.unlink(missing_ok=True)
        return
    servers.redis.kill()
    wait_for(traffic.goes_on(), product, "a write without Redis")
    servers.redis.start()


def lose_database(product: Product, servers: Servers) -> None:
    if servers.postgres is None:
        # SQLite dies with the processes that use it.
        assert product.process
        product.process.kill()
        product.process.wait()
        wait_for(lambda: not product.processes(), product, "the end of all programs")
        product.start()
        return
    servers.postgres.kill()
    servers.postgres.start()


def test_nothing_is_lost_though_all_is_killed(product, servers):
    gate, traffic = Gate(), Traffic(product)
    with serving(gate) as receiver:
        secret = subscribe(product, receiver.url)
        traffic.start()
        try:
            for number in range(KILLS):
                in_the_air(gate, product)
                (kill_sender if number % 2 else kill_worker)(product)
                if number == 3:
                    in_the_air(gate, product)
                    lose_broker(product, servers, traffic)
                if number == 6:
                    in_the_air(gate, product)
                    lose_database(product, servers)
            gate.open()
            wait_for(traffic.goes_on(), product, "a write after all was back")
        finally:
            gate.open()
            traffic.stop()
        all_is_back = time.monotonic()
        wait_for(lambda: rows(product, UNDONE) == [(0,)], product, "the end of the backlog")
        assert time.monotonic() - all_is_back < DRAINED_SECONDS
        check_deliveries(product, secret, traffic.acknowledged, receiver.received)
        check_books_of_the_relay(product)


def in_the_air(gate: Gate, product: Product) -> None:
    """Wait until something is being sent and not answered; what was before is let go."""
    gate.open()
    gate.shut()
    wait_for(lambda: gate.held, product, "a message in the air")


def subscribe(product: Product, url: str) -> str:
    answer = httpx.post(
        f"{product.url}/api/v2/webhooks",
        json={"url": url, "events": ["customer.created"]},
        headers={"Authorization": f"Bearer {product.key}"},
    )
    return answer.json()["data"]["secret"]


def check_deliveries(
    product: Product, secret: str, acknowledged: list[int], received: list[Received]
) -> None:
    """Each event, and each acknowledged one among them, has one delivery, which arrived as it was
    stored, every time under its one id."""
    bodies = defaultdict(set)
    for message in received:
        # Not verify(), which refuses what came more than five minutes before the test is over.
        sent_at = int(message.headers["webhook-timestamp"])
        signature = Webhook(secret).sign(
            message.headers["webhook-id"],
            datetime.datetime.fromtimestamp(sent_at, datetime.UTC),
            message.body.decode(),
        )
        assert message.headers["webhook-signature"] == signature
        bodies[message.headers["webhook-id"]].add(message.body)
    events = rows(
        product,
        "SELECT e.object_id, e.payload, d.message_id, d.status FROM events_event e"
        " LEFT JOIN webhooks_delivery d ON d.event_id = e.id WHERE e.type = 'customer.created'",
    )
    customers = {object_id for object_id, *_ in events}
    assert len(customers) == len(events) > KILLS
    assert set(acknowledged) <= customers
    assert {status for *_, status in events} == {"succeeded"}
    assert bodies.keys() == {message_id for *_, message_id, _ in events}
    for _, payload, message_id, _ in events:
        (body,) = bodies[message_id]
        assert f'"data":{payload}'.encode() in body


def check_books_of_the_relay(product: Product) -> None:
    """The numbers have no gap, everybody has read them all, and nobody holds anything."""
    ((count, last),) = rows(product, "SELECT COUNT(*), MAX(sequence) FROM events_event")
    assert count == last
    cursors = rows(product, "SELECT sequence FROM events_consumercursor")
    assert {sequence for (sequence,) in cursors} == {last}
    assert rows(product, "SELECT id FROM webhooks_delivery WHERE lease_token <> ''") == []
