"""The documents that are handed out, as PDFs, and what their files are called."""

import datetime

from billing.ages import ages_of_open
from billing.models import CreditNote, Invoice, Quote
from billing.parties import seller_of
from billing.pdf.documents import credit_note_words, invoice_words, quote_words
from billing.pdf.statements import statement_words
from billing.pdf.typesetting import Attachment, typeset
from billing.statements import Statement
from bizsuite.file_names import document_file_name
from bizsuite.identity.models import Organisation
from customers.models import Customer


def invoice_pdf(
    invoice: Invoice, *, seller: Organisation, attachment: Attachment | None = None
) -> bytes:
    """The invoice as a PDF, with both parties as they were when it was issued.

    seller: the organisation as it is now; where to pay is always today's.
    attachment: makes it a PDF/A-3b that holds this file.
    """
    words = invoice_words(invoice, seller=seller_of(invoice, today=seller))
    return typeset(words, logo=seller.logo, dated=invoice.updated_at, attachment=attachment)


def credit_note_pdf(
    note: CreditNote, *, seller: Organisation, attachment: Attachment | None = None
) -> bytes:
    """The credit note as a PDF; the rest as `invoice_pdf`."""
    words = credit_note_words(note, seller=seller_of(note, today=seller))
    return typeset(words, logo=seller.logo, dated=note.updated_at, attachment=attachment)


def quote_pdf(quote: Quote, *, seller: Organisation, today: datetime.date | None = None) -> bytes:
    """The quote as a PDF, with both parties as they were when it was sent.

    seller: the organisation as it is now, which is what a draft says.
    today: decides whether it has expired; the organisation's own day if none is given.
    """
    status = quote.status_on(today or seller.today())
    words = quote_words(quote, seller=seller_of(quote, today=seller), status=status)
    return typeset(words, logo=seller.logo, dated=quote.updated_at)


def statement_pdf(statement: Statement, *, seller: Organisation) -> bytes:
    """A customer's statement as a PDF: dated by its last day, since it is no record of its own."""
    customer = Customer.objects.get(pk=statement.customer_id)
    ages = ages_of_open(customer, today=statement.date_to, currency=statement.currency)
    words = statement_words(statement, customer=customer, ages=ages, seller=seller)
    return typeset(words, logo=seller.logo, dated=seller.start_of(statement.date_to))


def pdf_name(document: Invoice | Quote | CreditNote) -> str:
    """What the file is called."""
    return document_file_name(str(document), ".pdf")


def statement_pdf_name(statement: Statement) -> str:
    """Each currency of an account has a file of its own."""
    currency = f"-{statement.currency}" if len(statement.currencies) > 1 else ""
    return f"Statement-{statement.customer_id}{currency}-{statement.date_to}.pdf"
