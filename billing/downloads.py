"""Handing out printed documents, the same to programs and to staff."""

from typing import Any

from django.http import HttpResponse

from billing.models import Invoice
from billing.pdf.printing import invoice_pdf, pdf_name
from bizsuite.api.files import PdfNegotiation, file_response
from bizsuite.identity.models import Organisation


def invoice_response(request: Any, invoice: Invoice, *, seller: Organisation) -> HttpResponse:
    """The invoice as a PDF that a browser shows in place."""
    return file_response(
        request,
        invoice_pdf(invoice, seller=seller),
        media_type=PdfNegotiation.media_type,
        name=pdf_name(invoice),
        inline=True,
    )
