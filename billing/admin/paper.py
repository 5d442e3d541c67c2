"""A button on a record's page that shows it as it is printed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.enums import ActionVariant

from bizsuite.backoffice.permissions import may


class PaperMixin:
    """For admin classes of documents. `pdf_response(request, record)` hands out the file."""

    resource: str
    model: Any
    opts: Any
    admin_site: Any

    def pdf_response(self, request: HttpRequest, record: Any) -> HttpResponse:
        raise NotImplementedError(f"{type(self).__name__} prints nothing.")

    def get_urls(self) -> list[URLPattern]:
        pdf = path(
            "<int:object_id>/pdf/", self.admin_site.admin_view(self.pdf_view), name=self._pdf_name()
        )
        return [pdf, *super().get_urls()]  # type: ignore[misc]  # the admin class's

    def pdf_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        if not may(request, "read", self.resource):
            raise PermissionDenied
        return self.pdf_response(request, get_object_or_404(self.model, pk=object_id))

    def offered_actions(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        pdf = {
            "title": _("PDF"),
            "icon": "picture_as_pdf",
            "variant": ActionVariant.DEFAULT,
            "attrs": {"target": "_blank"},
            "path": reverse(f"admin:{self._pdf_name()}", args=[record.pk]),
        }
        return [*super().offered_actions(request, record), pdf]  # type: ignore[misc]

    def _pdf_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_pdf"
