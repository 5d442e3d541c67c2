"""One message, as it arrives over a real connection."""

from decimal import Decimal

import pytest
from django.utils import timezone
from standardwebhooks import Webhook

from bizsuite.events.models import Event
from tests.factories import SYSTEM
from tests.webhooks.factories import (
    Clock,
    Receiver,
    deliver,
    fan_out,
    happen,
    make_delivery,
    make_endpoint,
)
from tests.webhooks.receiving import answer_with, serving
from webhooks import tasks
from webhooks.endpoints import rotate_secret, update_endpoint
from webhooks.messages import message_body, message_headers
from webhooks.models import DeliveryAttempt, DeliveryStatus

pytestmark = pytest.mark.django_db


def test_a_receiver_gets_exactly_the_bytes_that_verify(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with serving() as server:
        endpoint = make_endpoint(url=server.url)
        event = happen(data={"id": 7, "amount": Decimal("1500.00"), "name": "Ärger & <Söhne>"})
        delivery = fan_out()[0]

        tasks.deliver()

    (received,) = server.received
    assert (
        received.body
        == (
            b'{"type":"customer.created","timestamp":"%b",'
            b'"data":{"id":7,"amount":1500.00,"name":"\xc3\x84rger & <S\xc3\xb6hne>"}}'
        )
        % event.occurred_at.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    )
    assert event.payload.encode() in received.body
    Webhook(endpoint.secret).verify(received.body, received.headers)
    assert received.headers["webhook-id"] == delivery.message_id
    assert received.headers["Content-Type"] == "application/json"
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.SUCCEEDED, 1)
    assert (delivery.response_status, delivery.error) == (204, "")
    assert (delivery.lease_token, delivery.next_attempt_at) == ("", None)


def test_a_message_carries_the_request_id_the_causation_depth_and_the_records_version():
    make_delivery()
    Event.objects.update(request_id="order-17", causation_depth=3, object_version=12)
    receiver = Receiver()

    deliver(receiver, Clock())

    ((_, headers, _),) = receiver.received
    assert (headers["X-Request-ID"], headers["X-Causation-Depth"]) == ("order-17", "3")
    assert headers["X-Record-Version"] == "12"


def test_the_answer_is_kept_whatever_bytes_it_has(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    with serving(answer_with(500, b"\x00\xff\xfebad")) as server:
        make_delivery(make_endpoint(url=server.url))
        tasks.deliver()

    attempt = DeliveryAttempt.objects.get()
    assert attempt.response == "\ufffd\ufffd\ufffdbad"
    assert attempt.response_status == 500


def test_an_attempt_keeps_what_shows_its_request_and_answer_again(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["127.0.0.1"]
    answer = answer_with(503, b"busy", Retry_After="60", Set_Cookie="a=b", Location="x" * 600)
    with serving(answer) as server:
        endpoint = make_endpoint(url=server.url)
        delivery = make_delivery(endpoint)
        tasks.deliver()
        rotate_secret(endpoint, now=timezone.now(), actor=SYSTEM)
        update_endpoint(endpoint, url="https://elsewhere.example.com/", actor=SYSTEM)

    attempt = DeliveryAttempt.objects.get()
    (received,) = server.received
    shown = message_headers(delivery, started_at=attempt.started_at, signature=attempt.signature)
    assert shown.items() <= received.headers.items()
    assert (attempt.url, message_body(delivery.event)) == (server.url, received.body)
    headers = attempt.response_headers
    assert (headers["retry-after"], len(headers["location"])) == ("60", 500)
    assert "set-cookie" not in headers
