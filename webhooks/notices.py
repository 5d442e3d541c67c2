"""What the administrators get by mail when a webhook needs a person."""

import datetime
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from bizsuite.identity.models import User
from bizsuite.identity.roles import Role
from bizsuite.mail.mails import NewMail, queue_mail
from webhooks.models import DisabledReason, WebhookEndpoint


def tell_given_up(
    endpoint: WebhookEndpoint,
    *,
    failing_since: datetime.datetime | None,
    now: datetime.datetime,
) -> None:
    """That a webhook is switched off, because its receiver is gone or has failed for days."""
    reason = DisabledReason(endpoint.disabled_reason)
    facts = [(_("Why"), str(reason.label)), (_("Switched off"), _moment(now))]
    if failing_since is not None:
        facts.append((_("Failing since"), _moment(failing_since)))
    _tell(
        endpoint,
        subject=_("Webhook %(id)d is switched off") % {"id": endpoint.pk},
        facts=facts,
        advice=_(
            "Nothing is sent to it any more. What happens meanwhile is not lost: repair the"
            " receiver, enable the webhook again, and choose to have replayed what it missed."
        ),
        now=now,
    )


def tell_backlog(endpoint: WebhookEndpoint, *, now: datetime.datetime) -> None:
    """That a webhook is paused, because too much waits for its receiver."""
    _tell(
        endpoint,
        subject=_("Webhook %(id)d is paused: too much is waiting") % {"id": endpoint.pk},
        facts=[
            (
                _("Why"),
                _("%(count)d deliveries are waiting, which is the limit.")
                % {"count": settings.WEBHOOK_BACKLOG_LIMIT},
            ),
            (_("Paused"), _moment(endpoint.paused_at or now)),
        ],
        advice=_(
            "Nothing is sent to it until somebody resumes it. Nothing is lost: see whether the"
            " receiver works and is fast enough, then resume the webhook. What waits goes out"
            " first, and what happened since follows in order."
        ),
        now=now,
    )


def tell_loop(endpoint: WebhookEndpoint, *, event: str, now: datetime.datetime) -> None:
    """That messages to a webhook cause changes that cause messages, and so on."""
    _tell(
        endpoint,
        subject=_("Webhook %(id)d goes round in circles") % {"id": endpoint.pk},
        facts=[(_("Event"), event), (_("Stopped"), _moment(now))],
        advice=_(
            "Its receiver answers our messages with changes here, which cause messages to it, and"
            " so on. After five rounds such messages are not sent: they are among its deliveries,"
            " failed. Have the receiver ignore what it changed itself. You are told at most once"
            " a day."
        ),
        now=now,
    )


def _tell(
    endpoint: WebhookEndpoint,
    *,
    subject: str,
    facts: Sequence[tuple[str, str]],
    advice: str,
    now: datetime.datetime,
) -> None:
    lines = [(_("Webhook"), str(endpoint.pk)), (_("URL"), without_query(endpoint.url)), *facts]
    parts = ["\n".join(f"{name}: {value}" for name, value in lines), advice, _admin_page(endpoint)]
    body = "\n\n".join(part for part in parts if part) + "\n"
    administrators = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True)
    for address in administrators.order_by("pk").values_list("email", flat=True):
        mail = NewMail(
            to=address, subject=subject, body=body, resource="webhook", object_id=endpoint.pk
        )
        queue_mail(mail, now=now)


def without_query(url: str) -> str:
    """A URL as it may be shown to many: the query may hold a password of the receiver's."""
    return urlsplit(url)._replace(query="", fragment="").geturl()


def _admin_page(endpoint: WebhookEndpoint) -> str:
    """Its address, or nothing as long as nobody has said where this installation is."""
    if not settings.PUBLIC_URL:
        return ""
    page = reverse("admin:webhooks_webhookendpoint_change", args=[endpoint.pk])
    return f"{settings.PUBLIC_URL}{page}"


def _moment(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M} UTC"
