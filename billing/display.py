"""How billing's states look on the staff's pages."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.models import Invoice
from billing.models.invoices import InvoiceStatus
from bizsuite.backoffice.display import badge

TONES = {
    InvoiceStatus.DRAFT: "quiet",
    InvoiceStatus.UNPAID: "info",
    InvoiceStatus.PARTIALLY_PAID: "warning",
    InvoiceStatus.PAID: "success",
    InvoiceStatus.VOID: "quiet",
}


def invoice_badge(invoice: Invoice, *, late: bool) -> SafeString:
    """late: whether it is overdue today, which is no status of its own."""
    if late:
        return badge(_("Overdue"), "danger")
    return badge(invoice.get_status_display(), TONES[InvoiceStatus(invoice.status)])
