"""A webhook that is paused, switched off, and on again; and who is told of it."""

import datetime
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.loader import MigrationLoader

from bizsuite.events.models import Event
from bizsuite.identity.models import User
from bizsuite.identity.roles import Role
from bizsuite.mail.models import OutgoingMail
from customers.models import Customer
from tests.factories import SYSTEM, make_user
from tests.webhooks.factories import (
    FAILURE,
    NOW,
    Clock,
    Receiver,
    catch_up,
    deliver,
    fan_out,
    happen,
    make_endpoint,
)
from webhooks.endpoints import update_endpoint
from webhooks.models import Delivery, DeliveryStatus, DisabledReason, WebhookEndpoint
from webhooks.replaying import resend_delivery, send_test
from webhooks.sending import Reply
from webhooks.states import EndpointDisabled, EndpointEnabled, EndpointNotPaused, EndpointPaused
from webhooks.switching import (
    disable_endpoint,
    enable_endpoint,
    give_up_endpoint,
    pause_endpoint,
    resume_endpoint,
)

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)


def pause(endpoint):
    return pause_endpoint(endpoint, now=NOW, actor=SYSTEM)


def resume(endpoint):
    return resume_endpoint(endpoint, actor=SYSTEM)


def disable(endpoint):
    return disable_endpoint(endpoint, now=NOW, actor=SYSTEM)


def enable(endpoint, *, replay):
    return enable_endpoint(endpoint, replay=replay, now=NOW, actor=SYSTEM)


def sent(receiver):
    """The records that the receiver was told of, in order."""
    return [body.split(b'"id":')[1].rstrip(b"}") for _, _, body in receiver.received]


def recorded():
    return list(
        Event.objects.filter(resource="webhook").order_by("id").values_list("type", flat=True)
    )


def new(pk):
    return happen("customer.created", Customer(pk=pk, version=1))


class TestPausing:
    def test_nothing_is_sent_until_it_is_resumed_and_then_everything_in_order(self):
        endpoint, receiver = make_endpoint(), Receiver()
        pause(endpoint)
        for pk in (1, 2, 1, 3):
            new(pk)
        assert len(fan_out()) == 4

        deliver(receiver, Clock())
        assert receiver.received == []
        assert endpoint.paused_at == NOW
        assert endpoint.paused_reason == "by_hand"

        resume(endpoint)
        deliver(receiver, Clock())
        assert sent(receiver)[:2] == [b"1", b"2"]
        assert sorted(sent(receiver)) == [b"1", b"1", b"2", b"3"]
        assert recorded() == ["webhook.created", "webhook.paused", "webhook.resumed"]
        assert endpoint.paused_at is None

    def test_what_is_in_flight_is_settled_and_its_retry_waits(self):
        endpoint = make_endpoint()
        new(1)
        fan_out()
        deliver(Receiver(FAILURE), Clock())
        pause(endpoint)
        later = Clock(NOW + DAY)
        deliver(late := Receiver(), later)
        assert late.received == []

        resume(endpoint)
        deliver(late, later)
        assert len(late.received) == 1

    @pytest.mark.parametrize("act", [pause, disable])
    def test_one_that_is_off_has_to_be_enabled_first(self, act):
        endpoint = make_endpoint(active=False)
        with pytest.raises(EndpointDisabled) as refusal:
            act(endpoint)
        assert refusal.value.allowed == ["enable"]
        assert recorded() == ["webhook.created"]

    def test_pausing_and_resuming_twice_are_refused_and_recorded_once(self):
        endpoint = make_endpoint()
        pause(endpoint)
        with pytest.raises(EndpointPaused) as refusal:
            pause(endpoint)
        assert refusal.value.allowed == ["resume", "disable"]
        resume(endpoint)
        with pytest.raises(EndpointNotPaused) as other:
            resume(endpoint)
        assert other.value.allowed == ["pause", "test", "replay", "disable"]
        assert recorded() == ["webhook.created", "webhook.paused", "webhook.resumed"]

    def test_while_paused_neither_a_test_nor_one_message_is_sent(self):
        endpoint = make_endpoint()
        new(1)
        (delivery,) = fan_out()
        pause(endpoint)
        for act in (
            lambda: send_test(endpoint, now=NOW, actor=SYSTEM),
            lambda: resend_delivery(delivery, now=NOW, actor=SYSTEM),
        ):
            with pytest.raises(EndpointPaused):
                act()
        assert Delivery.objects.count() == 1

    def test_switched_off_it_is_not_paused_any_more(self):
        endpoint = make_endpoint()
        pause(endpoint)
        disable(endpoint)
        assert (endpoint.active, endpoint.paused_at, endpoint.paused_reason) == (False, None, "")


