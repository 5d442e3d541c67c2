from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import FieldTextFilter
from unfold.widgets import UnfoldAdminTextareaWidget

from bizsuite.backoffice.display import badge, moment, pretty_json
from bizsuite.backoffice.history import SOURCES
from bizsuite.backoffice.record_actions import ActionForm, record_action
from bizsuite.backoffice.resource_admin import ReadOnlyAdmin
from bizsuite.events.erasing import ERASED, REASON_LENGTH, erase_events
from bizsuite.events.heads import current_head
from bizsuite.events.models import Event
from bizsuite.events.registry import event_types
from bizsuite.exact_json import decode


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


class ErasureForm(ActionForm):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=REASON_LENGTH,
        help_text=gettext_lazy("Kept for ever, so name nobody. Such as: asked to be forgotten."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


def _has_data(event: Event) -> bool:
    return event.erased_by is None and event.type != ERASED


@admin.register(Event)
class AuditAdmin(ReadOnlyAdmin):
    """Everything that anybody did, with the record as it was then."""

    resource = "audit"
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
    list_before_template = "team/chain.html"
    record_actions = ("erase",)
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
        head = current_head()
        context = {
            "page_title": _("Audit log"),
            "head": head,
            "head_count": f"{head.events:,}",
        }
        return super().changelist_view(request, {**context, **(extra_context or {})})

    @admin.display(description=gettext_lazy("when"), ordering="id")
    def occurred(self, event: Event) -> str:
        return moment(event.occurred_at)

    @admin.display(description=gettext_lazy("event"), ordering="type")
    def kind(self, event: Event) -> SafeString:
        tone = (
            "danger"
            if event.type.endswith((".deleted", ".voided", ".revoked", ".erased"))
            else "info"
        )
        return badge(event.type, tone)

    @admin.display(description=gettext_lazy("record"))
    def record(self, event: Event) -> str:
        of = event.resource
        if event.type == ERASED:  # it is about the record whose data is gone
            of = decode(event.payload.encode()).get("resource", of)
        return f"{of.replace('_', ' ')} {event.object_id}"

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
        if event.erased_by is None:
            return pretty_json(event.payload)
        return format_html(
            '{} <a href="{}">{}</a>',
            _("Erased."),
            self.url_of(Event(pk=event.erased_by)),
            _("By whom and why"),
        )

    @record_action(
        label=gettext_lazy("Erase this record's data"),
        icon="ink_eraser",
        question=gettext_lazy(
            "For good, in every event of this record: here, in its history and in messages that "
            "wait to be sent. That the events happened, when and by whom is kept, and proven as "
            "before. The record itself is not touched."
        ),
        form_class=ErasureForm,
        when=_has_data,
        danger=True,
    )
    def erase(self, request: HttpRequest, record: Event, data: dict[str, Any]) -> str:
        erasure = erase_events(
            record.resource, record.object_id, reason=data["reason"], actor=self.actor(request)
        )
        count = len(decode(erasure.payload.encode())["events"])
        text = ngettext(
            "The data of %(count)d event is erased.",
            "The data of %(count)d events is erased.",
            count,
        )
        return text % {"count": count}
