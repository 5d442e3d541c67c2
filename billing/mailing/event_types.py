"""The events about the texts of mails and the levels of reminders."""

from decimal import Decimal

from bizsuite.events.registry import EventType, declare

MAIL_TEMPLATE = {
    "id": 1,
    "kind": "invoice",
    "subject": "Invoice {{ invoice_number }}",
    "body": "Hello {{ customer_name }}",
}
REMINDER_LEVEL = {
    "id": 1,
    "name": "Reminder",
    "days": 7,
    "active": True,
    "subject": "",
    "body": "",
    "fee_amount": Decimal("0.00"),
    "fee_percent": 0,
}

declare(
    EventType("mail_template.updated", "The text of a mail changed.", MAIL_TEMPLATE, public=False),
    EventType(
        "reminder_level.created", "A reminder level was added.", REMINDER_LEVEL, public=False
    ),
    EventType("reminder_level.updated", "A reminder level changed.", REMINDER_LEVEL, public=False),
    EventType(
        "reminder_level.deleted",
        "A reminder level that was never used was removed.",
        REMINDER_LEVEL,
        public=False,
    ),
)
