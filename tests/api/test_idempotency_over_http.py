"""One effect per Idempotency-Key on the running product: under many clients, and when it dies."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.product import Product

CLIENTS = 50
# Carries out a request like a web worker does, and is killed at a moment of the test's choosing.
DYING_WORKER = """
import os, signal
from django.test import Client
from bizsuite.api import idempotency
from bizsuite.api.middleware import ApiMiddleware

def dying_after(act):
    def last_act(*arguments):
        act(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    return last_act

{moment} = dying_after({moment})
Client(SERVER_NAME="localhost").post(
    "/api/v2/invoices", {body!r}, content_type="application/json", headers={headers!r}
)
"""
BEFORE_THE_COMMIT, BEFORE_THE_ANSWER = "idempotency.keep", "ApiMiddleware._answer"


class Till:
    """A client that issues one invoice under one Idempotency-Key, however often it must ask."""

    def __init__(self, product: Product, name: str) -> None:
        self.product, self.name = product, name
        made = product.manage(
            "create_api_key", "--user", "owner@localhost", "--name", name, "--rate-limit", "100000"
        )
        self.headers = {
            "Authorization": f"Bearer {made.stdout.splitlines()[-1]}",
            "Idempotency-Key": name,
            "Content-Type": "application/json",
        }
        customer = self.ask("POST", "/customers", {"account": name}, key=f"{name}-customer")
        items = [{"description": "Work", "amount": 100, "qty": 1}]
        self.body = json.dumps({"customer_id": customer.json()["data"]["id"], "items": items})

    def ask(self, method: str, path: str, body: Any = None, *, key: str = "") -> httpx.Response:
        headers = self.headers | ({"Idempotency-Key": key} if key else {})
        sent = body if isinstance(body, str | None) else json.dumps(body)
        address = f"{self.product.url}/api/v2{path}"
        return httpx.request(method, address, content=sent, headers=headers, timeout=60)

    def issue(self) -> httpx.Response:
        return self.ask("POST", "/invoices", self.body)

    def issue_and_die(self, moment: str) -> None:
        script = DYING_WORKER.format(moment=moment, body=self.body, headers=self.headers)
        assert self.product.manage("shell", "-c", script).returncode == -signal.SIGKILL

    def invoices(self) -> list[dict[str, Any]]:
        customer = json.loads(self.body)["customer_id"]
        return self.ask("GET", f"/invoices?customer_id={customer}").json()["data"]

    def events(self) -> list[str]:
        """Those of all invoices whose customer is this test's."""
        ids = [invoice["id"] for invoice in self.invoices()]
        script = (
            "from bizsuite.events.models import Event\n"
            f"found = Event.objects.filter(resource='invoice', object_id__in={ids})\n"
            "print('events', *found.order_by('id').values_list('type', flat=True))"
        )
        said = self.product.manage("shell", "-c", script).stdout
        return said.splitlines()[-1].split()[1:]


@pytest.fixture
def till(product, request) -> Till:
    return Till(product, request.node.name)


def test_fifty_at_once_issue_one_invoice(till):
    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = [each.result() for each in [pool.submit(till.issue) for _ in range(CLIENTS)]]

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer for answer in answers if "Idempotent-Replayed" in answer.headers]
    assert len(replayed) == CLIENTS - 1
    assert len(till.invoices()) == 1
    assert till.events() == ["invoice.created", "invoice.issued"]


def test_who_dies_between_the_commit_and_the_answer_has_done_it(till):
    till.issue_and_die(BEFORE_THE_ANSWER)
    (invoice,) = till.invoices()

    retried = till.issue()

    assert retried.status_code == 201
    assert retried.headers["Idempotent-Replayed"] == "true"
    assert retried.json()["data"] == invoice
    assert till.invoices() == [invoice]
    assert till.events() == ["invoice.created", "invoice.issued"]


def test_who_dies_before_the_commit_has_done_nothing(till):
    till.issue_and_die(BEFORE_THE_COMMIT)
    assert till.invoices() == []

    retried = till.issue()

    assert retried.status_code == 201
    assert "Idempotent-Replayed" not in retried.headers
    assert till.invoices() == [retried.json()["data"]]
    assert till.events() == ["invoice.created", "invoice.issued"]
