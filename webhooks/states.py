"""What state a webhook is in, what that allows, and the columns of switching it on and off."""

import datetime
from typing import Any

from django.db.models import Min

from bizsuite.errors import Conflict
from bizsuite.events.models import Event
from webhooks.event_types import TEST_EVENT
from webhooks.models import Delivery, DeliveryStatus, DisabledReason, WebhookEndpoint


class EndpointDisabled(Conflict):
    code = "webhook_disabled"


class EndpointEnabled(Conflict):
    code = "webhook_enabled"


class EndpointPaused(Conflict):
    code = "webhook_paused"


class EndpointNotPaused(Conflict):
    code = "webhook_not_paused"


def allowed_moves(endpoint: WebhookEndpoint) -> list[str]:
    """What this webhook's state allows to be done with it."""
    if not endpoint.active:
        return ["enable"]
    moves = ["resume"] if endpoint.paused_at else ["pause", "test", "replay"]
    return [*moves, "disable"] if endpoint.missed_from is None else [*moves, "disable", "enable"]


def require_active(endpoint: WebhookEndpoint) -> None:
    """Raises EndpointDisabled for one that is switched off."""
    if not endpoint.active:
        raise EndpointDisabled(
            f"Webhook {endpoint.pk} is disabled: enable it first.", allowed=allowed_moves(endpoint)
        )


def require_receiving(endpoint: WebhookEndpoint) -> None:
    """Raises EndpointDisabled or EndpointPaused: nothing is sent to one that is off or paused."""
    require_active(endpoint)
    if endpoint.paused_at is not None:
        raise EndpointPaused(
            f"Webhook {endpoint.pk} is paused: resume it first.", allowed=allowed_moves(endpoint)
        )


def switched_on() -> dict[str, Any]:
    return {
        "active": True,
        "disabled_at": None,
        "disabled_reason": "",
        "failing_since": None,
        "last_failed_at": None,
    }


def switched_off(
    endpoint: WebhookEndpoint, *, reason: DisabledReason, now: datetime.datetime
) -> dict[str, Any]:
    """The columns of an endpoint, which the caller holds, from now on: off, and not paused.

    Its catch-up ends; what that had still to make is offered when it is switched on again, and so
    is what was given up since it began to fail.
    """
    changes = {
        "active": False,
        "disabled_at": now,
        "disabled_reason": reason,
        "paused_at": None,
        "paused_reason": "",
        "catch_up_from": None,
        "replay_from": None,
        "replay_until": None,
    }
    missed = [
        sequence
        for sequence in (
            endpoint.missed_from,
            endpoint.catch_up_from,
            _first_given_up(endpoint, since=endpoint.failing_since or now),
        )
        if sequence is not None
    ]
    # The fan-out remembers the first event that it makes no delivery of.
    return changes | missed_since_event(min(missed)) if missed else changes


def missed_since_event(sequence: int) -> dict[str, Any]:
    """The columns that say from which event on something did not arrive."""
    event = Event.objects.filter(sequence__gte=sequence).order_by("sequence").first()
    if event is None:
        return {}
    return {"missed_from": event.sequence, "missed_since": event.occurred_at}


def _first_given_up(endpoint: WebhookEndpoint, *, since: datetime.datetime) -> int | None:
    given_up = Delivery.objects.filter(
        endpoint=endpoint, status=DeliveryStatus.FAILED, failed_at__gte=since, attempts__gt=0
    ).exclude(event__type=TEST_EVENT)
    first: int | None = given_up.aggregate(first=Min("event__sequence"))["first"]
    return first
