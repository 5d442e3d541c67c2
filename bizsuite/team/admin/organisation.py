import zoneinfo
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelect2Widget

from bizsuite.backoffice.forms import RecordForm
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.identity.models import Organisation, organisation
from bizsuite.team.profile import update_organisation


class OrganisationForm(RecordForm):
    class Meta:
        labels: ClassVar[dict[str, Any]] = {
            "email": gettext_lazy("E-mail"),
            "payment_terms_days": gettext_lazy("Payment terms in days"),
            "closed_until": gettext_lazy("Books closed until"),
        }

    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=[(name, name) for name in sorted(zoneinfo.available_timezones())],
        widget=UnfoldAdminSelect2Widget,
        help_text=gettext_lazy("Days and months in reports, and times in these pages, are its."),
    )


@admin.register(Organisation)
class OrganisationAdmin(ResourceAdmin):
    """One page: the organisation's row is always there, and alone."""

    resource = "settings"
    searchable = False
    offers_add = False
    offers_delete = False
    form = OrganisationForm
    actions = ()

    fieldsets = (
        (None, {"fields": ("name", "address", "email", "tax_id")}),
        (
            gettext_lazy("Books"),
            {"fields": ("currency", "payment_terms_days", "closed_until")},
        ),
        (gettext_lazy("Mail to customers"), {"fields": ("reminders_enabled",)}),
        (gettext_lazy("Place"), {"fields": ("timezone",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Organisation | None = None) -> Any:
        return ("currency",) if obj and obj.currency_fixed else ()

    def get_fieldsets(self, request: HttpRequest, obj: Organisation | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not obj.currency_fixed:
            return fieldsets
        why = _("The currency is fixed since the first document: the books add up in one only.")
        return [
            (title, options | {"description": why} if "currency" in options["fields"] else options)
            for title, options in fieldsets
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect(self.url_of(organisation()))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context |= {"page_title": _("Settings"), "show_save_and_continue": False}
        response: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return response

    def response_change(self, request: HttpRequest, obj: Organisation) -> HttpResponse:
        self.message_user(request, _("The settings have been saved."))
        return redirect(self.url_of(obj))

    def update_record(
        self, request: HttpRequest, record: Organisation, changes: dict[str, Any]
    ) -> None:
        update_organisation(record, actor=self.actor(request), **changes)
