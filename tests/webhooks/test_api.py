import pytest

from bizsuite.crypto import decrypt
from bizsuite.events.models import Event
from bizsuite.identity.roles import Role
from tests.webhooks.factories import (
    FAILURE,
    URL,
    Clock,
    Receiver,
    deliver,
    fan_out,
    happen,
    make_delivery,
    make_endpoint,
)
from webhooks.models import Delivery, DeliveryStatus, DisabledReason, WebhookEndpoint
from webhooks.views import WebhookViewSet

pytestmark = pytest.mark.django_db

BODY = {"url": "https://your-domain.com/webhook", "events": ["customer.created", "customer.*"]}


def test_registering_answers_the_webhook_with_its_secret(api):
    answer = api.post("/webhooks", BODY)

    assert answer.status == 201
    endpoint = WebhookEndpoint.objects.get()
    assert answer.headers["Location"] == f"/api/v2/webhooks/{endpoint.pk}"
    assert answer.data == {
        "id": endpoint.pk,
        "url": "https://your-domain.com/webhook",
        "events": ["customer.created", "customer.*"],
        "active": True,
        "disabled_at": None,
        "disabled_reason": None,
        "failing_since": None,
        "paused_at": None,
        "paused_reason": None,
        "missed_since": None,
        "catching_up": False,
        "previous_secret_until": None,
        "external_id": None,
        "metadata": {},
        "created_at": answer.data["created_at"],
        "updated_at": answer.data["updated_at"],
        "secret": endpoint.secret,
    }
    assert endpoint.secret.startswith("whsec_")


def test_the_secret_is_encrypted_at_rest_and_shown_nowhere_else(api):
    secret = api.post("/webhooks", BODY).data["secret"]
    endpoint = WebhookEndpoint.objects.get()
    path = f"/webhooks/{endpoint.pk}"

    answers = [
        api.get("/webhooks"),
        api.get(path),
        api.patch(path, {"events": ["*"]}),
        api.post(f"{path}/test"),
        api.get(f"{path}/deliveries"),
        api.delete(path),
    ]

    assert [answer.status for answer in answers] == [200, 200, 200, 201, 200, 200]
    assert all(
        b'secret"' not in answer.raw and secret.encode() not in answer.raw for answer in answers
    )
    assert secret not in endpoint.encrypted_secret
    assert decrypt(endpoint.encrypted_secret) == secret
    assert not any(secret in event.payload for event in Event.objects.all())


def test_registering_is_recorded_for_the_audit_and_sent_to_nobody(api):
    make_endpoint(events=["*"])

    api.post("/webhooks", BODY)

    assert list(Event.objects.order_by("id").values_list("type", flat=True))[-1] == (
        "webhook.created"
    )
    assert not Delivery.objects.filter(event__type__startswith="webhook.").exists()
    assert not any(d.subject.startswith("webhook:") for d in fan_out())


@pytest.mark.parametrize(
    ("events", "errors"),
    [
        (["customer.create"], {"events": "Unknown events: customer.create"}),
        (
            ["customer.created", "cust*", "nothing.*"],
            {"events": "Unknown events: cust*, nothing.*"},
        ),
        (["api_key.created"], {"events": "Unknown events: api_key.created"}),
        (["webhook.*"], {"events": "Unknown events: webhook.*"}),
        ([], {"events": "Name at least one event"}),
        ("*", {"events": "Must be a list of event names"}),
        ([1], {"events.0": "Must be text"}),
        (None, {"events": "This field may not be null"}),
    ],
)
def test_unknown_events_are_refused(api, events, errors):
    assert api.post("/webhooks", BODY | {"events": events}).errors == errors
    assert not WebhookEndpoint.objects.exists()


def test_url_and_events_are_needed(api):
    assert api.post("/webhooks", {}).errors == {
        "url": "This field is required",
        "events": "This field is required",
    }


def test_a_wrong_url_and_a_wrong_event_are_told_together(api):
    errors = api.post("/webhooks", {"url": "http://example.com/", "events": ["x.y"]}).errors

    assert errors == {"url": "Must begin with https://", "events": "Unknown events: x.y"}


