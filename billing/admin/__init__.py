"""The staff's pages about invoices, payments, the cash book, the catalogue and the books."""

from billing.admin.catalogue import AccountAdmin, CategoryAdmin, ProductAdmin, SupplierAdmin
from billing.admin.closed_years import ClosedYearAdmin
from billing.admin.credit_notes import CreditNoteAdmin
from billing.admin.exchange_rates import ExchangeRateAdmin
from billing.admin.invoices import InvoiceAdmin
from billing.admin.ledger import JournalEntryAdmin
from billing.admin.mail_texts import MailTemplateAdmin
from billing.admin.payments import PaymentAdmin
from billing.admin.quotes import QuoteAdmin
from billing.admin.recurring import RecurringInvoiceAdmin
from billing.admin.reminders import ReminderLevelAdmin
from billing.admin.shared_links import SharedLinkAdmin
from billing.admin.transactions import TransactionAdmin
from billing.admin.transfers import TransferAdmin
from billing.admin.write_offs import WriteOffAdmin

__all__ = [
    "AccountAdmin",
    "CategoryAdmin",
    "ClosedYearAdmin",
    "CreditNoteAdmin",
    "ExchangeRateAdmin",
    "InvoiceAdmin",
    "JournalEntryAdmin",
    "MailTemplateAdmin",
    "PaymentAdmin",
    "ProductAdmin",
    "QuoteAdmin",
    "RecurringInvoiceAdmin",
    "ReminderLevelAdmin",
    "SharedLinkAdmin",
    "SupplierAdmin",
    "TransactionAdmin",
    "TransferAdmin",
    "WriteOffAdmin",
]
