"""Invoices and credit notes as e-invoices."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action

from billing.downloads import factur_x_response, ubl_response
from bizsuite.api.files import PdfNegotiation, XmlNegotiation
from bizsuite.identity.models import organisation


class EInvoiceMixin:
    """Adds the two forms in which a document goes to other programs."""

    get_object: Any

    @extend_schema(responses={(200, PdfNegotiation.media_type): OpenApiTypes.BINARY})
    @action(
        detail=True,
        methods=["get"],
        url_path="factur-x",
        content_negotiation_class=PdfNegotiation,
        may_refuse_reading=True,
    )
    def factur_x(self, request: Any, pk: str) -> HttpResponse:
        """The PDF that is an e-invoice too: Factur-X (ZUGFeRD), by EN 16931.

        409 for what is not issued, and where something is missing; `errors` then says what.
        """
        return factur_x_response(request, self.get_object(), seller=organisation())

    @extend_schema(responses={(200, XmlNegotiation.media_type): OpenApiTypes.BINARY})
    @action(
        detail=True,
        methods=["get"],
        content_negotiation_class=XmlNegotiation,
        may_refuse_reading=True,
    )
    def ubl(self, request: Any, pk: str) -> HttpResponse:
        """The e-invoice alone, in UBL 2.1, by EN 16931.

        409 for what is not issued, and where something is missing; `errors` then says what.
        """
        return ubl_response(request, self.get_object(), seller=organisation())
