"""Switching webhooks off and on, and pausing them: by people, and when it has to be."""

import datetime
import logging
from typing import Any

from django.db import transaction

from bizsuite.events.models import Event
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from webhooks.catching_up import begin_replay, send_waiting_now
from webhooks.hints import wake_catch_up_after_commit, wake_dispatcher_after_commit
from webhooks.holding import hold
from webhooks.models import DisabledReason, PausedReason, WebhookEndpoint
from webhooks.notices import tell_backlog, tell_given_up
from webhooks.serializers import EndpointSerializer
from webhooks.states import (
    EndpointDisabled,
    EndpointEnabled,
    EndpointNotPaused,
    EndpointPaused,
    allowed_moves,
    require_active,
    switched_off,
    switched_on,
)

logger = logging.getLogger(__name__)

WORKER = Actor.system("worker")


@transaction.atomic
def pause_endpoint(
    endpoint: WebhookEndpoint, *, now: datetime.datetime, actor: Actor
) -> WebhookEndpoint:
    """Send nothing until it is resumed. What happens meanwhile waits, and goes out then.

    Raises EndpointDisabled, and EndpointPaused for one that is paused already.
    """
    hold(endpoint)
    require_active(endpoint)
    if endpoint.paused_at is not None:
        raise EndpointPaused(
            f"Webhook {endpoint.pk} is paused already.", allowed=allowed_moves(endpoint)
        )
    return _changed(
        "webhook.paused", endpoint, actor, paused_at=now, paused_reason=PausedReason.BY_HAND
    )


@transaction.atomic
def resume_endpoint(endpoint: WebhookEndpoint, *, actor: Actor) -> WebhookEndpoint:
    """Send again, in order, what waits; and then what its full queue had no room for.

    What waits for a retry keeps its time: a replay sends that at once. Raises EndpointDisabled
    and EndpointNotPaused.
    """
    hold(endpoint)
    require_active(endpoint)
    if endpoint.paused_at is None:
        raise EndpointNotPaused(
            f"Webhook {endpoint.pk} is not paused.", allowed=allowed_moves(endpoint)
        )
    resumed = _changed("webhook.resumed", endpoint, actor, paused_at=None, paused_reason="")
    wake_dispatcher_after_commit()
    wake_catch_up_after_commit()
    return resumed


@transaction.atomic
def enable_endpoint(
    endpoint: WebhookEndpoint, *, replay: bool, now: datetime.datetime, actor: Actor
) -> WebhookEndpoint:
    """Switch an endpoint on again, and say what is to become of what it missed.

    replay: send it, in order, before what happens from now on; else it is not offered again (a
    replay since an instant still finds it). For one that was switched on without saying, this
    says it now. Raises EndpointEnabled for one that is on and missed nothing.
    """
    hold(endpoint)
    if endpoint.active and endpoint.missed_from is None:
        raise EndpointEnabled(
            f"Webhook {endpoint.pk} is enabled and missed nothing.",
            allowed=allowed_moves(endpoint),
        )
    changes = {"missed_from": None, "missed_since": None}
    changes |= {} if endpoint.active else switched_on()
    missed_from = endpoint.missed_from if replay else None
    WebhookEndpoint.objects.filter(pk=endpoint.pk).change(**changes)
    if missed_from is not None:
        send_waiting_now(endpoint, since=missed_from, now=now)
        begin_replay(endpoint, since=missed_from)
    enabled = _changed("webhook.enabled", endpoint, actor)
    wake_dispatcher_after_commit()
    wake_catch_up_after_commit()
    return enabled


@transaction.atomic
def disable_endpoint(
    endpoint: WebhookEndpoint, *, now: datetime.datetime, actor: Actor
) -> WebhookEndpoint:
    """Switch an endpoint off by hand. What happens meanwhile is offered when it is enabled again.

    Raises EndpointDisabled for one that is off already.
    """
    hold(endpoint)
    if not endpoint.active:
        raise EndpointDisabled(
            f"Webhook {endpoint.pk} is disabled already.", allowed=allowed_moves(endpoint)
        )
    changes = switched_off(endpoint, reason=DisabledReason.BY_HAND, now=now)
    return _changed("webhook.disabled", endpoint, actor, **changes)


@transaction.atomic
def give_up_endpoint(endpoint_id: int, *, reason: DisabledReason, now: datetime.datetime) -> bool:
    """Switch an endpoint off because its receiver is gone or has failed for too long, and tell
    the administrators. False, and nobody is told, if it was off already."""
    row = WebhookEndpoint.objects.active().filter(pk=endpoint_id)
    endpoint = row.select_for_update(no_key=True).first()
    if endpoint is None:
        return False
    failing_since = endpoint.failing_since
    _changed("webhook.disabled", endpoint, WORKER, **switched_off(endpoint, reason=reason, now=now))
    # Without the URL, whose query may hold a password of the receiver's.
    logger.warning("Webhook %s is disabled: %s", endpoint_id, reason.label)
    tell_given_up(endpoint, failing_since=failing_since, now=now)
    return True


def pause_full_endpoint(
    endpoint: WebhookEndpoint, *, first_without: Event, now: datetime.datetime
) -> None:
    """Pause an endpoint, which the caller holds, whose queue is full, and tell the administrators.

    first_without: the first event that no delivery is made of; the catch-up begins with it.
    """
    _changed(
        "webhook.paused",
        endpoint,
        WORKER,
        paused_at=endpoint.paused_at or now,
        paused_reason=PausedReason.BACKLOG,
        catch_up_from=first_without.sequence,
    )
    logger.warning("Webhook %s is paused: too many deliveries wait", endpoint.pk)
    tell_backlog(endpoint, now=now)


def _changed(
    event: str, endpoint: WebhookEndpoint, actor: Actor, **changes: Any
) -> WebhookEndpoint:
    WebhookEndpoint.objects.filter(pk=endpoint.pk).change(**changes)
    endpoint.refresh()
    record_event(event, endpoint, data=EndpointSerializer(endpoint).data, actor=actor)
    return endpoint
