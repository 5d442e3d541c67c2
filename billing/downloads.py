"""Handing out documents as files, the same to programs and to staff: PDFs that a browser shows,
and e-invoices to save."""

from typing import Any

from django.http import HttpResponse

from billing.einvoice.files import (
    Document,
    factur_x_name,
    factur_x_pdf,
    ubl_name,
    ubl_xml,
)
from billing.models import CreditNote, Invoice, Quote, Receipt
from billing.pdf import printing
from billing.statements import Statement
from bizsuite.api.files import PdfNegotiation, XmlNegotiation, file_response
from bizsuite.identity.models import Organisation


def invoice_response(request: Any, invoice: Invoice, *, seller: Organisation) -> HttpResponse:
    return _shown(
        request, printing.invoice_pdf(invoice, seller=seller), name=printing.pdf_name(invoice)
    )


def quote_response(request: Any, quote: Quote, *, seller: Organisation) -> HttpResponse:
    return _shown(request, printing.quote_pdf(quote, seller=seller), name=printing.pdf_name(quote))


def credit_note_response(request: Any, note: CreditNote, *, seller: Organisation) -> HttpResponse:
    return _shown(
        request, printing.credit_note_pdf(note, seller=seller), name=printing.pdf_name(note)
    )


def statement_response(request: Any, statement: Statement, *, seller: Organisation) -> HttpResponse:
    return _shown(
        request,
        printing.statement_pdf(statement, seller=seller),
        name=printing.statement_pdf_name(statement),
    )


def factur_x_response(request: Any, document: Document, *, seller: Organisation) -> HttpResponse:
    """The PDF that is an e-invoice, to save. Raises NoEInvoice and EInvoiceIncomplete."""
    return file_response(
        request,
        factur_x_pdf(document, seller=seller),
        media_type=PdfNegotiation.media_type,
        name=factur_x_name(document),
    )


def ubl_response(request: Any, document: Document, *, seller: Organisation) -> HttpResponse:
    """The e-invoice in UBL, to save. Raises NoEInvoice and EInvoiceIncomplete."""
    return file_response(
        request,
        ubl_xml(document, seller=seller),
        media_type=XmlNegotiation.media_type,
        name=ubl_name(document),
    )


def _shown(request: Any, pdf: bytes, *, name: str) -> HttpResponse:
    return file_response(request, pdf, media_type=PdfNegotiation.media_type, name=name, inline=True)


def receipt_file_response(request: Any, receipt: Receipt) -> HttpResponse:
    """What somebody attached: to save, and never shown as a part of this product."""
    response = file_response(
        request,
        bytes(receipt.content),
        media_type=receipt.content_type,
        name=receipt.name,
    )
    response["Cache-Control"] = "private, no-store"
    return response
