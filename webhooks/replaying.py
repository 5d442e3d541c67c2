"""Sending again when a person asks: one message, a test, or whatever has not arrived."""

import datetime

from django.db import transaction

from bizsuite.errors import Conflict, Invalid
from bizsuite.events.models import Event
from bizsuite.events.positions import first_sequence_since, last_sequence
from bizsuite.events.recording import record_event
from bizsuite.exact_json import instant
from bizsuite.identity.actors import Actor
from webhooks.catching_up import SLICE, begin_replay, make_up_for, send_waiting_now, undelivered
from webhooks.erasing import require_data
from webhooks.event_types import TEST_EVENT
from webhooks.hints import wake_catch_up_after_commit, wake_dispatcher_after_commit
from webhooks.holding import hold
from webhooks.making import LOOP_DEPTH, new_delivery
from webhooks.models import Delivery, WebhookEndpoint
from webhooks.retries import LAST_STEP
from webhooks.serializers import EndpointSerializer
from webhooks.states import require_receiving


class DeliveryUnderWay(Conflict):
    code = "delivery_under_way"


@transaction.atomic
def send_test(endpoint: WebhookEndpoint, *, now: datetime.datetime, actor: Actor) -> Delivery:
    """Send a `webhook.tested` message to this endpoint, whatever it subscribed to; once, with no
    retries. It is signed like any other. Raises EndpointDisabled and EndpointPaused."""
    hold(endpoint)
    require_receiving(endpoint)
    event = record_event(TEST_EVENT, endpoint, data=EndpointSerializer(endpoint).data, actor=actor)
    delivery = new_delivery(event, endpoint, now=now, step=LAST_STEP)
    delivery.save()
    wake_dispatcher_after_commit()
    return delivery


@transaction.atomic
def resend_delivery(delivery: Delivery, *, now: datetime.datetime, actor: Actor) -> Delivery:
    """Send a message once more, now, with its id and a fresh retry schedule.

    A test, and a message that was stopped as part of a loop, are sent once and without retries.
    Raises EndpointDisabled, EndpointPaused, EventErased and DeliveryUnderWay.
    """
    endpoint = delivery.endpoint
    hold(endpoint)
    require_receiving(endpoint)
    require_data(delivery)
    mine = Delivery.objects.filter(pk=delivery.pk)
    if not mine.make_due(now):
        raise DeliveryUnderWay(f"Delivery {delivery.pk} is being sent at this moment.")
    if delivery.event.type == TEST_EVENT or delivery.event.causation_depth >= LOOP_DEPTH:
        mine.update(step=LAST_STEP)
    data = EndpointSerializer(endpoint).data | {"message_id": delivery.message_id}
    record_event("webhook.resent", endpoint, data=data, actor=actor)
    wake_dispatcher_after_commit()
    delivery.refresh_from_db()
    return delivery


@transaction.atomic
def replay_deliveries(
    endpoint: WebhookEndpoint, *, since: datetime.datetime, now: datetime.datetime, actor: Actor
) -> int:
    """Send again, now, whatever has not arrived of the events since an instant.

    That is what failed, what waits for a retry, and what happened while the endpoint was off; of
    the event types that it subscribes to now. Returns how many messages that is: a few are due
    at once, many become due in order as the queue drains. Raises Invalid for an instant from
    which on it is not known any more what arrived, EndpointDisabled and EndpointPaused.
    """
    hold(endpoint)
    require_receiving(endpoint)
    first, queued = first_sequence_since(since), 0
    if first is not None:
        _require_known(endpoint, first)
        queued = _replay(endpoint, first, now)
    data = EndpointSerializer(endpoint).data | {"since": instant(since), "queued": queued}
    record_event("webhook.replayed", endpoint, data=data, actor=actor)
    wake_dispatcher_after_commit()
    return queued


def _require_known(endpoint: WebhookEndpoint, first: int) -> None:
    """Raises Invalid if deliveries since this event arrived and were forgotten: they cannot be
    told from those that were never made, and would come a second time under another id."""
    if first > endpoint.pruned_through:
        return
    last_forgotten = Event.objects.get(sequence=endpoint.pruned_through)
    after = instant(last_forgotten.occurred_at)
    raise Invalid(
        {
            "since": f"Must be after {after}: what arrived until then is no longer known"
            " (deliveries are kept for a time only) and would be sent twice"
        }
    )


def _replay(endpoint: WebhookEndpoint, first: int, now: datetime.datetime) -> int:
    queued = send_waiting_now(endpoint, since=first, now=now)
    events = undelivered(endpoint, since=first)
    few = list(events[: SLICE + 1])
    if endpoint.catching_up or len(few) > SLICE:
        queued += events.count()
        begin_replay(endpoint, since=first)
        wake_catch_up_after_commit()
    elif few:
        again = range(first, last_sequence() + 1)
        queued += make_up_for(endpoint, few, again=again, now=now)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).note(room_until=0)
    if endpoint.missed_from is not None and first <= endpoint.missed_from:
        row = WebhookEndpoint.objects.filter(pk=endpoint.pk)
        row.change(missed_from=None, missed_since=None)
    endpoint.refresh()
    return queued
