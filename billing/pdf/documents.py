"""What an invoice, a quote and a credit note say on paper: every word and figure, ready to be set."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import CreditNote, Invoice, Quote
from billing.models.invoices import InvoiceStatus
from billing.models.quotes import QuoteStatus
from billing.parties import buyer_of
from billing.pdf.contents import content_words, credited_words, exchange_words
from billing.pdf.figures import day_text, money_text
from billing.pdf.layout import Words, sheet
from billing.pdf.parties import customer_lines
from billing.pdf.payment import payment_words
from bizsuite.identity.models import Organisation

# Written large across the page: these are no demands for money.
MARKS = {InvoiceStatus.DRAFT: gettext_lazy("DRAFT"), InvoiceStatus.VOID: gettext_lazy("VOID")}
QUOTE_MARKS = {QuoteStatus.DRAFT: gettext_lazy("DRAFT")}
# Beside the title.
QUOTE_TAGS = {
    QuoteStatus.ACCEPTED: gettext_lazy("ACCEPTED"),
    QuoteStatus.CONVERTED: gettext_lazy("ACCEPTED"),
    QuoteStatus.DECLINED: gettext_lazy("DECLINED"),
    QuoteStatus.EXPIRED: gettext_lazy("EXPIRED"),
}


def invoice_words(invoice: Invoice, *, seller: Organisation) -> Words:
    """What `document.typ` is filled with for an invoice."""
    words = sheet(seller, title=_("Invoice"), number=invoice.number or "")
    words["mark"] = str(MARKS.get(InvoiceStatus(invoice.status), ""))
    words["tag"] = _tag(invoice)
    words["customer"] = customer_lines(buyer_of(invoice))
    words["facts"] = [
        [_("Date"), day_text(invoice.date)],
        [_("Due date"), day_text(invoice.due_date)],
        *_reference(invoice.reference),
    ]
    if invoice.supply_date is not None:
        words["facts"].append([_("Date of supply"), day_text(invoice.supply_date)])
    words |= content_words(invoice)
    words["remarks"] += exchange_words(invoice, seller.currency)
    words["settled"] = _settled(invoice)
    words["due"] = [_("Balance due"), money_text(invoice.balance, invoice.currency)]
    words["payment"] = _demand(invoice, seller)
    words["notes"] = [[_("Notes"), invoice.notes]] if invoice.notes else []
    return words


def quote_words(quote: Quote, *, seller: Organisation, status: QuoteStatus) -> Words:
    """What `document.typ` is filled with for a quote. status: as it is on the day of printing."""
    words = sheet(seller, title=_("Quote"), number=quote.number)
    words["mark"] = str(QUOTE_MARKS.get(status, ""))
    words["tag"] = str(QUOTE_TAGS.get(status, ""))
    words["customer_label"] = _("For")
    words["customer"] = customer_lines(buyer_of(quote))
    words["facts"] = [
        [_("Date"), day_text(quote.date)],
        [_("Valid until"), day_text(quote.valid_until)],
        *([[_("Version"), str(quote.revision)]] if quote.revision > 1 else []),
        *_reference(quote.reference),
    ]
    words |= content_words(quote)
    words["notes"] = [[_("Notes"), quote.notes]] if quote.notes else []
    if status in (QuoteStatus.DRAFT, QuoteStatus.SENT):
        words["signing"] = {
            "sentence": _("To accept, please sign and return it by %(day)s.")
            % {"day": day_text(quote.valid_until)},
            "places": [_("Place and date"), _("Name and signature")],
        }
    return words


def credit_note_words(note: CreditNote, *, seller: Organisation) -> Words:
    """What `document.typ` is filled with for a credit note."""
    words = sheet(seller, title=_("Credit note"), number=note.number)
    words["customer_label"] = _("Credited to")
    words["customer"] = customer_lines(note.customer_details)
    words["facts"] = [
        [_("Date"), day_text(note.date)],
        [_("For invoice"), str(note.invoice)],
        [_("Invoice date"), day_text(note.invoice.date)],
        *_reference(note.invoice.reference),
    ]
    words |= credited_words(note)
    words["remarks"] += exchange_words(note, seller.currency)
    words["notes"] = [[_("Reason"), note.reason]] if note.reason else []
    return words


def _reference(text: str) -> list[list[str]]:
    """What the customer calls it, where they said so."""
    return [[_("Your reference"), text]] if text else []


def _tag(invoice: Invoice) -> str:
    """What came of it in one word; none of what is owed, or was given up."""
    if invoice.status != InvoiceStatus.PAID or not invoice.amount or not invoice.is_settled():
        return ""
    return _("PAID") if invoice.paid else _("CREDITED")


def _settled(invoice: Invoice) -> list[list[str]]:
    """What came of it since: nothing is said of an invoice that is owed in full."""
    settled = [
        (_("Paid"), invoice.paid),
        (_("Credited"), invoice.credited),
        (_("Written off"), invoice.written_off),
    ]
    return [[name, money_text(-amount, invoice.currency)] for name, amount in settled if amount]


def _demand(invoice: Invoice, seller: Organisation) -> Words | None:
    """Where to pay; not of what nobody is to pay, nor may be scanned while it is a draft."""
    is_draft = invoice.status == InvoiceStatus.DRAFT
    if not ((is_draft and invoice.balance) or invoice.is_open()):
        return None
    return payment_words(
        seller,
        sentence=_("Please pay %(amount)s by %(day)s.")
        % {
            "amount": money_text(invoice.balance, invoice.currency),
            "day": day_text(invoice.due_date),
        },
        reference=invoice.number or _("given when it is issued"),
        amount=None if is_draft else invoice.balance,
        currency=invoice.currency,
    )
