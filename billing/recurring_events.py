"""The events of recurring invoices, each with an example of what it carries."""

from decimal import Decimal

from billing.event_examples import RECORD, item_of, tax_on
from bizsuite.events.registry import EventType, declare

RECURRING_INVOICE = {
    "id": 1,
    "customer_id": 1,
    "amount": Decimal("49.00"),
    "status": "Active",
    "interval": "monthly",
    "every": 1,
    "start_date": "2030-01-31",
    "end_date": None,
    "count": None,
    "next_date": "2030-01-31",
    "upcoming_dates": [
        "2030-01-31",
        "2030-02-28",
        "2030-03-31",
        "2030-04-30",
        "2030-05-31",
        "2030-06-30",
    ],
    "made": 0,
    "payment_terms_days": None,
    "draft": False,
    "mail": False,
    "catch_up": "all",
    "reference": None,
    "currency": "USD",
    "tax_inclusive": False,
    "discount_percent": None,
    "discount_amount": None,
    "discount": Decimal("0.00"),
    "subtotal": Decimal("49.00"),
    "tax": Decimal("0.00"),
    "items": [item_of("Hosting {{ month }} {{ year }}", Decimal("49.00"))],
    "taxes": [tax_on(Decimal("49.00"))],
    "notes": None,
    "failure": None,
    "failure_code": None,
    "failed_at": None,
} | RECORD

declare(
    EventType("recurring_invoice.created", "A recurring invoice was set up.", RECURRING_INVOICE),
    EventType("recurring_invoice.updated", "A recurring invoice changed.", RECURRING_INVOICE),
    EventType(
        "recurring_invoice.generated",
        "A recurring invoice made the invoice of a period; invoice.created tells of that.",
        RECURRING_INVOICE | {"next_date": "2030-02-28", "made": 1},
    ),
    EventType(
        "recurring_invoice.failed",
        "An invoice could not be made or mailed; said once per reason, while it is tried again.",
        RECURRING_INVOICE
        | {
            "failure": "The books are closed up to 2030-01-31.",
            "failure_code": "period_closed",
            "failed_at": "2030-01-31T00:05:00Z",
        },
    ),
    EventType(
        "recurring_invoice.paused",
        "A recurring invoice makes none until it is resumed.",
        RECURRING_INVOICE | {"status": "Paused"},
    ),
    EventType(
        "recurring_invoice.resumed", "A recurring invoice goes on after a pause.", RECURRING_INVOICE
    ),
    EventType(
        "recurring_invoice.ended",
        "Somebody ended a recurring invoice for good.",
        RECURRING_INVOICE | {"status": "Ended", "next_date": None, "upcoming_dates": []},
    ),
    EventType(
        "recurring_invoice.deleted",
        "A recurring invoice that had made none was removed.",
        RECURRING_INVOICE,
    ),
)
