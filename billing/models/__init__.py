from billing.models.catalogue import Account, Category, Product, Supplier
from billing.models.closed_years import ClosedYear
from billing.models.credit_notes import CreditNote, CreditNoteItem, CreditNoteTax
from billing.models.exchange_rates import ExchangeRate
from billing.models.invoices import Invoice, InvoiceItem, InvoiceTax
from billing.models.ledger import JournalEntry, Posting
from billing.models.mailing import MailTemplate, Reminder, ReminderLevel
from billing.models.payments import Allocation, Payment, Refund, Transaction
from billing.models.quotes import Quote, QuoteItem, QuoteTax, QuoteVersion
from billing.models.receipts import Receipt
from billing.models.recurring import (
    RecurringInvoice,
    RecurringInvoiceItem,
    RecurringInvoiceTax,
)
from billing.models.shared_links import SharedLink
from billing.models.transfers import Transfer
from billing.models.write_offs import WriteOff

__all__ = [
    "Account",
    "Allocation",
    "Category",
    "ClosedYear",
    "CreditNote",
    "CreditNoteItem",
    "CreditNoteTax",
    "ExchangeRate",
    "Invoice",
    "InvoiceItem",
    "InvoiceTax",
    "JournalEntry",
    "MailTemplate",
    "Payment",
    "Posting",
    "Product",
    "Quote",
    "QuoteItem",
    "QuoteTax",
    "QuoteVersion",
    "Receipt",
    "RecurringInvoice",
    "RecurringInvoiceItem",
    "RecurringInvoiceTax",
    "Refund",
    "Reminder",
    "ReminderLevel",
    "SharedLink",
    "Supplier",
    "Transaction",
    "Transfer",
    "WriteOff",
]
