"""What a webhook's page says first: what is wrong, what it means, and what to do."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bizsuite.backoffice.display import moment
from webhooks.models import DisabledReason, PausedReason, WebhookEndpoint
from webhooks.settling import PATIENCE
from webhooks.statistics import Queue


@dataclass(frozen=True, slots=True)
class Notice:
    """tone: danger, warning or quiet."""

    tone: str
    icon: str
    title: str
    text: str


def notices_of(
    endpoint: WebhookEndpoint, queue: Queue, *, now: datetime.datetime
) -> Iterator[Notice]:
    if not endpoint.active:
        yield _switched_off(endpoint)
    elif endpoint.paused_at is not None:
        yield _paused(endpoint, queue)
    elif endpoint.failing_since is not None:
        yield _failing(endpoint)
    if endpoint.missed_since is not None:
        yield _missed(endpoint)
    if endpoint.catch_up_from is not None:
        yield Notice(
            "quiet",
            "fast_forward",
            _("Catching up"),
            _("Deliveries of earlier events are still being made, as those before them go out."),
        )
    if endpoint.previous_secret_until is not None and now < endpoint.previous_secret_until:
        text = _("Until %(time)s the one before signs too. Change the receiver over by then.")
        until = {"time": moment(endpoint.previous_secret_until)}
        yield Notice("quiet", "key", _("It has a new secret"), text % until)


def _switched_off(endpoint: WebhookEndpoint) -> Notice:
    texts = {
        DisabledReason.BY_HAND: _("Nothing is sent until it is enabled again."),
        DisabledReason.GONE: _(
            "The receiver says that there is nothing here any more. Ask those who run it for the "
            "right URL, then enable it again."
        ),
        DisabledReason.FAILING: _(
            "See with those who run the receiver that it answers, then enable it again."
        ),
    }
    reason = DisabledReason(endpoint.disabled_reason)
    tone = "quiet" if reason == DisabledReason.BY_HAND else "danger"
    since = _("Since %(time)s.") % {"time": moment(endpoint.disabled_at)}
    return Notice(tone, "power_settings_new", str(reason.label), f"{since} {texts[reason]}")


def _paused(endpoint: WebhookEndpoint, queue: Queue) -> Notice:
    waiting = _("What happens meanwhile waits and goes out when it is resumed.")
    if queue.pending:
        waiting = ngettext(
            "%(count)d delivery waits and goes out when it is resumed.",
            "%(count)d deliveries wait and go out, in order, when it is resumed.",
            queue.pending,
        ) % {"count": queue.pending}
    advice = ""
    if endpoint.paused_reason == PausedReason.BACKLOG:
        advice = _("See first that the receiver keeps up: it was told of more than it took.")
    since = _("Since %(time)s.") % {"time": moment(endpoint.paused_at)}
    text = " ".join(part for part in (since, waiting, advice) if part)
    return Notice("warning", "pause_circle", str(endpoint.get_paused_reason_display()), text)


def _failing(endpoint: WebhookEndpoint) -> Notice:
    since = endpoint.failing_since or endpoint.created_at
    text = _(
        "Nothing has arrived since %(since)s. It is tried again; if nothing arrives until "
        "%(until)s, it is switched off and the administrators are told."
    )
    times = {"since": moment(since), "until": moment(since + PATIENCE)}
    return Notice("danger", "error", _("Failing"), text % times)


def _missed(endpoint: WebhookEndpoint) -> Notice:
    button = _("What it missed") if endpoint.active else _("Enable")
    text = _("What happened since %(time)s was not sent. “%(button)s” asks whether to send it.")
    text %= {"time": moment(endpoint.missed_since), "button": button}
    return Notice("warning", "unarchive", _("It missed something"), text)