@pytest.mark.parametrize(
    "field",
    ["secret", "id", "disabled_at", "failing_since", "paused_at", "missed_since", "catching_up"],
)
def test_what_the_product_decides_cannot_be_sent(api, field):
    assert set(api.post("/webhooks", BODY | {field: "x"}).errors) == {field}


def test_a_name_that_leads_to_a_private_address_is_refused(api, monkeypatch):
    asked = []

    def resolve(host):
        asked.append(host)
        return ["93.184.215.14", "10.0.0.7"]

    monkeypatch.setattr(WebhookViewSet, "resolve", staticmethod(resolve))

    assert api.post("/webhooks", BODY).errors == {"url": "Must lead to a public address"}
    assert asked == ["your-domain.com"]
    assert not WebhookEndpoint.objects.exists()


def test_a_name_that_does_not_resolve_yet_is_accepted(api, monkeypatch):
    def resolve(host):
        raise OSError("no such name")

    monkeypatch.setattr(WebhookViewSet, "resolve", staticmethod(resolve))

    assert api.post("/webhooks", BODY).status == 201


def test_a_host_that_the_operator_allows_may_be_private_plain_and_on_any_port(api, settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["erp.internal", "::1"]

    for url in ("http://erp.internal:9000/hook", "https://ERP.internal/", "http://[::1]:8080/"):
        assert api.post("/webhooks", BODY | {"url": url}).status == 201
    assert set(api.post("/webhooks", BODY | {"url": "http://other.internal/"}).errors) == {"url"}


def test_a_read_webhook_can_be_put_back_with_a_change(api):
    endpoint = make_endpoint()
    path = f"/webhooks/{endpoint.pk}"

    changed = api.put(path, api.get(path).data | {"events": ["*", "*"]})

    assert changed.status == 200
    assert changed.data["events"] == ["*"]
    endpoint.refresh()
    assert (endpoint.events, endpoint.version) == (["*"], 2)


def test_a_new_url_is_judged_too(api):
    endpoint = make_endpoint()

    answer = api.patch(f"/webhooks/{endpoint.pk}", {"url": "https://127.0.0.1/"})

    assert answer.errors == {"url": "Must lead to a public address"}
    endpoint.refresh()
    assert endpoint.version == 1


def test_switching_off_and_on_again(api):
    endpoint = make_endpoint()
    path = f"/webhooks/{endpoint.pk}"

    off = api.patch(path, {"active": False}).data
    assert (off["active"], off["disabled_reason"]) == (False, "by_hand")
    assert off["disabled_at"] is not None
    happen()
    assert fan_out() == []

    on = api.patch(path, {"active": True}).data
    assert (on["active"], on["disabled_at"], on["disabled_reason"]) == (True, None, None)
    types = Event.objects.filter(resource="webhook").order_by("id").values_list("type", flat=True)
    assert list(types) == ["webhook.created", "webhook.disabled", "webhook.enabled"]


def test_deleting_stops_what_is_pending(api):
    delivery = make_delivery()
    receiver = Receiver()

    answer = api.delete(f"/webhooks/{delivery.endpoint_id}")
    deliver(receiver, Clock())

    assert answer.body == {"success": True, "message": "Webhook deleted"}
    assert receiver.received == []
    assert not Delivery.objects.exists()
    assert api.get(f"/webhooks/{delivery.endpoint_id}").status == 404
    assert Event.objects.filter(type="webhook.deleted", object_id=delivery.endpoint_id).exists()


def test_rotating_gives_a_new_secret_once(api):
    endpoint = make_endpoint()
    before = endpoint.secret

    answer = api.post(f"/webhooks/{endpoint.pk}/rotate-secret")

    assert answer.status == 200
    endpoint.refresh()
    assert answer.data["secret"] == endpoint.secret != before
    assert answer.data["previous_secret_until"] is not None
    assert decrypt(endpoint.encrypted_previous_secret) == before
    assert b"whsec" not in api.get(f"/webhooks/{endpoint.pk}").raw


@pytest.mark.parametrize(
    ("active", "body"),
    [
        (True, {"active": True}),
        (False, {"active": False}),
        (True, {"url": URL, "events": ["customer.*", "customer.*"], "metadata": {}}),
    ],
)
def test_what_is_sent_as_it_is_already_changes_nothing(api, active, body):
    endpoint = make_endpoint(active=active)
    before, recorded = endpoint.updated_at, Event.objects.count()

    answer = api.patch(f"/webhooks/{endpoint.pk}", body)

    assert (answer.status, answer.data["active"]) == (200, active)
    endpoint.refresh()
    assert (endpoint.version, endpoint.updated_at) == (1, before)
    assert Event.objects.count() == recorded


def test_a_test_message_is_sent_to_this_webhook_alone_and_once(api):
    endpoint = make_endpoint()
    fan_out()
    make_endpoint(events=["*"])
    receiver = Receiver(FAILURE)

    answer = api.post(f"/webhooks/{endpoint.pk}/test")
    fan_out()
    deliver(receiver)

    assert answer.status == 201
    assert (answer.data["event"], answer.data["status"]) == ("webhook.tested", "pending")
    assert [answer.data["message_id"]] == receiver.message_ids
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == (DeliveryStatus.FAILED, 1)
    assert delivery.endpoint_id == endpoint.pk


@pytest.mark.parametrize("path", ["test", "replay"])
def test_nothing_is_sent_to_a_webhook_that_is_off(api, path):
    endpoint = make_endpoint(active=False)
    body = {"since": "2024-01-15T10:00:00Z"} if path == "replay" else {}

    answer = api.post(f"/webhooks/{endpoint.pk}/{path}", body)

    assert (answer.status, answer.body["code"]) == (409, "webhook_disabled")
    assert answer.body["allowed"] == ["enable"]
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("webhooks/{pk}/test", {}),
        ("webhooks/{pk}/replay", {"since": "2024-01-15T10:00:00Z"}),
        ("webhooks/{pk}/rotate-secret", {}),
    ],
)
def test_an_unknown_parameter_is_refused_and_nothing_done(api, path, body):
    endpoint = make_endpoint()
    recorded = Event.objects.count()

    answer = api.post(f"/{path.format(pk=endpoint.pk)}?foo=1", body)

    assert (answer.status, answer.errors) == (400, {"foo": "Unknown parameter"})
    assert Event.objects.count() == recorded
    assert not Delivery.objects.exists()
    endpoint.refresh()
    assert endpoint.version == 1


