"""The running product loses its worker at the worst moment."""

import os
import select
import signal
import socket
import time

import httpx
from standardwebhooks import Webhook

from tests.webhooks.receiving import serving

CLAIMED_SECONDS = 20
# The lease of 30 seconds, and what it takes to find that it ran out.
ARRIVED_SECONDS = 60


def test_a_worker_killed_between_claiming_and_sending_loses_no_message(start_product):
    product = start_product(workers=1, env={"BIZSUITE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1"})
    with httpx.Client(
        base_url=f"{product.url}/api/v2/", headers={"Authorization": f"Bearer {product.key}"}
    ) as api:
        # Takes connections and reads nothing: the worker has claimed and cannot finish.
        deaf = socket.create_server(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        webhook = api.post(
            "webhooks",
            json={"url": f"http://127.0.0.1:{port}/hook", "events": ["customer.created"]},
        ).json()["data"]
        api.post("customers", json={"account": "Jane Smith"}).raise_for_status()
        claimed, _, _ = select.select([deaf], [], [], CLAIMED_SECONDS)
        assert claimed, product.log.read_text()

        os.killpg(product.programs()["worker"].pid, signal.SIGKILL)
        deaf.close()

        with serving(port=port) as server:
            until = time.monotonic() + ARRIVED_SECONDS
            while not server.received and time.monotonic() < until:
                time.sleep(0.1)

        (received,) = server.received
        assert Webhook(webhook["secret"]).verify(received.body, received.headers)["type"] == (
            "customer.created"
        )
        (delivery,) = api.get(f"webhooks/{webhook['id']}/deliveries").json()["data"]
        assert delivery["message_id"] == received.headers["webhook-id"]
