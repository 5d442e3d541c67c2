"""Mailing a document to its customer: an invoice, a quote, a credit note, a payment's receipt."""

import copy
import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import transaction

from billing.einvoice.files import NoEInvoice, factur_x_pdf
from billing.einvoice.missing import EInvoiceIncomplete
from billing.invoices import allowed_moves, locked
from billing.mailing.letters import Letter, Paper, page_of, queue_letter
from billing.mailing.placeholders import filled, without_placeholders
from billing.mailing.texts import Text, require_known_placeholders, template_of, text_of
from billing.mailing.words import (
    credit_note_words,
    invoice_words,
    link_words,
    quote_words,
    receipt_words,
)
from billing.models import CreditNote, Invoice, Payment, Quote
from billing.models.invoices import InvoiceStatus
from billing.models.mailing import MailKind
from billing.models.quotes import QuoteStatus
from billing.payments import require_standing
from billing.pdf.printing import credit_note_pdf, invoice_pdf, pdf_name, quote_pdf
from billing.quote_states import changed as quote_changed
from billing.quote_states import locked as locked_quote
from billing.quote_states import require_move
from billing.quotes import send_quote
from billing.serializers import CreditNoteSerializer, InvoiceSerializer, PaymentSerializer
from bizsuite.errors import Conflict, Invalid
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import Organisation, organisation
from bizsuite.records import lock

Mailable = Invoice | Quote | CreditNote | Payment
Held = TypeVar("Held", CreditNote, Payment)
# In the queue: what a mail is about.
RESOURCES: dict[type, str] = {
    Invoice: "invoice",
    Quote: "quote",
    CreditNote: "credit_note",
    Payment: "payment",
}


class NotMailable(Conflict):
    code = "not_mailable"


@dataclass(frozen=True, slots=True)
class Way:
    """How one kind of document is mailed.

    held: reads it again and holds it. require_mailable: raises a Conflict where its state forbids
    it. said: writes down that it is mailed, and returns it as it is then. paper: what is
    attached, if anything.
    """

    kind: MailKind
    held: Callable[[Any], Any]
    require_mailable: Callable[[Any, datetime.date], None]
    words: Callable[[Any, Organisation], dict[str, str]]
    said: Callable[[Any, Actor, datetime.datetime, datetime.date], Any]
    paper: Callable[[Any, Organisation], Paper] | None = None


@transaction.atomic
def mail_document(
    document: Mailable,
    *,
    actor: Actor,
    now: datetime.datetime,
    to: str = "",
    cc: Sequence[str] = (),
    subject: str = "",
    message: str = "",
    paper: Paper | None = None,
) -> Any:
    """Queue a mail with the document for its customer, and say so; returns the document.

    to: the customer's address if empty (of an invoice first its own). cc: who else gets it, each
    in a mail of their own. subject, message: the template's if empty; they may have its
    placeholders. paper: from `paper_of`, before the transaction; made here if there is none or
    the document has changed since.

    Raises NotMailable (or the document's own Conflict) where its state forbids it, and Invalid
    where there is no address or a text has an unknown placeholder.
    """
    way, profile = _WAYS[type(document)], organisation()
    document, today = way.held(document), profile.today(now)
    way.require_mailable(document, today)
    address = to or address_of(document)
    if not address:
        raise Invalid({"to": _no_address(document)})
    require_known_placeholders(way.kind, subject=subject, message=message)
    papers = papers_of(document, paper, seller=profile)
    document = way.said(document, actor, now, today)
    link = ""
    if isinstance(document, Invoice | Quote):
        link = page_of(document, actor=actor, now=now)
    template = text_of(template_of(way.kind))
    letter = Letter(
        addresses=[address, *cc],
        text=Text(subject or template.subject, message or template.body),
        words=way.words(document, profile) | link_words(link),
        resource=RESOURCES[type(document)],
        object_id=document.pk,
        papers=papers,
        link=link,
    )
    queue_letter(letter, profile=profile, now=now)
    return document


def paper_of(document: Mailable, *, seller: Organisation) -> Paper | None:
    """What is attached to a mail with this document, to be made before a transaction opens."""
    made = _WAYS[type(document)].paper
    return None if made is None else made(document, seller)


def papers_of(document: Mailable, paper: Paper | None, *, seller: Organisation) -> list[Paper]:
    """What goes with a mail: the paper that is there, unless the document has changed since."""
    if paper is None or paper.version != document.version:
        paper = paper_of(document, seller=seller)
    return [paper] if paper else []


def written_mail(document: Mailable, profile: Organisation) -> Text:
    """What would be written, to be looked over and changed by a person, and filled in again.

    The link stays a placeholder: it is made when the mail is.
    """
    way = _WAYS[type(document)]
    words = way.words(document, profile)
    quoted = {name: without_placeholders(value) for name, value in words.items()}
    quoted |= {name: f"{{{{ {name} }}}}" for name in link_words("")}
    text = text_of(template_of(way.kind))
    return Text(filled(text.subject, quoted), filled(text.body, quoted))


