"""What can be said of a document in a mail: the placeholders of each kind, and their values."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.models import CreditNote, Invoice, Payment, Quote
from billing.models.mailing import MailKind
from billing.pdf.figures import day_text, money_text
from bizsuite.identity.models import Organisation
from customers.models import Customer

REMINDER = "reminder"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """meaning: beside the text, for those who write it. sample: in a preview without a document."""

    name: str
    meaning: Any
    sample: str


CUSTOMER = Placeholder(
    "customer_name", gettext_lazy("Their contact, else their name"), "Jane Smith"
)
US = Placeholder("organisation_name", gettext_lazy("Your name"), "")
SAMPLE_LINK = "https://example.com/d/…"
LINK = Placeholder(
    "link", gettext_lazy("The address of its page on the web; empty if there is none"), SAMPLE_LINK
)
LINK_NOTICE = Placeholder(
    "link_notice",
    gettext_lazy("A sentence with that address; empty if there is none"),
    f"You can also see it online: {SAMPLE_LINK}",
)
INVOICE_WORDS = (
    Placeholder("invoice_number", gettext_lazy("The invoice's number"), "INV-2024-001"),
    Placeholder("date", gettext_lazy("Its date"), "15 January 2024"),
    Placeholder("due_date", gettext_lazy("The last day to pay"), "14 February 2024"),
    Placeholder("amount", gettext_lazy("Its total"), "€1,190.00"),
    Placeholder("balance", gettext_lazy("What is still owed"), "€690.00"),
)
PLACEHOLDERS: dict[str, tuple[Placeholder, ...]] = {
    MailKind.INVOICE: (*INVOICE_WORDS, LINK_NOTICE, LINK, CUSTOMER, US),
    MailKind.QUOTE: (
        Placeholder("quote_number", gettext_lazy("The quote's number"), "QUO-2024-001"),
        Placeholder("date", gettext_lazy("Its date"), "15 January 2024"),
        Placeholder("valid_until", gettext_lazy("The last day to accept"), "14 February 2024"),
        Placeholder("amount", gettext_lazy("Its total"), "€1,190.00"),
        LINK_NOTICE,
        LINK,
        CUSTOMER,
        US,
    ),
    MailKind.CREDIT_NOTE: (
        Placeholder("credit_note_number", gettext_lazy("The credit note's number"), "CN-2024-001"),
        Placeholder("invoice_number", gettext_lazy("The invoice's number"), "INV-2024-001"),
        Placeholder("date", gettext_lazy("Its date"), "15 January 2024"),
        Placeholder("amount", gettext_lazy("What is credited"), "€119.00"),
        CUSTOMER,
        US,
    ),
    MailKind.RECEIPT: (
        Placeholder("amount", gettext_lazy("What was paid"), "€1,190.00"),
        Placeholder("date", gettext_lazy("When it came"), "20 January 2024"),
        Placeholder("method", gettext_lazy("How it came, if that is known"), "Bank transfer"),
        Placeholder(
            "paid_invoices",
            gettext_lazy("A sentence that names the invoices it paid; empty if none"),
            "It pays INV-2024-001.",
        ),
        Placeholder(
            "credit_notice",
            gettext_lazy("A sentence about what is left as credit; empty if nothing"),
            "€10.00 of it is left as your credit with us.",
        ),
        CUSTOMER,
        US,
    ),
    REMINDER: (
        *INVOICE_WORDS,
        Placeholder("days", gettext_lazy("How many days after (or before) the due date"), "7"),
        Placeholder(
            "late_fee_notice",
            gettext_lazy("A sentence about the late fee; empty if there is none"),
            "For the late payment we charge €10.00, see the attached invoice INV-2024-002.",
        ),
        LINK_NOTICE,
        LINK,
        CUSTOMER,
        US,
    ),
}


def names_of(kind: str) -> list[str]:
    return [placeholder.name for placeholder in PLACEHOLDERS[kind]]


def samples_of(kind: str, profile: Organisation) -> dict[str, str]:
    """The values of a made-up document."""
    samples = {placeholder.name: placeholder.sample for placeholder in PLACEHOLDERS[kind]}
    return samples | {US.name: profile.name}


def invoice_words(invoice: Invoice, profile: Organisation) -> dict[str, str]:
    return _common(invoice.customer, profile) | {
        "invoice_number": str(invoice),
        "date": day_text(invoice.date),
        "due_date": day_text(invoice.due_date),
        "amount": money_text(invoice.amount, invoice.currency),
        "balance": money_text(invoice.balance, invoice.currency),
    }


def quote_words(quote: Quote, profile: Organisation) -> dict[str, str]:
    return _common(quote.customer, profile) | {
        "quote_number": quote.number,
        "date": day_text(quote.date),
        "valid_until": day_text(quote.valid_until),
        "amount": money_text(quote.amount, quote.currency),
    }


def credit_note_words(note: CreditNote, profile: Organisation) -> dict[str, str]:
    return _common(note.customer, profile) | {
        "credit_note_number": note.number,
        "invoice_number": str(note.invoice),
        "date": day_text(note.date),
        "amount": money_text(note.amount, note.currency),
    }


def receipt_words(payment: Payment, profile: Organisation) -> dict[str, str]:
    numbers = ", ".join(str(allocation.invoice) for allocation in payment.allocations.all())
    credit = money_text(payment.unallocated, payment.currency)
    return _common(payment.customer, profile) | {
        "amount": money_text(payment.amount, payment.currency),
        "date": day_text(payment.date),
        "method": payment.method,
        "paid_invoices": _("It pays %(numbers)s.") % {"numbers": numbers} if numbers else "",
        "credit_notice": _("%(amount)s of it is left as your credit with us.") % {"amount": credit}
        if payment.unallocated
        else "",
    }


def reminder_words(
    invoice: Invoice, profile: Organisation, *, today: datetime.date, fee: Invoice | None
) -> dict[str, str]:
    """fee: the late fee's own invoice, once there is one."""
    return invoice_words(invoice, profile) | {
        "days": str(abs((today - invoice.due_date).days)),
        "late_fee_notice": fee_notice(fee.amount, fee.currency, str(fee)) if fee else "",
    }


def link_words(url: str) -> dict[str, str]:
    """url: empty where the document has no page of its own."""
    notice = _("You can also see it online: %(link)s") % {"link": url} if url else ""
    return {LINK.name: url, LINK_NOTICE.name: notice}


def fee_notice(amount: Decimal, currency: str, number: str) -> str:
    return _("For the late payment we charge %(amount)s, see the attached invoice %(number)s.") % {
        "amount": money_text(amount, currency),
        "number": number,
    }


def _common(customer: Customer, profile: Organisation) -> dict[str, str]:
    return {
        CUSTOMER.name: customer.contact_name or customer.account,
        US.name: profile.name,
    }
