"""How billing's states look on the staff's pages."""

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.models import Invoice, Payment, RecurringInvoice
from billing.models.invoices import InvoiceStatus
from billing.models.payments import PaymentStatus
from billing.models.quotes import QuoteStatus
from billing.models.recurring import RecurringStatus
from bizsuite.backoffice.display import badge

TONES = {
    InvoiceStatus.DRAFT: "quiet",
    InvoiceStatus.UNPAID: "info",
    InvoiceStatus.PARTIALLY_PAID: "warning",
    InvoiceStatus.PAID: "success",
    InvoiceStatus.VOID: "quiet",
}
QUOTE_TONES = {
    QuoteStatus.DRAFT: "quiet",
    QuoteStatus.SENT: "info",
    QuoteStatus.ACCEPTED: "success",
    QuoteStatus.DECLINED: "danger",
    QuoteStatus.EXPIRED: "warning",
    QuoteStatus.CONVERTED: "success",
}
RECURRING_TONES = {
    RecurringStatus.ACTIVE: "success",
    RecurringStatus.PAUSED: "warning",
    RecurringStatus.ENDED: "quiet",
}
PAYMENT_TONES = {
    PaymentStatus.RECEIVED: "success",
    PaymentStatus.PARTIALLY_REFUNDED: "warning",
    PaymentStatus.REFUNDED: "quiet",
    PaymentStatus.REVERSED: "quiet",
}


def invoice_badge(invoice: Invoice, *, late: bool) -> SafeString:
    """late: whether it is overdue today, which is no status of its own."""
    if late:
        return badge(_("Overdue"), "danger")
    if invoice.status == InvoiceStatus.PAID and invoice.written_off:
        return badge(_("Written off"), "warning")
    return badge(invoice.get_status_display(), TONES[InvoiceStatus(invoice.status)])


def quote_badge(status: str) -> SafeString:
    return badge(QuoteStatus(status).label, QUOTE_TONES[QuoteStatus(status)])


def recurring_badge(schedule: RecurringInvoice) -> SafeString:
    if schedule.failure:
        return badge(_("Failing"), "danger")
    status = RecurringStatus(schedule.status)
    return badge(status.label, RECURRING_TONES[status])


def payment_badge(payment: Payment) -> SafeString:
    return badge(payment.status.label, PAYMENT_TONES[payment.status])


def link_to(record: Model) -> SafeString:
    """A record's name, leading to its page."""
    page = f"admin:{record._meta.app_label}_{record._meta.model_name}_change"
    return format_html('<a href="{}">{}</a>', reverse(page, args=[record.pk]), record)
