"""E-invoices as files: a PDF with the data in it (Factur-X), and the data alone (UBL)."""

import copy

from billing.einvoice.cii import as_cii
from billing.einvoice.declaring import FILE_NAME, declared
from billing.einvoice.mapping import credit_note_terms, invoice_terms
from billing.einvoice.missing import require_complete
from billing.einvoice.terms import EInvoice
from billing.einvoice.ubl import as_ubl
from billing.models import CreditNote, Invoice
from billing.models.invoices import InvoiceStatus
from billing.parties import seller_of
from billing.pdf.printing import credit_note_pdf, invoice_pdf
from billing.pdf.typesetting import Attachment
from bizsuite.errors import Conflict
from bizsuite.file_names import document_file_name
from bizsuite.identity.models import Organisation

Document = Invoice | CreditNote


class NoEInvoice(Conflict):
    code = "einvoice_not_issued"


def factur_x_pdf(document: Document, *, seller: Organisation) -> bytes:
    """The document as a PDF/A-3 with its data in it: Factur-X 1.0, in the profile EN 16931.

    Pages and data say the same: what was owed when it was issued, whatever was paid since.
    seller: the organisation as it is now. Raises NoEInvoice and EInvoiceIncomplete.
    """
    attachment = Attachment(
        name=FILE_NAME,
        description=f"{document} by EN 16931, for programs to read",
        content=cii_xml(document, seller=seller),
    )
    if isinstance(document, CreditNote):
        return declared(credit_note_pdf(document, seller=seller, attachment=attachment))
    return declared(invoice_pdf(_as_issued(document), seller=seller, attachment=attachment))


def ubl_xml(document: Document, *, seller: Organisation) -> bytes:
    """The document as UBL 2.1 by EN 16931, as it was issued: what was paid since is not in it.

    seller: the organisation as it is now. Raises NoEInvoice and EInvoiceIncomplete.
    """
    return as_ubl(e_invoice(document, seller=seller))


def cii_xml(document: Document, *, seller: Organisation) -> bytes:
    """Likewise in the syntax that Factur-X has in its PDFs."""
    return as_cii(e_invoice(document, seller=seller))


def factur_x_name(document: Document) -> str:
    """What the file is called."""
    return document_file_name(str(document), "-factur-x.pdf")


def ubl_name(document: Document) -> str:
    return document_file_name(str(document), "-ubl.xml")


def e_invoice(document: Document, *, seller: Organisation) -> EInvoice:
    """What the document says in the terms of EN 16931, complete."""
    issuer = seller_of(document, today=seller)
    if isinstance(document, CreditNote):
        invoice = credit_note_terms(document, seller=issuer)
    else:
        _require_issued(document)
        invoice = invoice_terms(document, seller=issuer)
    require_complete(invoice, written_country=document.customer_details["country"])
    return invoice


def _as_issued(invoice: Invoice) -> Invoice:
    """The invoice before anything was paid on it; never to be saved."""
    issued = copy.copy(invoice)
    issued.paid = issued.credited = issued.written_off = invoice.amount - invoice.amount
    issued.balance = invoice.amount
    issued.status = issued.status_by_figures()
    issued.updated_at = invoice.issued_at or invoice.updated_at
    return issued


def _require_issued(invoice: Invoice) -> None:
    if invoice.status == InvoiceStatus.DRAFT:
        raise NoEInvoice("A draft is no e-invoice: issue it first.", allowed=["issue"])
    if invoice.status == InvoiceStatus.VOID:
        raise NoEInvoice(f"Invoice {invoice.number} is void, and so is no e-invoice.")
