"""Usage in the running product, over several web processes."""

import time

import httpx


def test_what_several_processes_answered_adds_up_and_is_soon_shown(start_product):
    product = start_product(workers=3)
    made = product.manage("create_api_key", "--user", "owner@localhost", "--name", "Shop")
    public_id, secret = made.stdout.split()[1], made.stdout.splitlines()[-1]
    headers = {"Authorization": f"Bearer {secret}"}
    for _ in range(40):
        httpx.get(f"{product.url}/api/v2/customers", headers=headers)

    patience = time.monotonic() + 60
    counted = 0
    while counted < 40 and time.monotonic() < patience:
        shown = httpx.get(
            f"{product.url}/api/v2/usage",
            params={"endpoint": "GET /api/v2/customers"},
            headers=headers,
        )
        counted = sum(row["requests"] for row in shown.json()["data"])
    assert counted == 40

    said = product.manage("usage", "--key", public_id).stdout
    assert any(
        line.split()[0] == "40" and line.endswith("GET /api/v2/customers")
        for line in said.splitlines()
    )


def test_stopping_in_order_loses_nothing(start_product):
    product = start_product(workers=1)
    headers = {"Authorization": f"Bearer {product.key}"}
    for _ in range(25):
        httpx.get(f"{product.url}/api/v2/products", headers=headers)
    product.stop()

    said = product.manage("usage").stdout.splitlines()
    assert said[1].split()[:2] == ["25", "0"]
