"""What can be done with a webhook's endpoint."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from bizsuite.crypto import encrypt
from bizsuite.errors import Conflict, Invalid, Stale
from bizsuite.events.recording import record_event
from bizsuite.events.registry import unknown_patterns
from bizsuite.identity.actors import Actor
from webhooks.hints import wake_dispatcher_after_commit
from webhooks.holding import hold
from webhooks.models import Delivery, DeliveryAttempt, DisabledReason, WebhookEndpoint
from webhooks.serializers import EndpointSerializer
from webhooks.signing import new_secret
from webhooks.states import switched_off, switched_on
from webhooks.targets import UrlRefused, parse_target

# How long the secret before a rotation goes on signing.
ROTATION = datetime.timedelta(hours=24)


class SecretJustRotated(Conflict):
    code = "secret_just_rotated"


@transaction.atomic
def create_endpoint(
    *, url: str, events: Sequence[str], active: bool = True, actor: Actor, **fields: Any
) -> WebhookEndpoint:
    """Register an endpoint; its `secret` is made here. Raises Invalid for URL or events.

    The URL's form is judged here, without the network; the caller resolves the name before the
    transaction, and every send judges it again.
    """
    _check(url=url, events=events)
    endpoint = WebhookEndpoint(
        url=url,
        events=_unique(events),
        encrypted_secret=encrypt(new_secret()),
        **fields,
    )
    if not active:
        endpoint.active, endpoint.disabled_at = False, timezone.now()
        endpoint.disabled_reason = DisabledReason.BY_HAND
    endpoint.save()
    _record("webhook.created", endpoint, actor)
    return endpoint


@transaction.atomic
def update_endpoint(
    endpoint: WebhookEndpoint, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> WebhookEndpoint:
    """Change the fields given; `active` switches it off by hand, or on again. What is sent as it
    is already changes nothing.

    Switched on, it goes on with what was still pending and with what happens from now on; what
    it missed stays offered (`enable_endpoint`). Raises Invalid, and Stale as customers do.
    """
    _check(**{name: changes[name] for name in ("url", "events") if name in changes})
    if "events" in changes:
        changes["events"] = _unique(changes["events"])
    hold(endpoint)
    if if_version not in (None, endpoint.version):
        raise Stale("This webhook has been changed since you read it.")
    changes = {name: value for name, value in changes.items() if getattr(endpoint, name) != value}
    if not changes:
        return endpoint
    event, active = "webhook.updated", changes.pop("active", None)
    if active is True:
        event = "webhook.enabled"
        changes |= switched_on()
    elif active is False:
        event = "webhook.disabled"
        changes |= switched_off(endpoint, reason=DisabledReason.BY_HAND, now=timezone.now())
    WebhookEndpoint.objects.filter(pk=endpoint.pk).change(**changes)
    endpoint.refresh()
    _record(event, endpoint, actor)
    wake_dispatcher_after_commit()
    return endpoint


@transaction.atomic
def delete_endpoint(endpoint: WebhookEndpoint, *, actor: Actor) -> None:
    """Remove an endpoint with its deliveries; what is pending is not sent any more.

    Raises NotFound if somebody else was faster.
    """
    # Waits for a fan-out under way, so that all its deliveries are seen and go too.
    hold(endpoint)
    mine = Delivery.objects.filter(endpoint=endpoint)
    # By two statements, and none of the rows read: there may be hundreds of thousands, and the
    # fan-out to everybody else waits until they are gone.
    DeliveryAttempt.objects.filter(delivery__in=mine).delete()
    mine._raw_delete(mine.db)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).delete()
    endpoint.version += 1
    _record("webhook.deleted", endpoint, actor)


@transaction.atomic
def rotate_secret(
    endpoint: WebhookEndpoint, *, now: datetime.datetime, actor: Actor
) -> WebhookEndpoint:
    """Give an endpoint a new secret. For a day the one before signs as well.

    Raises SecretJustRotated if somebody else did so since the endpoint was read: twice at the
    same moment, and the secret that the receiver has would sign nothing any more.
    """
    before = endpoint.encrypted_secret
    hold(endpoint)
    if endpoint.encrypted_secret != before:
        raise SecretJustRotated(f"Webhook {endpoint.pk} got a new secret a moment ago.")
    WebhookEndpoint.objects.filter(pk=endpoint.pk).change(
        encrypted_secret=encrypt(new_secret()),
        encrypted_previous_secret=before,
        previous_secret_until=now + ROTATION,
    )
    endpoint.refresh()
    _record("webhook.rotated", endpoint, actor)
    return endpoint


def _check(*, url: str | None = None, events: Sequence[str] | None = None) -> None:
    errors = {}
    if url is not None:
        try:
            parse_target(url)
        except UrlRefused as error:
            errors["url"] = str(error)
    if events is not None and (unknown := unknown_patterns(list(events))):
        errors["events"] = f"Unknown events: {', '.join(unknown)}"
    if errors:
        raise Invalid(errors)


def _unique(events: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(events))


def _record(event: str, endpoint: WebhookEndpoint, actor: Actor) -> None:
    record_event(event, endpoint, data=EndpointSerializer(endpoint).data, actor=actor)
