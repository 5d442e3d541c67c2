from bizsuite.events.registry import EventType, declare

MAIL = {
    "id": 1,
    "to": "jane@example.com",
    "subject": "[TKT-2024-001] Technical Support Required",
    "status": "failed",
    "attempts": 9,
    "last_error": "550 No such user here",
}

declare(
    EventType("mail.failed", "A mail could not be sent and was given up.", MAIL, public=False),
    EventType(
        "mail.retried",
        "Somebody had a mail that was given up sent once more.",
        MAIL | {"status": "queued"},
        public=False,
    ),
)
