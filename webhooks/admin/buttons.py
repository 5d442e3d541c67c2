"""The buttons of a webhook's page: trying it, sending again, pausing, switching it, its secret."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from bizsuite.backoffice.record_actions import ActionForm, record_action
from bizsuite.backoffice.secrets import secret_page
from webhooks import endpoints, replaying
from webhooks.models import WebhookEndpoint


class ReplayForm(ActionForm):
    since = forms.SplitDateTimeField(
        label=gettext_lazy("Since"), widget=UnfoldAdminSplitDateTimeWidget
    )


def is_on(endpoint: WebhookEndpoint) -> bool:
    return endpoint.active


def is_off(endpoint: WebhookEndpoint) -> bool:
    return not endpoint.active


class EndpointButtons:
    """Mixed into the webhooks' admin class."""

    record_actions = ("enable", "send_test", "replay", "rotate_secret", "disable")

    actor: Any
    message_user: Any

    @record_action(
        label=gettext_lazy("Send test"),
        icon="send",
        question=gettext_lazy("One signed webhook.tested message, sent once and without retries."),
        when=is_on,
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
        when=is_on,
    )
    def replay(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        queued = replaying.replay_deliveries(
            record, since=data["since"], now=timezone.now(), actor=self.actor(request)
        )
        text = ngettext("%(count)d message queued.", "%(count)d messages queued.", queued)
        return text % {"count": queued}

    @record_action(
        label=gettext_lazy("Enable"),
        icon="power_settings_new",
        question=gettext_lazy("What is pending is sent, and what happens from now on."),
        when=is_off,
        primary=True,
    )
    def enable(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        endpoints.update_endpoint(record, active=True, actor=self.actor(request))
        return _("The webhook is on.")

    @record_action(
        label=gettext_lazy("Disable"),
        icon="power_settings_new",
        question=gettext_lazy("Nothing is sent until it is enabled again."),
        when=is_on,
    )
    def disable(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        endpoints.update_endpoint(record, active=False, actor=self.actor(request))
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
