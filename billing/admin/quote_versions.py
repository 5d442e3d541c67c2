"""What customers had of a quote before it was revised, on the quote's page and on paper."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.downloads import quote_response
from billing.models import QuoteVersion
from billing.quote_versions import as_quote
from bizsuite.backoffice.display import day, moment, money
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.resource_admin import RelatedInline

VERSION_PDF = "billing_quote_version_pdf"


class VersionsInline(RelatedInline):
    model = QuoteVersion
    resource = "quotes"
    fields = ("shown_revision", "sent", "ends", "money_amount", "replaced", "paper")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = gettext_lazy("Earlier versions, as the customer has them")

    @admin.display(description=gettext_lazy("version"))
    def shown_revision(self, version: QuoteVersion) -> str:
        return str(version.revision)

    @admin.display(description=gettext_lazy("sent"))
    def sent(self, version: QuoteVersion) -> str:
        return moment(as_quote(version).sent_at)

    @admin.display(description=gettext_lazy("valid until"))
    def ends(self, version: QuoteVersion) -> str:
        return day(as_quote(version).valid_until)

    @admin.display(description=gettext_lazy("total"))
    def money_amount(self, version: QuoteVersion) -> SafeString | str:
        quote = as_quote(version)
        return money(quote.amount, quote.currency)

    @admin.display(description=gettext_lazy("revised"))
    def replaced(self, version: QuoteVersion) -> str:
        return moment(version.replaced_at)

    @admin.display(description=gettext_lazy("paper"))
    def paper(self, version: QuoteVersion) -> SafeString:
        url = reverse(f"admin:{VERSION_PDF}", args=[version.quote_id, version.revision])
        return format_html('<a href="{}" target="_blank">{}</a>', url, _("PDF"))


def answer_figures(quote: Any) -> list[tuple[Any, Any]]:
    """Which version it is, and who answered it on its page, from where."""
    figures: list[tuple[Any, Any]] = []
    if quote.revision > 1:
        figures.append((_("Version"), quote.revision))
    if quote.answered_by:
        said = {"name": quote.answered_by, "address": quote.answered_from or "–"}
        figures.append((_("Answered by"), _("%(name)s, from %(address)s") % said))
    return figures


class VersionsMixin:
    """For the page of quotes: its earlier versions in a table, each with its paper."""

    resource: str
    inlines: Any
    admin_site: Any

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[Any]:
        is_revised = obj is not None and obj.revision > 1
        return [*self.inlines, *((VersionsInline,) if is_revised else ())]

    def get_urls(self) -> list[URLPattern]:
        pdf = path(
            "<int:object_id>/versions/<int:revision>/pdf/",
            self.admin_site.admin_view(self.version_pdf_view),
            name=VERSION_PDF,
        )
        return [pdf, *super().get_urls()]  # type: ignore[misc]  # the admin class's

    def version_pdf_view(self, request: HttpRequest, object_id: int, revision: int) -> HttpResponse:
        if not may(request, "read", self.resource):
            raise PermissionDenied
        version = get_object_or_404(QuoteVersion, quote_id=object_id, revision=revision)
        return quote_response(request, as_quote(version), seller=organisation_of(request))
