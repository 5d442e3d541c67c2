from bizsuite.events.registry import EventType, declare

CUSTOMER = {
    "id": 1,
    "account": "Jane Smith",
    "contact_name": None,
    "email": "jane@example.com",
    "phone": "1234567890",
    "tax_id": None,
    "address": "123 Business St",
    "city": "New York",
    "state": "NY",
    "zip": "10001",
    "country": "US",
    "notes": None,
    "reminders_paused": False,
    "external_id": None,
    "metadata": {},
    "archived_at": None,
    "created_at": "2024-01-15T10:00:00Z",
    "updated_at": "2024-01-15T10:00:00Z",
}

declare(
    EventType("customer.created", "A customer was added.", CUSTOMER),
    EventType("customer.updated", "A customer's details changed.", CUSTOMER),
    EventType(
        "customer.archived",
        "A customer with documents was deleted: hidden, but kept.",
        CUSTOMER | {"archived_at": "2024-03-01T09:30:00Z"},
    ),
    EventType("customer.deleted", "A customer without documents was removed.", CUSTOMER),
)
