from decimal import Decimal

from bizsuite.events.registry import EventType, declare

LEAD = {
    "id": 1,
    "first_name": "John",
    "last_name": "Smith",
    "email": "john@example.com",
    "company": "Acme Corp",
    "phone": "1234567890",
    "source": "Website",
    "description": None,
    "stage": "New",
    "lost_reason": None,
    "owner_id": 7,
    "expected_value": Decimal("1500.00"),
    "expected_close_date": "2024-03-31",
    "next_action": "Call back",
    "next_action_date": "2024-01-17",
    "customer_id": None,
    "converted_at": None,
    "merged_into_id": None,
    "possible_duplicates": [],
    "external_id": None,
    "metadata": {},
    "created_at": "2024-01-15T10:00:00Z",
    "updated_at": "2024-01-15T10:00:00Z",
}
LEAD_NOTE = {
    "id": 1,
    "lead_id": 1,
    "text": "Wants an offer for ten seats.",
    "noted_at": "2024-01-16T09:30:00Z",
    "author": "Ada Reyes",
    "external_id": None,
    "metadata": {},
    "created_at": "2024-01-16T09:30:00Z",
    "updated_at": "2024-01-16T09:30:00Z",
}
STAGE_MOVE = {
    "id": 2,
    "from_stage": "New",
    "to_stage": "Contacted",
    "reason": None,
    "moved_at": "2024-01-16T09:30:00Z",
    "moved_by": "Ada Reyes",
}

declare(
    EventType("lead.created", "A lead was added.", LEAD),
    EventType(
        "lead.updated",
        "A lead's details or its stage changed.",
        LEAD | {"stage": "Contacted", "updated_at": "2024-01-16T09:30:00Z"},
    ),
    EventType(
        "lead.converted",
        "A lead became a customer, or was linked to one.",
        LEAD | {"stage": "Won", "customer_id": 1, "converted_at": "2024-02-01T14:00:00Z"},
    ),
    EventType("lead.merged", "A lead became a part of another one.", LEAD | {"merged_into_id": 2}),
    EventType("lead.deleted", "A lead was removed.", LEAD),
    EventType("lead_note.created", "A note was added to a lead.", LEAD_NOTE, resource="leads"),
)
