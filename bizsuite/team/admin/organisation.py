import zoneinfo
from base64 import b64encode
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelect2Widget

from bizsuite.backoffice.forms import RecordForm
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.identity.contact_details import country_names
from bizsuite.identity.models import Logo, Organisation, organisation
from bizsuite.team.profile import update_organisation


def _countries() -> list[tuple[str, str]]:
    return [("", "–"), *country_names().items()]


class LogoInput(UnfoldAdminFileFieldWidget):
    """Shows the logo that there is, and takes another or none."""

    template_name = "team/logo_input.html"

    def is_initial(self, value: Any) -> bool:
        return isinstance(value, Logo)

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        if isinstance(value, Logo):
            context["widget"]["picture"] = b64encode(value.png).decode()
        return context


class OrganisationForm(RecordForm):
    class Meta:
        labels: ClassVar[dict[str, Any]] = {
            "name": gettext_lazy("Name"),
            "email": gettext_lazy("E-mail"),
            "payment_terms_days": gettext_lazy("Payment terms in days"),
            "closed_until": gettext_lazy("Books closed until"),
        }

    country = forms.ChoiceField(
        label=gettext_lazy("Country"),
        required=False,
        choices=_countries,
        widget=UnfoldAdminSelect2Widget,
    )
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        required=False,
        widget=LogoInput(attrs={"accept": "image/png,image/jpeg,image/svg+xml"}),
        help_text=gettext_lazy(
            "PNG, JPEG or SVG, 2 MB at most; a transparent or white background prints best."
        ),
    )
    timezone = forms.ChoiceField(
        label=gettext_lazy("Time zone"),
        choices=[(name, name) for name in sorted(zoneinfo.available_timezones())],
        widget=UnfoldAdminSelect2Widget,
        help_text=gettext_lazy("Days and months in reports, and times in these pages, are its."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["logo"] = self.instance.logo

    def clean_logo(self) -> Any:
        """Its bytes; None where it is to be removed."""
        logo = self.cleaned_data["logo"]
        if not isinstance(logo, UploadedFile):
            return None
        logo.seek(0)  # the page may be made a second time
        return logo.read()


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
        (None, {"fields": ("name", "logo", ("tax_id", "registration_number"))}),
        (
            gettext_lazy("Address"),
            {
                "fields": (
                    "street",
                    ("zip", "city"),
                    ("state", "country"),
                    "address",
                )
            },
        ),
        (gettext_lazy("Contact"), {"fields": (("email", "phone"), "website")}),
        (
            gettext_lazy("Getting paid"),
            {
                "fields": (
                    "payment_terms_days",
                    "bank_account",
                    ("bank_name", "bic"),
                    "payment_instructions",
                ),
                "description": gettext_lazy("Printed on what customers are to pay."),
            },
        ),
        (gettext_lazy("On paper"), {"fields": ("footer",)}),
        (
            gettext_lazy("Books"),
            {
                "fields": (
                    "currency",
                    ("closed_until", "fiscal_year_start_month"),
                    "numbers_follow_dates",
                )
            },
        ),
        (gettext_lazy("Mail to customers"), {"fields": ("reminders_enabled", "reminders_from")}),
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
