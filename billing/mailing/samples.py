"""How a text reads before it is sent to anybody: filled with a real document or a made-up one."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from billing.mailing.html import html_of
from billing.mailing.letters import OPEN_PAGE, sender_of
from billing.mailing.placeholders import filled
from billing.mailing.texts import Text, built_in_text, require_known_placeholders
from billing.mailing.words import (
    REMINDER,
    SAMPLE_LINK,
    credit_note_words,
    fee_notice,
    invoice_words,
    link_words,
    quote_words,
    receipt_words,
    reminder_words,
    samples_of,
)
from billing.models import CreditNote, Invoice, Payment, Quote
from billing.models.invoices import InvoiceStatus
from billing.models.mailing import MailKind
from bizsuite.identity.models import Organisation
from bizsuite.mail.mails import NewMail, queue_mail

# In the queue: a mail that is about no document.
RESOURCE = "mail_template"


@dataclass(frozen=True, slots=True)
class SampleMail:
    """document: what it was filled with; empty for a made-up one."""

    subject: str
    body: str
    html_body: str
    document: str


def sample_mail(
    typed: Text, kind: str, profile: Organisation, *, before_due: bool = False
) -> SampleMail:
    """What a customer would get. Raises Invalid for what no placeholder is called.

    typed: as it stands in the form; what is empty is the product's own. before_due: of a reminder.
    """
    usual = built_in_text(kind, before_due=before_due)
    subject, body = typed.subject or usual.subject, typed.body or usual.body
    require_known_placeholders(kind, subject=subject, body=body)
    document, words = _latest(kind, profile)
    link = SAMPLE_LINK if kind in (MailKind.INVOICE, MailKind.QUOTE, REMINDER) else ""
    words = {**words, **link_words(link)}
    text = filled(body, words)
    html = html_of(text, link=link, label=str(OPEN_PAGE))
    return SampleMail(filled(subject, words), text, html, document)


def send_sample(
    mail: SampleMail, *, to: str, profile: Organisation, now: datetime.datetime
) -> None:
    """Queue it for somebody of the house, in a transaction."""
    queue_mail(
        NewMail(
            to=to,
            subject=f"[Test] {mail.subject}",
            body=mail.body,
            html_body=mail.html_body,
            resource=RESOURCE,
            object_id=0,
            sender=sender_of(profile),
        ),
        now=now,
    )


def _latest(kind: str, profile: Organisation) -> tuple[str, Mapping[str, str]]:
    """The newest document of this kind and its words, or a made-up one's."""
    if kind in (MailKind.INVOICE, REMINDER):
        not_sent = (InvoiceStatus.DRAFT, InvoiceStatus.VOID)
        usual = Invoice.objects.filter(late_fee_for=None).exclude(status__in=not_sent)
        invoice = usual.order_by("-pk").first()
        if invoice is not None:
            return str(invoice), _invoice_words(kind, invoice, profile)
    elif kind == MailKind.QUOTE and (quote := Quote.objects.order_by("-pk").first()):
        return quote.number, quote_words(quote, profile)
    elif kind == MailKind.CREDIT_NOTE and (note := CreditNote.objects.order_by("-pk").first()):
        return note.number, credit_note_words(note, profile)
    elif kind == MailKind.RECEIPT and (payment := Payment.objects.order_by("-pk").first()):
        return str(payment), receipt_words(payment, profile)
    return "", samples_of(kind, profile)


def _invoice_words(kind: str, invoice: Invoice, profile: Organisation) -> Mapping[str, str]:
    if kind == MailKind.INVOICE:
        return invoice_words(invoice, profile)
    words = reminder_words(invoice, profile, today=profile.today(), fee=None)
    made_up = fee_notice(invoice.balance / 100, invoice.currency, "INV-…")
    return words | {"late_fee_notice": made_up}
