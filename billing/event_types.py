"""The events of billing, each with an example of what it carries."""

from decimal import Decimal

import billing.mailing.event_types
import billing.recurring_events  # noqa: F401  these declare their own
from billing.event_examples import (
    CATEGORY,
    CLOSED_YEAR,
    PRODUCT,
    QUOTE,
    RECEIPT,
    RECORD,
    SUPPLIER,
    WRITE_OFF,
    item_of,
    tax_on,
)
from bizsuite.events.registry import EventType, declare

INVOICE = {
    "id": 1,
    "invoice_number": "INV-2024-001",
    "customer_id": 1,
    "amount": Decimal("1500.00"),
    "status": "Unpaid",
    "date": "2024-01-15",
    "due_date": "2024-02-15",
    "supply_date": None,
    "overdue": False,
    "reference": None,
    "currency": "USD",
    "tax_inclusive": False,
    "discount_percent": None,
    "discount_amount": None,
    "discount": Decimal("0.00"),
    "exchange_rate": 1,
    "subtotal": Decimal("1500.00"),
    "tax": Decimal("0.00"),
    "paid": Decimal("0.00"),
    "credited": Decimal("0.00"),
    "written_off": Decimal("0.00"),
    "balance": Decimal("1500.00"),
    "items": [item_of("Web Development", Decimal("1500.00"))],
    "taxes": [tax_on(Decimal("1500.00"))],
    "notes": "Payment due within 30 days",
    "delivery_email": None,
    "disputed": False,
    "reminders_paused": False,
    "sent_at": None,
    "reminded_at": None,
    "late_fee_for_id": None,
    "imported": False,
    "recurring_invoice_id": None,
    "recurring_period": None,
} | RECORD
DRAFT = INVOICE | {"invoice_number": None, "status": "Draft"}
PAID = INVOICE | {"status": "Paid", "paid": Decimal("1500.00"), "balance": Decimal("0.00")}
SENT = QUOTE | {"status": "Sent", "sent_at": "2024-01-16T09:00:00Z"}
ACCEPTED = SENT | {"status": "Accepted", "accepted_at": "2024-01-22T14:30:00Z"}
PAYMENT = {
    "id": 1,
    "customer_id": 1,
    "account_id": 1,
    "amount": Decimal("1500.00"),
    "currency": "USD",
    "date": "2024-01-20",
    "status": "Received",
    "exchange_rate": 1,
    "amount_received": Decimal("1500.00"),
    "currency_received": "USD",
    "method": "Bank transfer",
    "reference": None,
    "notes": None,
    "allocations": [{"invoice_id": 1, "amount": Decimal("1500.00"), "date": "2024-01-20"}],
    "unallocated": Decimal("0.00"),
    "refunds": [],
    "refunded": Decimal("0.00"),
    "reversed_at": None,
} | RECORD
REFUNDED = PAYMENT | {
    "status": "Refunded",
    "allocations": [],
    "refunds": [
        {
            "id": 1,
            "amount": Decimal("1500.00"),
            "amount_sent": Decimal("1500.00"),
            "date": "2024-02-01",
        }
    ],
    "refunded": Decimal("1500.00"),
}
REVERSED = PAYMENT | {
    "status": "Reversed",
    "allocations": [],
    "reversed_at": "2024-02-01T10:00:00Z",
}
CREDIT_NOTE = {
    "id": 1,
    "credit_note_number": "CN-2024-001",
    "invoice_id": 1,
    "customer_id": 1,
    "amount": Decimal("500.00"),
    "date": "2024-02-01",
    "currency": "USD",
    "exchange_rate": 1,
    "subtotal": Decimal("500.00"),
    "tax": Decimal("0.00"),
    "items": [
        {
            "id": 1,
            "invoice_item_id": 1,
            "description": "Web Development",
            "qty": None,
            "amount": Decimal("500.00"),
            "unit": "C62",
            "tax_rate": 0,
            "tax_category": "zero",
            "tax_exemption_reason": None,
        }
    ],
    "taxes": [
        {
            "category": "zero",
            "rate": 0,
            "exemption_reason": None,
            "net": Decimal("500.00"),
            "tax": Decimal("0.00"),
        }
    ],
    "reason": "Two of the pages were not needed",
} | RECORD
TRANSACTION = {
    "id": 1,
    "type": "Income",
    "account_id": 1,
    "amount": Decimal("1500.00"),
    "currency": "USD",
    "exchange_rate": 1,
    "category_id": 1,
    "supplier_id": None,
    "description": "Website Development Payment",
    "reference": None,
    "date": "2024-01-15",
    "tax_rate": 0,
    "tax": Decimal("0.00"),
    "payment_id": None,
    "reversed_on": None,
} | RECORD
TRANSFER = {
    "id": 1,
    "from_account_id": 1,
    "to_account_id": 2,
    "amount": Decimal("500.00"),
    "amount_received": Decimal("500.00"),
    "currency": "USD",
    "currency_received": "USD",
    "date": "2024-01-31",
    "description": "Takings to the bank",
} | RECORD
LINK = {
    "id": 1,
    "kind": "Invoice",
    "status": "Active",
    "customer_id": 1,
    "invoice_id": 1,
    "quote_id": None,
    "expires_at": "2024-05-16T00:00:00Z",
    "revoked_at": None,
    "opened_count": 0,
    "last_opened_at": None,
} | RECORD
EXCHANGE_RATE = {
    "id": 1,
    "currency": "EUR",
    "date": "2024-01-15",
    "rate": Decimal("1.0945"),
} | RECORD
ACCOUNT = {
    "id": 1,
    "name": "Cash",
    "type": "Cash",
    "currency": "USD",
    "opening_balance": Decimal("0.00"),
    "balance": Decimal("1500.00"),
    "archived_at": None,
} | RECORD

