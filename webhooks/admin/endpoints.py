from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminSplitDateTimeWidget

from bizsuite.backoffice.display import badge, moment
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.record_actions import ActionForm, record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.backoffice.secrets import secret_page
from bizsuite.errors import Invalid
from webhooks import endpoints, replaying
from webhooks.addresses import resolve_host
from webhooks.admin.patterns import EVERYTHING, PatternsField
from webhooks.destinations import refused_destination
from webhooks.models import WebhookEndpoint
from webhooks.serializers import EndpointSerializer

SHOWN_EVENTS = 3


class EndpointForm(MetadataForm):
    events = PatternsField(label=gettext_lazy("Events"))


class ReplayForm(ActionForm):
    since = forms.SplitDateTimeField(
        label=gettext_lazy("Since"), widget=UnfoldAdminSplitDateTimeWidget
    )


@admin.register(WebhookEndpoint)
class EndpointAdmin(MetadataMixin, ResourceAdmin):
    """Where our events are sent."""

    resource = "webhooks"
    event_resource = "webhook"
    serializer_class = EndpointSerializer
    form = EndpointForm
    resolve = staticmethod(resolve_host)
    delete_question = gettext_lazy(
        "Its deliveries go with it; what is pending is not sent any more. To keep them, switch it "
        "off instead."
    )

    list_display = ("url", "wanted", "state_badge", "created")
    list_filter = ("active",)
    record_actions = ("send_test", "replay", "rotate_secret")
    fieldsets = (
        (None, {"fields": ("url", "active", "events")}),
        FOR_OTHER_SYSTEMS,
    )
    add_fieldsets = (
        (None, {"fields": ("url", "events")}),
        FOR_OTHER_SYSTEMS,
    )

    # ── What is shown ────────────────────────────────────────────────────────────
    @admin.display(description=gettext_lazy("events"))
    def wanted(self, endpoint: WebhookEndpoint) -> str:
        if EVERYTHING in endpoint.events:
            return _("Everything")
        shown = ", ".join(endpoint.events[:SHOWN_EVENTS])
        more = len(endpoint.events) - SHOWN_EVENTS
        return f"{shown} +{more}" if more > 0 else shown

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, endpoint: WebhookEndpoint) -> SafeString:
        if not endpoint.active:
            return badge(endpoint.get_disabled_reason_display(), "quiet")
        if endpoint.failing_since is not None:
            return badge(_("Failing"), "danger")
        return badge(_("Active"), "success")

    @admin.display(description=gettext_lazy("added"), ordering="created_at")
    def created(self, endpoint: WebhookEndpoint) -> str:
        return moment(endpoint.created_at)

    def summary(self, request: HttpRequest, record: WebhookEndpoint) -> list[tuple[Any, Any]]:
        figures = [(_("Status"), self.state_badge(record)), (_("Added"), self.created(record))]
        if record.disabled_at is not None:
            figures.append((_("Switched off"), moment(record.disabled_at)))
        if record.failing_since is not None:
            figures.append((_("Failing since"), moment(record.failing_since)))
        return figures

    # ── Saving ───────────────────────────────────────────────────────────────────
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Ask where the URL leads before the transaction opens."""
        if request.method == "POST" and self.has_add_permission(request):
            refusal = refused_destination(request.POST.get("url", ""), self.resolve)
            if refusal is not None:
                request.refusal = Invalid({"url": refusal})
        return super().changeform_view(request, object_id, form_url, extra_context)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> WebhookEndpoint:
        return endpoints.create_endpoint(actor=self.actor(request), **data)

    def update_record(
        self, request: HttpRequest, record: WebhookEndpoint, changes: dict[str, Any]
    ) -> None:
        endpoints.update_endpoint(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: WebhookEndpoint) -> bool:
        endpoints.delete_endpoint(record, actor=self.actor(request))
        return True

    def response_add(
        self, request: HttpRequest, obj: WebhookEndpoint, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._show_secret(request, obj)

    def _show_secret(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        return secret_page(
            request,
            self,
            endpoint,
            title=_("Its signing secret"),
            secrets=[(_("Signing secret"), endpoint.secret)],
        )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One button when adding: after saving comes the page with the secret."""
        if kwargs.get("obj") is None:
            context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        return super().render_change_form(request, context, *args, **kwargs)

    # ── Buttons ──────────────────────────────────────────────────────────────────
    @record_action(
        label=gettext_lazy("Send test"),
        icon="send",
        question=gettext_lazy("One signed webhook.tested message, sent once and without retries."),
        when=lambda endpoint: endpoint.active,
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
        when=lambda endpoint: endpoint.active,
    )
    def replay(self, request: HttpRequest, record: WebhookEndpoint, data: dict[str, Any]) -> str:
        queued = replaying.replay_deliveries(
            record, since=data["since"], now=timezone.now(), actor=self.actor(request)
        )
        text = ngettext("%(count)d message queued.", "%(count)d messages queued.", queued)
        return text % {"count": queued}

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
        return self._show_secret(request, rotated)


EndpointAdmin.announce(
    RelatedList(
        gettext_lazy("Deliveries"),
        "local_shipping",
        "webhooks",
        "webhooks_delivery_changelist",
        "endpoint__id__exact",
    )
)
