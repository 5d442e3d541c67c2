from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import FieldTextFilter

from bizsuite.backoffice.display import badge, moment, pretty_json
from bizsuite.backoffice.history import SOURCES
from bizsuite.backoffice.resource_admin import ReadOnlyAdmin
from bizsuite.events.models import Event
from bizsuite.events.registry import event_types


class TypeFilter(admin.SimpleListFilter):
    title = gettext_lazy("event")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(event_type.name, event_type.name) for event_type in event_types()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(type=self.value()) if self.value() else queryset


class SourceFilter(admin.SimpleListFilter):
    title = gettext_lazy("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(SOURCES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Event]) -> QuerySet[Event]:
        return queryset.filter(source=self.value()) if self.value() else queryset


@admin.register(Event)
class AuditAdmin(ReadOnlyAdmin):
    """Everything that anybody did, with the record as it was then."""

    resource = "events"
    has_history = False

    list_display = ("occurred", "kind", "record", "by", "via", "request_name")
    list_display_links = ("occurred",)
    list_filter = (
        TypeFilter,
        SourceFilter,
        ("actor_name", FieldTextFilter),
        ("request_id", FieldTextFilter),
    )
    ordering = ("-id",)
    date_hierarchy = "occurred_at"
    search_help_text = gettext_lazy("Event, person, or such as invoice 17")
    fieldsets = (
        (None, {"fields": ("occurred", "kind", "record", "version")}),
        (
            gettext_lazy("By whom"),
            {"fields": ("by", "via", "request_name", "depth")},
        ),
        (gettext_lazy("The record as it was then"), {"fields": ("data",)}),
        (
            gettext_lazy("Proof"),
            {"fields": ("sequence", "payload_sha256", "chain_sha256"), "classes": ("collapse",)},
        ),
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        """`invoice 17` finds that invoice's events; anything else a kind, a person, a request."""
        resource, _space, number = search_term.strip().casefold().rpartition(" ")
        if resource and number.isascii() and number.isdigit() and len(number) < 19:
            name = resource.replace(" ", "_")
            return queryset.filter(resource=name, object_id=int(number)), False
        for word in search_term.split():
            queryset = (
                queryset.filter(type__icontains=word)
                | queryset.filter(actor_name__icontains=word)
                | queryset.filter(request_id=word)
            )
        return queryset, False

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["page_title"] = _("Audit log")
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        title = {"page_title": _("Audit log")}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    @admin.display(description=gettext_lazy("when"), ordering="id")
    def occurred(self, event: Event) -> str:
        return moment(event.occurred_at)

    @admin.display(description=gettext_lazy("event"), ordering="type")
    def kind(self, event: Event) -> SafeString:
        tone = "danger" if event.type.endswith((".deleted", ".voided", ".revoked")) else "info"
        return badge(event.type, tone)

    @admin.display(description=gettext_lazy("record"))
    def record(self, event: Event) -> str:
        return f"{event.resource.replace('_', ' ')} {event.object_id}"

    @admin.display(description=gettext_lazy("source"))
    def via(self, event: Event) -> str:
        return str(SOURCES.get(event.source, event.source))

    @admin.display(description=gettext_lazy("by"), ordering="actor_name")
    def by(self, event: Event) -> str:
        return event.actor_name

    @admin.display(description=gettext_lazy("request"))
    def request_name(self, event: Event) -> str:
        return event.request_id or "–"

    @admin.display(description=gettext_lazy("its version"))
    def version(self, event: Event) -> int:
        return event.object_version

    @admin.display(description=gettext_lazy("caused by a webhook"))
    def depth(self, event: Event) -> str:
        if not event.causation_depth:
            return _("no")
        return _("yes, in step %(depth)d") % {"depth": event.causation_depth}

    @admin.display(description=gettext_lazy("data"))
    def data(self, event: Event) -> SafeString:
        return pretty_json(event.payload)