class TestMissing:
    def test_what_it_wanted_while_off_is_remembered_from_the_first_on(self):
        endpoint = make_endpoint(events=["customer.created"])
        disable(endpoint)
        happen("customer.updated", Customer(pk=1, version=1))
        first = new(2)
        new(3)
        assert fan_out() == []

        endpoint.refresh_from_db()
        first.refresh_from_db()
        assert endpoint.missed_from == first.sequence
        assert endpoint.missed_since == first.occurred_at

    def test_nothing_wanted_is_nothing_missed(self):
        endpoint = make_endpoint(events=["customer.deleted"])
        disable(endpoint)
        new(1)
        fan_out()
        endpoint.refresh_from_db()
        assert (endpoint.missed_from, endpoint.missed_since) == (None, None)

    def test_enabling_with_a_replay_sends_it_first_and_each_message_once(self):
        endpoint, receiver = make_endpoint(), Receiver()
        disable(endpoint)
        for pk in (1, 2):
            new(pk)
        fan_out()
        enable(endpoint, replay=True)
        assert endpoint.catching_up
        assert endpoint.missed_since is None
        new(3)
        assert fan_out() == []

        assert catch_up() == 3
        deliver(receiver, Clock())
        assert sent(receiver) == [b"1", b"2", b"3"]
        endpoint.refresh_from_db()
        assert not endpoint.catching_up
        new(4)
        assert len(fan_out()) == 4

    def test_enabling_without_one_goes_on_from_now_and_offers_it_no_more(self):
        endpoint = make_endpoint()
        disable(endpoint)
        new(1)
        fan_out()
        enable(endpoint, replay=False)
        later = new(2)
        assert [delivery.event_id for delivery in fan_out()] == [later.pk]
        assert catch_up() == 0
        assert endpoint.missed_from is None

    def test_patched_on_it_stays_offered_until_somebody_says(self):
        endpoint = make_endpoint()
        disable(endpoint)
        missed = new(1)
        fan_out()
        endpoint.refresh_from_db()
        update_endpoint(endpoint, active=True, actor=SYSTEM)
        later = new(2)
        assert [delivery.event_id for delivery in fan_out()] == [later.pk]
        assert endpoint.missed_from is not None

        enable(endpoint, replay=True)
        assert catch_up() == 1
        assert [each.event_id for each in fan_out()] == [missed.pk, later.pk]
        with pytest.raises(EndpointEnabled):
            enable(endpoint, replay=True)

    def test_off_twice_what_was_missed_both_times_is_offered_and_nothing_comes_twice(self):
        endpoint, receiver = make_endpoint(), Receiver()
        disable(endpoint)
        new(1)
        fan_out()
        endpoint.refresh_from_db()
        update_endpoint(endpoint, active=True, actor=SYSTEM)
        new(2)
        fan_out()
        deliver(receiver, Clock())
        disable(endpoint)
        new(3)
        fan_out()

        enable(endpoint, replay=True)
        assert catch_up() == 2
        deliver(receiver, Clock())
        assert sent(receiver) == [b"2", b"1", b"3"]

    def test_what_was_given_up_while_it_failed_is_part_of_what_was_missed(self):
        endpoint, clock = make_endpoint(), Clock()
        before = new(1)
        fan_out()
        deliver(Receiver(), clock)
        given_up = new(2)
        (_, delivery) = fan_out()
        deliver(Receiver(FAILURE), clock)
        Delivery.objects.filter(pk=delivery.pk).update(
            status=DeliveryStatus.FAILED, next_attempt_at=None, failed_at=NOW + 4 * DAY
        )
        give_up_endpoint(endpoint.pk, reason=DisabledReason.FAILING, now=NOW + 5 * DAY)
        endpoint.refresh_from_db()
        given_up.refresh_from_db()
        assert endpoint.missed_from == given_up.sequence

        enable(endpoint, replay=True)
        assert catch_up() == 1
        deliver(receiver := Receiver(), clock)
        assert receiver.message_ids == [delivery.message_id]
        assert before.pk not in [d.event_id for d in Delivery.objects.filter(attempts__gt=1)]


