"""The signing examples against the real product."""

import os
import subprocess
import sys

import httpx
import pytest
import signed_request

from tests.product import Product
from tests.programs import ROOT


@pytest.fixture(scope="module")
def credentials(product: Product) -> dict[str, str]:
    """What the examples read from the environment: a key that takes signed requests only."""
    made = product.manage(
        *("create_api_key", "--user", "owner@localhost", "--name", "Signer"), "--require-signature"
    )
    secret, _, key = made.stdout.splitlines()
    return {"BIZSUITE_KEY": key, "BIZSUITE_SIGNING_SECRET": secret.removeprefix("Signing secret: ")}


@pytest.fixture
def client(product: Product, credentials: dict[str, str]):
    auth = signed_request.Signature(*credentials.values())
    with httpx.Client(base_url=product.url, auth=auth) as client:
        yield client


def run(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)


def test_the_client_signs_reads_and_writes(client):
    made = client.post("/api/v2/customers", json={"account": "Jäne & Söhne"})
    assert made.status_code == 201
    found = client.get("/api/v2/customers", params={"search": "jäne & söhne", "limit": 5})
    assert found.json()["data"][0]["account"] == "Jäne & Söhne"


def test_the_same_request_again_is_signed_anew(client):
    assert [client.get("/api/v2/customers").status_code for _ in range(3)] == [200] * 3


def test_a_recorded_request_is_refused_by_every_worker(client):
    recorded = client.get("/api/v2/customers").request

    again = [httpx.get(recorded.url, headers=recorded.headers).status_code for _ in range(10)]

    assert again == [401] * 10


@pytest.mark.parametrize(
    ("method", "target", "body", "word"),
    [
        ("GET", "/api/v2/customers?search=ja%6ee", "", '"success":true'),
        ("POST", "/api/v2/customers", '{"account": "O\'Brien"}', "O'Brien"),
    ],
)
def test_both_commands_send_a_signed_request(product, credentials, method, target, body, word):
    folder = ROOT / "examples"
    python = [sys.executable, str(folder / "signed_request.py"), method, product.url + target]
    shell = [str(folder / "signed_request.sh"), method, product.url, target]

    for command in (python, shell):
        sent = run([*command, *([body] if body else [])], credentials)
        assert (sent.returncode, sent.stderr) == (0, "")
        assert word in sent.stdout


def test_a_wrong_secret_is_refused(product, credentials):
    wrong = credentials | {"BIZSUITE_SIGNING_SECRET": "bs_sign_wrong"}
    script = str(ROOT / "examples" / "signed_request.sh")

    sent = run([script, "GET", product.url, "/api/v2/customers"], wrong)

    assert '"message":"Invalid API key or unauthorized access"' in sent.stdout
