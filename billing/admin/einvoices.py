"""The page from which staff take an e-invoice, or read what it still lacks."""

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.enums import ActionVariant

from billing.downloads import factur_x_response, ubl_response
from billing.einvoice.files import Document, e_invoice
from billing.models.invoices import InvoiceStatus
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.errors import Conflict

Answer = Callable[..., HttpResponse]


class EInvoiceMixin:
    """For the pages of invoices and of credit notes. `model`, `resource`: see ModelAdmin."""

    model: Any
    opts: Any
    resource: str
    admin_site: Any

    def get_urls(self) -> list[URLPattern]:
        views = {"": self.e_invoice_view, "factur-x/": self.factur_x_view, "ubl/": self.ubl_view}
        own = [
            path(
                f"<int:object_id>/e-invoice/{address}",
                self.admin_site.admin_view(view),
                name=self._e_invoice_name(address),
            )
            for address, view in views.items()
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def offered_actions(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        offered: list[dict[str, Any]] = super().offered_actions(request, record)  # type: ignore[misc]
        if getattr(record, "status", None) in (InvoiceStatus.DRAFT, InvoiceStatus.VOID):
            return offered
        button = {
            "title": _("E-invoice"),
            "icon": "data_object",
            "variant": ActionVariant.DEFAULT,
            "attrs": {},
            "path": self._e_invoice_url("", record),
        }
        return [*offered, button]

    def e_invoice_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        record = self._readable(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("E-invoice"),
            "subtitle": str(record),
            "record": record,
            "record_url": self.url_of(record),  # type: ignore[attr-defined]
            "factur_x_url": self._e_invoice_url("factur-x/", record),
            "ubl_url": self._e_invoice_url("ubl/", record),
            **_refusal(request, record),
        }
        return TemplateResponse(request, "billing/e_invoice.html", context)

    def factur_x_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._file(request, object_id, factur_x_response)

    def ubl_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._file(request, object_id, ubl_response)

    def _file(self, request: HttpRequest, object_id: int, answer: Answer) -> HttpResponse:
        record = self._readable(request, object_id)
        try:
            return answer(request, record, seller=organisation_of(request))
        except Conflict:  # the page says why
            return self.e_invoice_view(request, object_id)

    def _readable(self, request: HttpRequest, object_id: int) -> Any:
        if not may(request, "read", self.resource):
            raise PermissionDenied
        return get_object_or_404(self.model, pk=object_id)

    def _e_invoice_name(self, address: str) -> str:
        return "_".join(
            filter(None, (self.opts.label_lower.replace(".", "_"), "einvoice", address.rstrip("/")))
        )

    def _e_invoice_url(self, address: str, record: Any) -> str:
        return reverse(f"admin:{self._e_invoice_name(address)}", args=[record.pk])


def _refusal(request: HttpRequest, record: Document) -> dict[str, Any]:
    """What keeps it from being one: nothing, or a sentence, or a list of what is missing."""
    try:
        e_invoice(record, seller=organisation_of(request))
    except Conflict as refusal:
        missing = [
            (text, *_place(request, path, record)) for path, text in (refusal.errors or {}).items()
        ]
        return {"refusal": refusal.message, "missing": missing}
    return {}


def _place(request: HttpRequest, path: str, record: Document) -> tuple[str, str]:
    """What leads to where it is entered, for those who may: a label and an address."""
    if path.startswith("seller.") and may(request, "write", "settings"):
        return _("Organisation's settings"), reverse("admin:identity_organisation_change", args=[1])
    if path.startswith("customer.") and may(request, "read", "customers"):
        url = reverse("admin:customers_customer_change", args=[record.customer_id])
        return str(record.customer), url
    return "", ""