@pytest.mark.parametrize("role", [role for role in Role if role != Role.ADMINISTRATOR])
def test_nobody_but_administrators_sees_webhooks(client_with, role):
    delivery = make_delivery()
    client, path = client_with(role=role), f"/webhooks/{delivery.endpoint_id}"

    answers = [
        client.get("/webhooks"),
        client.post("/webhooks", BODY),
        client.get(path),
        client.patch(path, {"active": False}),
        client.delete(path),
        client.post(f"{path}/test"),
        client.post(f"{path}/rotate-secret"),
        client.post(f"{path}/replay", {"since": "2024-01-15T10:00:00Z"}),
        client.get(f"{path}/deliveries"),
        client.get("/webhooks/deliveries"),
        client.get(f"/webhooks/deliveries/{delivery.pk}"),
        client.post(f"/webhooks/deliveries/{delivery.pk}/resend"),
    ]

    assert {answer.status for answer in answers} == {403}
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.version, endpoint.active) == (1, True)
    assert Delivery.objects.get().message_id == delivery.message_id


def test_the_list_is_searched_and_filtered(api):
    shop = make_endpoint(url="https://Shop.example.com/Hook")
    off = make_endpoint(active=False)

    assert [row["id"] for row in api.get("/webhooks?search=shop hook").data] == [shop.pk]
    assert [row["id"] for row in api.get("/webhooks?active=false").data] == [off.pk]
    off.refresh()
    assert off.disabled_reason == DisabledReason.BY_HAND
    assert api.get("/webhooks").meta["total_records"] == 2