class TestTellingTheAdministrators:
    @pytest.fixture
    def administrators(self):
        gone = make_user(role=Role.ADMINISTRATOR, email="off@example.com")
        User.objects.filter(pk=gone.pk).change(is_active=False)
        make_user(role=Role.ACCOUNTANT, email="books@example.com")
        return [
            make_user(role=Role.ADMINISTRATOR, email=f"{name}@example.com").email
            for name in ("ada", "bo")
        ]

    def mails(self):
        return list(OutgoingMail.objects.filter(resource="webhook").order_by("id"))

    def test_a_410_is_told_once_with_what_happened_and_what_to_do(self, administrators, settings):
        settings.PUBLIC_URL = "https://books.example.com"
        endpoint = make_endpoint(url="https://receiver.example.com/hook?password=hush")
        new(1)
        new(2)
        fan_out()
        deliver(Receiver(Reply(410, "Gone")), Clock())

        mails = [mail for mail in self.mails() if mail.to_address in administrators]
        assert [mail.to_address for mail in self.mails()][-2:] == administrators
        assert len(mails) == 2
        body = mails[0].body
        assert mails[0].subject == f"Webhook {endpoint.pk} is switched off"
        assert "URL: https://receiver.example.com/hook\n" in body
        assert "hush" not in body
        assert "Why: The receiver answered 410 Gone" in body
        assert "Switched off: 2024-01-15 10:00 UTC" in body
        assert f"https://books.example.com/admin/webhooks/webhookendpoint/{endpoint.pk}" in body
        assert not give_up_endpoint(endpoint.pk, reason=DisabledReason.GONE, now=NOW)
        assert "books@example.com" not in [mail.to_address for mail in self.mails()]
        assert "off@example.com" not in [mail.to_address for mail in self.mails()]

    def test_five_days_of_failure_say_since_when(self, administrators, settings):
        settings.PUBLIC_URL = ""
        endpoint = make_endpoint()
        WebhookEndpoint.objects.filter(pk=endpoint.pk).note_failing(since=NOW, last=NOW)
        give_up_endpoint(endpoint.pk, reason=DisabledReason.FAILING, now=NOW + 5 * DAY)

        body = self.mails()[-1].body
        assert "Failing since: 2024-01-15 10:00 UTC" in body
        assert "Why: No delivery succeeded for five days" in body
        assert "/admin/" not in body

    def test_what_a_person_does_is_mailed_to_nobody(self, administrators):
        endpoint = make_endpoint()
        pause(endpoint)
        resume(endpoint)
        disable(endpoint)
        enable(endpoint, replay=True)
        assert self.mails() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"paused_at": NOW},
        {"paused_reason": "by_hand"},
        {"active": False, "disabled_at": NOW, "disabled_reason": "gone", "catch_up_from": 1},
        {
            "active": False,
            "disabled_at": NOW,
            "disabled_reason": "gone",
            "paused_at": NOW,
            "paused_reason": "by_hand",
        },
        {"missed_from": 1},
        {"missed_since": NOW},
        {"replay_from": 1, "replay_until": 2},
        {"catch_up_from": 1, "replay_from": 1},
        {"catch_up_from": 1, "replay_from": 2, "replay_until": 2},
    ],
)
def test_the_database_refuses_states_that_make_no_sense(wrong):
    endpoint = make_endpoint()
    with pytest.raises(IntegrityError), transaction.atomic():
        WebhookEndpoint.objects.filter(pk=endpoint.pk).note(**wrong)


def test_those_that_were_off_before_it_was_remembered_are_offered_what_happened_since():
    """The data step of the release that remembers it, on rows of the one before."""
    off, never_missed, on = make_endpoint(), make_endpoint(), make_endpoint()
    before, first = new(1), new(2)
    fan_out()
    for event, occurred_at in ((before, NOW - DAY), (first, NOW + DAY)):
        Event.objects.filter(pk=event.pk).update(occurred_at=occurred_at)
    Event.objects.filter(resource="webhook").update(occurred_at=NOW - DAY)
    for endpoint, disabled_at in ((off, NOW), (never_missed, NOW + 2 * DAY)):
        WebhookEndpoint.objects.filter(pk=endpoint.pk).note(
            active=False, disabled_at=disabled_at, disabled_reason="by_hand"
        )
    step = import_module("webhooks.migrations.0007_what_was_missed_until_now")
    state = MigrationLoader(connection).project_state(
        [("webhooks", "0007_what_was_missed_until_now")]
    )

    step.remember_what_was_missed(state.apps, None)

    for endpoint in (off, never_missed, on, first):
        endpoint.refresh_from_db()
    assert (off.missed_from, off.missed_since) == (first.sequence, NOW + DAY)
    assert (never_missed.missed_from, on.missed_from) == (None, None)
