import datetime

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.factories import SYSTEM
from tests.webhooks.factories import Clock, Receiver, deliver, make_delivery, make_endpoint
from webhooks.endpoints import SecretJustRotated, rotate_secret, update_endpoint
from webhooks.signing import new_secret, signatures

BODY = b'{"type":"invoice.paid","data":{"amount":1500.00}}'


def headers(secrets: list[str], moment: datetime.datetime, body: bytes = BODY) -> dict[str, str]:
    timestamp = int(moment.timestamp())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures(
            secrets, message_id="msg_1", timestamp=timestamp, body=body
        ),
    }


def now(seconds: int = 0) -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)


def test_the_standard_verifier_accepts_our_signature():
    secret = new_secret()

    Webhook(secret).verify(BODY, headers([secret], now()))


def test_our_signature_is_the_standard_one():
    secret, moment = new_secret(), datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)

    ours = headers([secret], moment)["webhook-signature"]

    assert ours == Webhook(secret).sign("msg_1", moment, BODY.decode())


@pytest.mark.parametrize(
    "tampered",
    [
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": str(int(now(-60).timestamp()))},
        {"webhook-signature": "v1,AAAA"},
    ],
)
def test_a_tampered_header_is_refused(tampered):
    secret = new_secret()

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers([secret], now(-5)) | tampered)


def test_a_tampered_body_and_another_secret_are_refused():
    secret = new_secret()

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY.replace(b"1500", b"9500"), headers([secret], now()))
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, headers([secret], now()))


@pytest.mark.parametrize("seconds", [-302, 302])
def test_an_old_message_cannot_be_sent_again(seconds):
    secret = new_secret()

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, headers([secret], now(seconds)))


def test_secrets_differ_and_have_the_standard_form():
    secrets = {new_secret() for _ in range(50)}

    assert len(secrets) == 50
    assert all(secret.startswith("whsec_") and len(secret) == 6 + 44 for secret in secrets)


@pytest.mark.django_db
def test_both_secrets_sign_for_a_day_after_a_rotation():
    clock, endpoint = Clock(now()), make_endpoint()
    before = endpoint.secret
    after = rotate_secret(endpoint, now=clock.now, actor=SYSTEM).secret

    _, sent, body = _sent(endpoint, clock)
    Webhook(before).verify(body, sent)
    Webhook(after).verify(body, sent)
    assert len(sent["webhook-signature"].split(" ")) == 2

    endpoint.refresh()
    rotated_at = clock.now
    assert endpoint.signing_secrets(rotated_at + datetime.timedelta(hours=24, seconds=-1)) == [
        after,
        before,
    ]
    assert endpoint.signing_secrets(rotated_at + datetime.timedelta(hours=24)) == [after]


@pytest.mark.django_db
def test_a_rotation_that_lost_a_race_is_refused():
    endpoint = make_endpoint()
    stale = type(endpoint).objects.get(pk=endpoint.pk)
    rotate_secret(endpoint, now=now(), actor=SYSTEM)

    kept = endpoint.secret
    with pytest.raises(SecretJustRotated):
        rotate_secret(stale, now=now(), actor=SYSTEM)

    endpoint.refresh()
    assert endpoint.secret == kept


@pytest.mark.django_db
def test_a_change_of_something_else_meanwhile_does_not_refuse_a_rotation():
    endpoint = make_endpoint()
    read = type(endpoint).objects.get(pk=endpoint.pk)
    update_endpoint(endpoint, actor=SYSTEM, events=["customer.created"])

    rotated = rotate_secret(read, now=now(), actor=SYSTEM)

    assert (rotated.version, rotated.events) == (3, ["customer.created"])


def _sent(endpoint, clock):
    make_delivery(endpoint)
    receiver = Receiver()
    deliver(receiver, clock)
    (message,) = receiver.received
    return message
