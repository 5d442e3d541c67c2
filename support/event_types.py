"""The events of support, each with an example of what it carries."""

from typing import Any

from bizsuite.events.registry import EventType, declare

RECORD: dict[str, Any] = {
    "external_id": None,
    "metadata": {},
    "created_at": "2024-01-15T10:00:00Z",
    "updated_at": "2024-01-15T10:00:00Z",
}
DEPARTMENT = {
    "id": 1,
    "name": "Support",
    "email": "support@example.com",
    "archived_at": None,
} | RECORD
TICKET = {
    "id": 1,
    "ticket_number": "TKT-2024-001",
    "customer_id": 1,
    "subject": "Technical Support Required",
    "message": "Need assistance with installation",
    "status": "Open",
    "priority": "High",
    "department_id": 1,
    "assignee_id": None,
    "first_response_at": None,
    "waiting_since": "2024-01-15T10:00:00Z",
    "resolved_at": None,
} | RECORD
ATTACHMENT = {
    "id": 1,
    "reply_id": None,
    "name": "error.png",
    "content_type": "image/png",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": "2024-01-15T10:00:00Z",
}
REPLY = {
    "id": 1,
    "ticket_id": 1,
    "author": "staff",
    "author_name": "Ada Reyes",
    "user_id": 7,
    "message": "Which version do you install?",
    "internal": False,
    "attachments": [],
} | RECORD
CANNED_REPLY = {
    "id": 1,
    "title": "Which version?",
    "text": "Hello {customer}, which version do you use?",
} | RECORD
NOTE = REPLY | {"message": "Third time this week.", "internal": True}
ASSIGNED = TICKET | {"assignee_id": 7, "updated_at": "2024-01-15T10:20:00Z"}
ANSWERED = ASSIGNED | {
    "status": "Pending",
    "first_response_at": "2024-01-15T10:30:00Z",
    "waiting_since": None,
    "updated_at": "2024-01-15T10:30:00Z",
}
CLOSED = ANSWERED | {
    "status": "Closed",
    "resolved_at": "2024-01-16T09:00:00Z",
    "updated_at": "2024-01-16T09:00:00Z",
}

declare(
    EventType("ticket.created", "A ticket was opened.", TICKET),
    EventType(
        "ticket.updated",
        "Something about a ticket changed: its subject, priority, department, assignee or turn.",
        ASSIGNED,
    ),
    EventType(
        "ticket.replied",
        "Staff or the customer replied. `reply` is what was said.",
        ANSWERED | {"reply": REPLY},
    ),
    EventType(
        "ticket.noted",
        "Staff wrote an internal note. It never leaves as a webhook.",
        ANSWERED | {"reply": NOTE},
        public=False,
    ),
    EventType(
        "ticket.attached",
        "A file was added to a ticket's first message.",
        TICKET | {"attachment": ATTACHMENT},
    ),
    EventType(
        "ticket.detached",
        "A file was removed, maybe one of an internal note: it never leaves as a webhook.",
        TICKET | {"attachment": ATTACHMENT},
        public=False,
    ),
    EventType("ticket.closed", "A ticket was resolved.", CLOSED),
    EventType(
        "ticket.reopened",
        "A pending or closed ticket is open again by hand, or a closed one because the customer "
        "replied.",
        ANSWERED | {"status": "Open", "waiting_since": "2024-01-17T08:00:00Z"},
    ),
    EventType("ticket.deleted", "A ticket and its replies were removed.", TICKET),
    EventType("department.created", "A department was added.", DEPARTMENT),
    EventType(
        "department.updated",
        "A department was changed, archived or restored.",
        DEPARTMENT,
    ),
    EventType("canned_reply.created", "A canned reply was written.", CANNED_REPLY, public=False),
    EventType("canned_reply.updated", "A canned reply was changed.", CANNED_REPLY, public=False),
    EventType("canned_reply.deleted", "A canned reply was removed.", CANNED_REPLY, public=False),
    EventType("department.deleted", "A department without tickets was removed.", DEPARTMENT),
)