declare(
    EventType("invoice.created", "An invoice was made, as a draft or issued at once.", DRAFT),
    EventType(
        "invoice.updated", "An invoice changed, or part of it was paid or credited.", INVOICE
    ),
    EventType("invoice.issued", "An invoice got its number and is owed from now on.", INVOICE),
    EventType(
        "invoice.paid",
        "Nothing is owed on an invoice any more: it is paid in full, or credited.",
        PAID,
    ),
    EventType(
        "invoice.voided",
        "An issued invoice was taken out of the books.",
        INVOICE | {"status": "Void", "balance": Decimal("0.00")},
    ),
    EventType(
        "invoice.written_off",
        "A part of an invoice, or all of it, will not be paid and is no longer owed.",
        INVOICE | {"status": "Paid", "written_off": Decimal("1500.00"), "balance": Decimal("0.00")},
    ),
    EventType("invoice.deleted", "A draft was removed.", DRAFT),
    EventType(
        "invoice.overdue",
        "The due date has passed; once per invoice, never for one loaded overdue.",
        INVOICE | {"overdue": True},
    ),
    EventType(
        "invoice.sent",
        "An invoice was mailed to the customer.",
        INVOICE | {"sent_at": "2024-01-15T10:05:00Z"},
    ),
    EventType(
        "invoice.reminded",
        "The customer was reminded of an invoice.",
        INVOICE | {"overdue": True, "reminded_at": "2024-02-22T08:00:00Z"},
    ),
    EventType("quote.created", "A quote was written.", QUOTE),
    EventType("quote.updated", "A quote changed, or was revived by a new last day.", QUOTE),
    EventType("quote.sent", "A quote went to the customer, or was mailed again.", SENT),
    EventType("quote.accepted", "The customer accepted a quote.", ACCEPTED),
    EventType(
        "quote.declined",
        "The customer declined a quote.",
        SENT
        | {
            "status": "Declined",
            "declined_at": "2024-01-22T14:30:00Z",
            "decline_reason": "Too expensive.",
        },
    ),
    EventType(
        "quote.expired",
        "A quote's last day has passed; never for one loaded when it was past already.",
        SENT | {"status": "Expired"},
    ),
    EventType(
        "quote.converted",
        "A quote became an invoice.",
        ACCEPTED | {"status": "Converted", "invoice_id": 1},
    ),
    EventType("quote.deleted", "A draft of a quote was removed.", QUOTE),
    EventType("payment.received", "A customer's payment was recorded.", PAYMENT),
    EventType(
        "payment.allocated", "A customer's credit was put against invoices of theirs.", PAYMENT
    ),
    EventType("payment.refunded", "Money of a payment went back to the customer.", REFUNDED),
    EventType("payment.reversed", "A payment turned out never to have happened.", REVERSED),
    EventType(
        "payment.updated",
        "Money of a payment returned to the customer's credit: its invoice was credited.",
        PAYMENT | {"allocations": [], "unallocated": Decimal("1500.00")},
    ),
    EventType("payment.receipted", "The receipt for a payment was mailed.", PAYMENT),
    EventType("credit_note.sent", "A credit note was mailed to the customer.", CREDIT_NOTE),
    EventType("credit_note.created", "An invoice was credited, in full or in part.", CREDIT_NOTE),
    EventType("write_off.created", "What will not be paid of an invoice was given up.", WRITE_OFF),
    EventType(
        "write_off.reversed",
        "A write-off was taken back: the invoice is owed again.",
        WRITE_OFF | {"reversed_on": "2024-09-01"},
    ),
    EventType("closed_year.created", "What a year earned became retained earnings.", CLOSED_YEAR),
    EventType(
        "closed_year.reopened",
        "The closing of a year was taken back.",
        CLOSED_YEAR | {"reopened_at": "2025-02-01T10:00:00Z"},
    ),
    EventType("transaction.created", "Income or an expense was recorded.", TRANSACTION),
    EventType("transaction.updated", "A transaction changed or was reversed.", TRANSACTION),
    EventType(
        "transaction.attached",
        "A receipt was attached to a transaction.",
        TRANSACTION | {"receipt": RECEIPT},
    ),
    EventType(
        "transaction.detached",
        "A receipt was removed from a transaction.",
        TRANSACTION | {"receipt": RECEIPT},
    ),
    EventType("supplier.created", "A supplier was added.", SUPPLIER),
    EventType("supplier.updated", "A supplier changed, or was archived or restored.", SUPPLIER),
    EventType("supplier.deleted", "A supplier that nothing refers to was removed.", SUPPLIER),
    EventType("transaction.deleted", "A transaction was removed.", TRANSACTION),
    EventType("transfer.created", "Money was moved between own accounts.", TRANSFER),
    # Not for webhooks: the link itself, which is all that a receiver could use, is a secret.
    EventType("link.created", "A document was shared by a link.", LINK, public=False),
    EventType(
        "link.updated",
        "A link was made good for longer.",
        LINK | {"opened_count": 2, "last_opened_at": "2024-01-16T08:15:00Z"},
        public=False,
    ),
    EventType(
        "link.revoked",
        "A link was taken back, or made room for the next once it had expired.",
        LINK | {"status": "Revoked", "revoked_at": "2024-01-17T09:00:00Z"},
        public=False,
    ),
    EventType("exchange_rate.created", "What a currency is worth was stored.", EXCHANGE_RATE),
    EventType("exchange_rate.updated", "A stored exchange rate changed.", EXCHANGE_RATE),
    EventType("exchange_rate.deleted", "A stored exchange rate was removed.", EXCHANGE_RATE),
    EventType("product.created", "A product was added.", PRODUCT),
    EventType("product.updated", "A product changed, or was archived or restored.", PRODUCT),
    EventType("product.deleted", "A product that nothing refers to was removed.", PRODUCT),
    EventType("account.created", "An account was opened.", ACCOUNT),
    EventType("account.updated", "An account changed, or was archived or restored.", ACCOUNT),
    EventType("account.deleted", "An account without postings was removed.", ACCOUNT),
    EventType("category.created", "A category was added.", CATEGORY, resource="categories"),
    EventType(
        "category.updated",
        "A category changed, or was archived or restored.",
        CATEGORY,
        resource="categories",
    ),
    EventType(
        "category.deleted",
        "A category that nothing refers to was removed.",
        CATEGORY,
        resource="categories",
    ),
)
