"""The running product mails a reply, by its own worker and without a mail server."""

import email
import time
from pathlib import Path

import httpx

ARRIVED_SECONDS = 40


def written(folder: Path) -> str:
    return "".join(file.read_text() for file in sorted(folder.glob("*.log")))


def test_a_reply_becomes_a_file_in_the_data_directory(start_product):
    product = start_product(workers=1)
    with httpx.Client(
        base_url=f"{product.url}/api/v2/", headers={"Authorization": f"Bearer {product.key}"}
    ) as api:
        customer = api.post("customers", json={"account": "Jane", "email": "jane@example.com"})
        ticket = api.post(
            "tickets",
            json={
                "customer_id": customer.json()["data"]["id"],
                "subject": "Help",
                "message": "Please",
            },
        ).json()["data"]
        path = f"tickets/{ticket['id']}/replies"
        api.post(path, json={"message": "SECRET", "internal": True}).raise_for_status()
        api.post(path, json={"message": "Here you are."}).raise_for_status()

    folder, until = product.data_dir / "mail", time.monotonic() + ARRIVED_SECONDS
    while "Here you are." not in (text := written(folder)) and time.monotonic() < until:
        time.sleep(0.1)

    mail = email.message_from_string(text)
    assert mail["To"] == "jane@example.com"
    assert mail["Subject"] == f"[{ticket['ticket_number']}] Help"
    assert "Here you are." in mail.get_payload()
    assert "SECRET" not in text
