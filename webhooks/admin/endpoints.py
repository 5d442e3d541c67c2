from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.views import ChangeList

from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.errors import Invalid
from webhooks import endpoints
from webhooks.addresses import resolve_host
from webhooks.admin.buttons import EndpointButtons
from webhooks.admin.charts import sparkline
from webhooks.admin.display import address, duration, endpoint_badge, success_rate
from webhooks.admin.filters import StateFilter
from webhooks.admin.notices import notices_of
from webhooks.admin.patterns import EVERYTHING, PatternsField
from webhooks.admin.statistics import ChangeListWithStatistics, chart_of, figures_of
from webhooks.destinations import refused_destination
from webhooks.models import WebhookEndpoint
from webhooks.serializers import EndpointSerializer
from webhooks.statistics import statistics_of

SHOWN_EVENTS = 3


class EndpointForm(MetadataForm):
    events = PatternsField(label=gettext_lazy("Events"))


@admin.register(WebhookEndpoint)
class EndpointAdmin(EndpointButtons, MetadataMixin, ResourceAdmin):
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

    list_display = (
        "where",
        "wanted",
        "state_badge",
        "count_success",
        "count_latency",
        "count_pending",
        "day",
    )
    list_filter = (StateFilter,)
    search_help_text = gettext_lazy("Words of the URL")
    empty_text = gettext_lazy(
        "A webhook tells another program, within seconds, what happens here: a shop that an "
        "invoice was paid, a chat that a ticket was opened."
    )
    change_form_outer_before_template = "webhooks/endpoint.html"
    fieldsets = (
        (None, {"fields": ("url", "events")}),
        FOR_OTHER_SYSTEMS,
    )

    class Media:
        css = {"all": ("webhooks/webhooks.css",)}

    # ── The list ─────────────────────────────────────────────────────────────────
    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeListWithStatistics

    @admin.display(description=gettext_lazy("webhook"), ordering="url")
    def where(self, endpoint: WebhookEndpoint) -> SafeString:
        return address(endpoint.url)

    @admin.display(description=gettext_lazy("events"))
    def wanted(self, endpoint: WebhookEndpoint) -> str:
        if EVERYTHING in endpoint.events:
            return _("Everything")
        shown = ", ".join(endpoint.events[:SHOWN_EVENTS])
        more = len(endpoint.events) - SHOWN_EVENTS
        return f"{shown} +{more}" if more > 0 else shown

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, endpoint: WebhookEndpoint) -> SafeString:
        return endpoint_badge(endpoint)

    @admin.display(description=gettext_lazy("succeeded"))
    def count_success(self, endpoint: Any) -> SafeString | str:
        return success_rate(endpoint.statistics.last_24_hours)

    @admin.display(description=gettext_lazy("95 % within"))
    def count_latency(self, endpoint: Any) -> str:
        return duration(endpoint.statistics.last_24_hours.p95_ms)

    @admin.display(description=gettext_lazy("pending"))
    def count_pending(self, endpoint: Any) -> int:
        pending: int = endpoint.statistics.queue.pending
        return pending

    @admin.display(description=gettext_lazy("last 24 hours"))
    def day(self, endpoint: Any) -> SafeString:
        return sparkline(endpoint.statistics.hours)

    # ── One webhook ──────────────────────────────────────────────────────────────
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With how it fares. When adding, one button: after saving comes the page with the secret."""
        endpoint, now = kwargs.get("obj"), timezone.now()
        if endpoint is None:
            context |= {"show_save_and_add_another": False, "show_save_and_continue": False}
        else:
            endpoint.statistics = statistics_of([endpoint.pk], now=now)[endpoint.pk]
            context["chart"] = chart_of(endpoint.statistics)
            context["notices"] = list(notices_of(endpoint, endpoint.statistics.queue, now=now))
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def summary(self, request: HttpRequest, record: Any) -> list[tuple[Any, Any]]:
        figures = figures_of(record, record.statistics, now=timezone.now())
        return [(_("Status"), endpoint_badge(record)), *figures]

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
        return self.show_secret(request, obj)


EndpointAdmin.announce(
    RelatedList(
        gettext_lazy("Deliveries"),
        "local_shipping",
        "webhooks",
        "webhooks_delivery_changelist",
        "endpoint__id__exact",
    )
)
