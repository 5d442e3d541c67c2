"""The pages that customers see: an invoice, a quote, a statement; each as a template's context."""

import datetime
from typing import Any

from django.utils.translation import gettext as _

from billing.hosted.words import document_words, moment, seller_words
from billing.models import Invoice, Quote
from billing.models.invoices import InvoiceStatus
from billing.models.quotes import QuoteStatus
from billing.parties import buyer_of, seller_of
from billing.pdf.figures import day_text, money_text
from billing.pdf.parties import customer_lines
from billing.pdf.payment import payment_words
from billing.quote_versions import as_quote
from bizsuite.identity.models import Organisation

# How a state looks: its tone is a class of the stylesheet.
INVOICE_BADGES = {
    InvoiceStatus.UNPAID: "open",
    InvoiceStatus.PARTIALLY_PAID: "open",
    InvoiceStatus.PAID: "good",
    InvoiceStatus.VOID: "quiet",
}
QUOTE_BADGES = {
    QuoteStatus.SENT: "open",
    QuoteStatus.ACCEPTED: "good",
    QuoteStatus.CONVERTED: "good",
    QuoteStatus.DECLINED: "bad",
    QuoteStatus.EXPIRED: "quiet",
}


def invoice_page(
    invoice: Invoice, *, profile: Organisation, today: datetime.date
) -> dict[str, Any]:
    """An issued invoice, with who sold and bought as they were then; where to pay is today's."""
    is_late = invoice.is_overdue(today)
    facts = [
        (_("Invoice date"), day_text(invoice.date)),
        (_("Supplied on"), day_text(invoice.supply_date) if invoice.supply_date else ""),
        (_("Due date"), day_text(invoice.due_date)),
        (_("Your reference"), invoice.reference),
    ]
    return document_words(invoice) | {
        "title": _("Invoice %(number)s") % {"number": invoice.number},
        "number": invoice.number,
        "seller": seller_words(seller_of(invoice, today=profile)),
        "customer": customer_lines(buyer_of(invoice)),
        "badge": (_("Overdue"), "bad") if is_late else _invoice_badge(invoice),
        "is_open": invoice.is_open(),
        "headline": _invoice_headline(invoice),
        "due": _due(invoice, is_late=is_late),
        "facts": [(name, value) for name, value in facts if value],
        "settled": _settled(invoice),
        "payment": _payment(invoice, profile) if invoice.is_open() else None,
    }


def quote_page(quote: Quote, *, profile: Organisation, today: datetime.date) -> dict[str, Any]:
    """What the customer has of a quote: while it is being revised, the version before."""
    status = quote.status_on(today)
    shown = shown_version(quote)
    is_revised = shown is not quote
    facts = [
        (_("Quote date"), day_text(shown.date)),
        (_("Valid until"), day_text(shown.valid_until)),
        (_("Version"), str(shown.revision) if shown.revision > 1 else ""),
        (_("Your reference"), shown.reference),
    ]
    badge = (_("Being revised"), "quiet") if is_revised else _quote_badge(status)
    return document_words(shown) | {
        "title": _("Quote %(number)s") % {"number": quote.number},
        "number": quote.number,
        "revision": shown.revision,
        "valid_until": day_text(shown.valid_until),
        "seller": seller_words(seller_of(shown, today=profile)),
        "customer": customer_lines(buyer_of(shown)),
        "badge": badge,
        "headline": (_("Total"), money_text(shown.amount, shown.currency)),
        "facts": [(name, value) for name, value in facts if value],
        "can_be_answered": status == QuoteStatus.SENT and not is_revised,
        "is_revised": is_revised,
        "outcome": _outcome(quote, status) if not is_revised else "",
    }


def shown_version(quote: Quote) -> Quote:
    """What the customer has of it: while the next version is a draft, the one before."""
    unanswered = quote.status in (QuoteStatus.DRAFT, QuoteStatus.EXPIRED)
    if unanswered and quote.sent_at is None and quote.revision > 1:
        return as_quote(quote.versions.get(revision=quote.revision - 1))
    return quote


def _invoice_badge(invoice: Invoice) -> tuple[str, str]:
    status = InvoiceStatus(invoice.status)
    if status == InvoiceStatus.UNPAID:
        return _("Open"), INVOICE_BADGES[status]
    return str(status.label), INVOICE_BADGES[status]


def _quote_badge(status: QuoteStatus) -> tuple[str, str]:
    if status == QuoteStatus.SENT:
        return _("Open"), QUOTE_BADGES[status]
    if status == QuoteStatus.CONVERTED:
        return _("Invoiced"), QUOTE_BADGES[status]
    return str(status.label), QUOTE_BADGES.get(status, "quiet")


def _invoice_headline(invoice: Invoice) -> tuple[str, str]:
    """The one figure that a customer looks for."""
    if invoice.is_open():
        return _("Amount due"), money_text(invoice.balance, invoice.currency)
    return _("Total"), money_text(invoice.amount, invoice.currency)


def _due(invoice: Invoice, *, is_late: bool) -> str:
    if invoice.status == InvoiceStatus.VOID:
        return _("This invoice has been cancelled. Nothing is to be paid.")
    if not invoice.is_open():
        return _("Nothing is left to pay. Thank you.")
    texts = _("Was due on %(date)s"), _("Due on %(date)s")
    return texts[0 if is_late else 1] % {"date": day_text(invoice.due_date)}


def _settled(invoice: Invoice) -> list[tuple[str, str]]:
    """What came of it since: nothing is said of an invoice that is owed in full."""
    parts = (
        (_("Paid"), invoice.paid),
        (_("Credited"), invoice.credited),
        (_("No longer asked for"), invoice.written_off),
    )
    return [(name, money_text(-amount, invoice.currency)) for name, amount in parts if amount]


def _payment(invoice: Invoice, profile: Organisation) -> dict[str, Any] | None:
    return payment_words(
        profile,
        sentence="",
        reference=invoice.number or "",
        amount=invoice.balance,
        currency=invoice.currency,
    )


def _outcome(quote: Quote, status: QuoteStatus) -> str:
    """What became of it, in a sentence; empty while it waits for an answer."""
    if status == QuoteStatus.EXPIRED:
        return _("This quote was valid until %(date)s. Ask us for a new one.") % {
            "date": day_text(quote.valid_until)
        }
    accepted = quote.accepted_at is not None
    at = quote.accepted_at if accepted else quote.declined_at
    if at is None:
        return _("This quote has become an invoice.") if quote.invoice_id else ""
    said = {"name": quote.answered_by, "time": moment(at)}
    if accepted:
        if quote.answered_by:
            return _("Accepted by %(name)s on %(time)s. Thank you.") % said
        return _("Accepted on %(time)s. Thank you.") % said
    if quote.answered_by:
        return _("Declined by %(name)s on %(time)s.") % said
    return _("Declined on %(time)s.") % said
