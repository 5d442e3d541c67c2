"""The base of every page about a resource: rights, saving through actions, history, export."""

from functools import partial
from typing import Any, ClassVar

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from rest_framework.serializers import BaseSerializer
from unfold.admin import ModelAdmin, TabularInline
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextareaWidget

from bizsuite.backoffice import history
from bizsuite.backoffice.actors import actor_of
from bizsuite.backoffice.deleting import DeletesThroughActions
from bizsuite.backoffice.display import plain_number
from bizsuite.backoffice.export import csv_response
from bizsuite.backoffice.forms import ItemFormSet, RecordForm
from bizsuite.backoffice.permissions import RolePermissions
from bizsuite.backoffice.record_actions import RecordActionsMixin, within_reach
from bizsuite.backoffice.related import RelatedListsMixin
from bizsuite.backoffice.saving import SavesThroughActions
from bizsuite.identity.actors import Actor
from bizsuite.money import ExactDecimalField

EVENTS_PER_PAGE = 25


class ResourceAdmin(
    RolePermissions,
    SavesThroughActions,
    DeletesThroughActions,
    RecordActionsMixin,
    RelatedListsMixin,
    ModelAdmin,
):
    """Pages for one resource. A subclass names its `resource` (of the roles' table), says what
    they show, and translates each write into a call of an action.

    event_resource: how the record's events begin (`customer` of `customer.created`).
    serializer_class: the public shape, for the export; none, no export.
    searchable: whether the queryset has a `search()`. has_history: whether events tell of it.
    empty_text: what the list says while there is nothing, of what it is for.
    """

    event_resource: ClassVar[str] = ""
    serializer_class: ClassVar[type[BaseSerializer] | None] = None
    searchable: ClassVar[bool] = True
    has_history: ClassVar[bool] = True
    empty_text: ClassVar[Any] = ""

    form = RecordForm
    # Only a sign that there is a search: `get_search_results` does it.
    search_fields = ("pk",)
    formfield_overrides = {
        ExactDecimalField: {"widget": UnfoldAdminDecimalFieldWidget},
        models.TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 4})},
    }
    actions = ("delete_selected",)
    list_per_page = 50
    show_full_result_count = False
    list_filter_submit = True
    warn_unsaved_form = True
    change_form_before_template = "backoffice/version_field.html"
    change_form_outer_before_template = "backoffice/record_header.html"
    empty_value_display = "–"

    def __init__(self, model: Any, admin_site: Any) -> None:
        super().__init__(model, admin_site)
        self.event_resource = self.event_resource or self.opts.model_name
        # The theme would print 9.9500 and 20.0000 to those who may only look.
        self.readonly_preprocess_fields = {
            field.name: partial(plain_number, minimum_places=field.shown_places)
            for field in self.opts.fields
            if isinstance(field, ExactDecimalField)
        }

    def actor(self, request: HttpRequest) -> Actor:
        return actor_of(request)

    # ── Lists ────────────────────────────────────────────────────────────────────
    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        return self.search_fields if self.searchable else ()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        return (queryset.search(search_term) if search_term.strip() else queryset), False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        # An action's own page, such as the question before deleting, has no list to export.
        shows_list = isinstance(response, TemplateResponse) and "cl" in response.context_data
        if shows_list and self.serializer_class is not None:
            response.context_data["actions_list"] = [self._export_button(request)]
        return response

    def _export_button(self, request: HttpRequest) -> dict[str, Any]:
        url = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_export")
        query = request.GET.urlencode()
        return {
            "title": _("Export"),
            "icon": "download",
            "variant": ActionVariant.DEFAULT,
            "attrs": {"title": _("Download this list, as it is filtered, as CSV")},
            "path": f"{url}?{query}" if query else url,
        }

    def export_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request) or self.serializer_class is None:
            raise PermissionDenied
        try:
            queryset = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return redirect(self.list_url())
        name = str(self.opts.verbose_name_plural).replace(" ", "-")
        return csv_response(queryset, self.serializer_class, filename=f"{name}.csv")

    def get_urls(self) -> list[URLPattern]:
        export = path(
            "export/",
            self.admin_site.admin_view(self.export_view),
            name=f"{self.opts.app_label}_{self.opts.model_name}_export",
        )
        return [export, *super().get_urls()]

    # ── One record ───────────────────────────────────────────────────────────────
    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        record = kwargs.get("obj")
        context["show_history"] = self.has_history
        if record is not None:
            context["actions_detail"] = within_reach(self.offered_actions(request, record))
            context["summary"] = [
                *self.summary(request, record),
                *(pair for figures in self.announced_figures for pair in figures(request, record)),
            ]
            context["related_links"] = self.links_to_related(request, record)
        return super().render_change_form(request, context, *args, **kwargs)

    def summary(self, request: HttpRequest, record: Any) -> list[tuple[Any, Any]]:
        """What a person wants to know first: a few labels with their values."""
        return []

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self.get_object(request, unquote(object_id))
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        events = Paginator(history.events_of(self.event_resource, record.pk), EVENTS_PER_PAGE)
        page = events.get_page(request.GET.get("page"))
        return TemplateResponse(
            request,
            "backoffice/history.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "original": record,
                "title": _("History"),
                "subtitle": str(record),
                "page": page,
                "entries": history.entries(list(page.object_list), labels=self._labels()),
                "back_url": self.url_of(record),
                "media": self.media,
            },
        )

    def _labels(self) -> dict[str, str]:
        """What the record's fields are called on its page."""
        return {field.name: str(field.verbose_name) for field in self.opts.fields}


class ReadOnlyAdmin(ResourceAdmin):
    """Pages that only show: what others write."""

    offers_add = False
    offers_change = False
    offers_delete = False
    actions = ()
    warn_unsaved_form = False


class ItemInline(RolePermissions, TabularInline):
    """The items of a record, which go to its action as one list."""

    formset = ItemFormSet
    formfield_overrides = ResourceAdmin.formfield_overrides
    extra = 1
    hide_title = True


class RelatedInline(RolePermissions, TabularInline):
    """Records that refer to this one, to look at; each links to its own page."""

    offers_add = False
    offers_change = False
    offers_delete = False
    extra = 0
    show_change_link = True
    hide_title = True