def address_of(document: Mailable) -> str:
    """Where its mails go by themselves; empty where nobody has said."""
    own: str = getattr(document, "delivery_email", "")
    return own or document.customer.email


def is_mailable(document: Mailable, today: datetime.date) -> bool:
    """Whether its state allows it, as `mail_document` would find."""
    try:
        _WAYS[type(document)].require_mailable(document, today)
    except Conflict:
        return False
    return True


def kind_of_mail(document: Mailable) -> MailKind:
    return _WAYS[type(document)].kind


def _no_address(document: Mailable) -> str:
    where = "give one here, or to the customer"
    if isinstance(document, Invoice):
        where = "give one here, as the invoice's delivery_email, or to the customer"
    return f"{document.customer.account} has no e-mail address: {where}"


def _invoice_paper(invoice: Invoice, seller: Organisation) -> Paper:
    """An e-invoice while it is owed in full. What was paid since is on the plain page alone: the
    e-invoice would ask for it again."""
    pdf = None if invoice.balance != invoice.amount else _e_invoice(invoice, seller)
    return Paper(pdf_name(invoice), invoice.version, pdf or invoice_pdf(invoice, seller=seller))


def _quote_paper(quote: Quote, seller: Organisation) -> Paper:
    """As it is once it is mailed: no draft any more."""
    mailed = copy.copy(quote)
    if quote.status == QuoteStatus.DRAFT:
        mailed.status = QuoteStatus.SENT
    return Paper(pdf_name(quote), quote.version, quote_pdf(mailed, seller=seller))


def _credit_note_paper(note: CreditNote, seller: Organisation) -> Paper:
    pdf = _e_invoice(note, seller) or credit_note_pdf(note, seller=seller)
    return Paper(pdf_name(note), note.version, pdf)


def _e_invoice(document: Invoice | CreditNote, seller: Organisation) -> bytes | None:
    """The same page with its data in it; None where it lacks something that e-invoices need."""
    try:
        return factur_x_pdf(document, seller=seller)
    except (NoEInvoice, EInvoiceIncomplete):
        return None


def _require_mailable_invoice(invoice: Invoice, today: datetime.date) -> None:
    if invoice.status in (InvoiceStatus.DRAFT, InvoiceStatus.VOID):
        what = "a draft: issue it first" if invoice.status == InvoiceStatus.DRAFT else "void"
        raise NotMailable(
            f"Invoice {invoice.number or invoice.pk} is {what}.", allowed=allowed_moves(invoice)
        )


def _invoice_sent(
    invoice: Invoice, actor: Actor, now: datetime.datetime, today: datetime.date
) -> Invoice:
    Invoice.objects.filter(pk=invoice.pk).change(sent_at=now)
    invoice = locked(invoice)
    record_event("invoice.sent", invoice, data=InvoiceSerializer(invoice).data, actor=actor)
    return invoice


def _require_mailable_quote(quote: Quote, today: datetime.date) -> None:
    """What the customer has may be mailed again, until they or the calendar have said no."""
    if quote.status_on(today) not in (QuoteStatus.SENT, QuoteStatus.ACCEPTED):
        require_move(quote, "send", today)


def _quote_sent(quote: Quote, actor: Actor, now: datetime.datetime, today: datetime.date) -> Quote:
    if quote.status == QuoteStatus.DRAFT:
        return send_quote(quote, actor=actor, today=today)
    return quote_changed(quote, "quote.sent", actor=actor, today=today)


def _held(document: Held) -> Held:
    lock(document)
    return document


def _always(document: Mailable, today: datetime.date) -> None:
    """A credit note never changes."""


def _credit_note_sent(
    note: CreditNote, actor: Actor, now: datetime.datetime, today: datetime.date
) -> CreditNote:
    record_event("credit_note.sent", note, data=CreditNoteSerializer(note).data, actor=actor)
    return note


def _require_standing(payment: Payment, today: datetime.date) -> None:
    require_standing(payment)


def _receipt_sent(
    payment: Payment, actor: Actor, now: datetime.datetime, today: datetime.date
) -> Payment:
    record_event("payment.receipted", payment, data=PaymentSerializer(payment).data, actor=actor)
    return payment


_WAYS: dict[type, Way] = {
    Invoice: Way(
        MailKind.INVOICE,
        locked,
        _require_mailable_invoice,
        invoice_words,
        _invoice_sent,
        _invoice_paper,
    ),
    Quote: Way(
        MailKind.QUOTE,
        locked_quote,
        _require_mailable_quote,
        quote_words,
        _quote_sent,
        _quote_paper,
    ),
    CreditNote: Way(
        MailKind.CREDIT_NOTE,
        _held,
        _always,
        credit_note_words,
        _credit_note_sent,
        _credit_note_paper,
    ),
    Payment: Way(MailKind.RECEIPT, _held, _require_standing, receipt_words, _receipt_sent),
}
