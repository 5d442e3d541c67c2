"""The buttons of a webhook's page: trying it, sending again, pausing, switching it, its secret."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminSplitDateTimeWidget

from bizsuite.backoffice.display import moment
from bizsuite.backoffice.record_actions import ActionForm, record_action
from bizsuite.backoffice.secrets import secret_page
from webhooks import endpoints, replaying, switching
from webhooks.catching_up import undelivered
from webhooks.models import WebhookEndpoint

# Counted up to here: it is for a decision, not for the books.
MOST_COUNTED = 10_000
SEND, LEAVE_OUT = "send", "leave_out"


class ReplayForm(ActionForm):
    since = forms.SplitDateTimeField(
        label=gettext_lazy("Since"),
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text=gettext_lazy("What arrived is not sent a second time."),
    )

    def __init__(self, *args: Any, record: WebhookEndpoint, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.initial["since"] = record.missed_since or record.failing_since


class MissedForm(ActionForm):
    """What is to become of what the webhook missed; asked only if there is any."""

    missed = forms.ChoiceField(
        label=gettext_lazy("What it missed"), widget=UnfoldAdminRadioSelectWidget, initial=SEND
    )

    def __init__(self, *args: Any, record: WebhookEndpoint, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        if record.missed_from is None:
            del self.fields["missed"]
        else:
            self.fields["missed"].choices = [
                (SEND, _told_missed(record)),
                (LEAVE_OUT, _("Leave it out. A replay can still send it later.")),
            ]


def _told_missed(endpoint: WebhookEndpoint) -> str:
    events = undelivered(endpoint, since=endpoint.missed_from)
    count = events[: MOST_COUNTED + 1].count()
    since = moment(endpoint.missed_since)
    if count > MOST_COUNTED:
        text = _("Send it first, in order: more than %(count)d events since %(since)s.")
        return text % {"count": MOST_COUNTED, "since": since}
    text = ngettext(
        "Send it first, in order: %(count)d event since %(since)s.",
        "Send it first, in order: %(count)d events since %(since)s.",
        count,
    )
    return text % {"count": count, "since": since}


def is_receiving(endpoint: WebhookEndpoint) -> bool:
    return endpoint.active and endpoint.paused_at is None


class EndpointButtons:
    """Mixed into the webhooks' admin class."""

    record_actions = (
        "enable",
        "resume",
        "make_up",
        "send_test",
        "replay",
        "pause",
        "rotate_secret",
        "disable",
    )

    actor: Any
    message_user: Any

    @record_action(
        label=gettext_lazy("Send test"),
        icon="send",
        question=gettext_lazy("One signed webhook.tested message, sent once and without retries."),
        when=is_receiving,
    )
    def send_test(
        self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]
    ) -> HttpResponse:
        delivery = replaying.send_test(record, now=timezone.now(), actor=self.actor(request))
        self.message_user(
            request, _("The test is on its way. Reload this page to see how it went.")
        )
        return redirect(reverse("admin:webhooks_delivery_change", args=[delivery.pk]))

    @record_action(
        label=gettext_lazy("Replay"),
        icon="replay",
        question=gettext_lazy(
            "Sends, again or for the first time, whatever has not arrived of the events since:"
        ),
        form_class=ReplayForm,
        when=is_receiving,
    )
    def replay(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        queued = replaying.replay_deliveries(
            record, since=data["since"], now=timezone.now(), actor=self.actor(request)
        )
        text = ngettext("%(count)d message queued.", "%(count)d messages queued.", queued)
        return text % {"count": queued}

    @record_action(
        label=gettext_lazy("Pause"),
        icon="pause",
        question=gettext_lazy(
            "Nothing is sent until it is resumed. What happens meanwhile waits and goes out then, "
            "in order."
        ),
        when=is_receiving,
    )
    def pause(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        switching.pause_endpoint(record, now=timezone.now(), actor=self.actor(request))
        return _("The webhook is paused.")

    @record_action(
        label=gettext_lazy("Resume"),
        icon="play_arrow",
        question=gettext_lazy("What waits goes out now, in order."),
        when=lambda endpoint: endpoint.paused_at is not None,
        primary=True,
    )
    def resume(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        switching.resume_endpoint(record, actor=self.actor(request))
        return _("The webhook is sent to again.")

    @record_action(
        label=gettext_lazy("Enable"),
        icon="power_settings_new",
        question=gettext_lazy("What is pending is sent, and what happens from now on."),
        form_class=MissedForm,
        when=lambda endpoint: not endpoint.active,
        primary=True,
    )
    def enable(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        self._enable(request, record, data)
        return _("The webhook is on.")

    @record_action(
        label=gettext_lazy("What it missed"),
        icon="unarchive",
        question=gettext_lazy("It was switched on again; what happened before was not sent."),
        form_class=MissedForm,
        when=lambda endpoint: endpoint.active and endpoint.missed_from is not None,
        primary=True,
    )
    def make_up(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        self._enable(request, record, data)
        if data["missed"] == SEND:
            return _("What it missed is on its way.")
        return _("What it missed is left out.")

    def _enable(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> None:
        replay = data.get("missed") == SEND
        now, actor = timezone.now(), self.actor(request)
        switching.enable_endpoint(record, replay=replay, now=now, actor=actor)

    @record_action(
        label=gettext_lazy("Disable"),
        icon="power_off",
        question=gettext_lazy(
            "Nothing is sent until it is enabled again; then you are asked whether to send what "
            "happened meanwhile. To stop for a while only, pause it instead."
        ),
        when=lambda endpoint: endpoint.active,
    )
    def disable(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        switching.disable_endpoint(record, now=timezone.now(), actor=self.actor(request))
        return _("The webhook is off.")

    @record_action(
        label=gettext_lazy("New secret"),
        icon="key",
        question=gettext_lazy(
            "For 24 hours the present secret signs too, so that the receiver can change over."
        ),
    )
    def rotate_secret(
        self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]
    ) -> HttpResponse:
        rotated = endpoints.rotate_secret(record, now=timezone.now(), actor=self.actor(request))
        return self.show_secret(request, rotated)

    def show_secret(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        """The only page with the secret, right after it was made."""
        return secret_page(
            request,
            self,
            endpoint,
            title=_("Its signing secret"),
            secrets=[(_("Signing secret"), endpoint.secret)],
        )
