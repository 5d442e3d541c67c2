from bizsuite.events.registry import EventType, declare

USER = {
    "id": 7,
    "name": "Ada Reyes",
    "email": "ada@example.com",
    "role": "accountant",
    "active": True,
    "external_id": None,
    "metadata": {},
    "created_at": "2024-01-15T10:00:00Z",
    "updated_at": "2024-01-15T10:00:00Z",
}
API_KEY = {
    "id": 3,
    "name": "Web shop",
    "public_id": "7k2m9q4x8t3v",
    "user_id": 7,
    "scopes": ["customers:read", "invoices:write"],
    "rate_limit": None,
    "expires_at": None,
    "allowed_networks": ["203.0.113.0/24"],
    "signing": True,
    "signature_required": False,
    "revoked_at": None,
}
ORGANISATION = {
    "name": "Harbour Books Ltd",
    "address": "",
    "street": "1 Quay Street",
    "zip": "BS1 4DJ",
    "city": "Bristol",
    "state": "",
    "country": "GB",
    "email": "office@example.com",
    "phone": "+44 117 496 0000",
    "website": "www.example.com",
    "tax_id": "GB123456789",
    "registration_number": "Companies House 01234567",
    "bank_name": "Harbour Bank",
    "bank_account": "GB33 BUKB 2020 1555 5555 55",
    "bic": "BUKBGB22",
    "payment_instructions": "",
    "footer": "",
    "logo": None,
    "currency": "GBP",
    "timezone": "Europe/London",
    "payment_terms_days": 30,
    "closed_until": None,
    "fiscal_year_start_month": 1,
    "reminders_enabled": False,
    "reminders_from": None,
    "numbers_follow_dates": False,
}

declare(
    EventType("user.created", "A user was added.", USER),
    EventType("user.updated", "A user's name, address, role, state or password changed.", USER),
    EventType("user.deleted", "A user was removed.", USER),
    EventType(
        "user.locked_out",
        "Somebody tried too many passwords for a user, from one address.",
        USER,
        public=False,
    ),
    EventType("api_key.created", "An API key was made.", API_KEY, public=False),
    EventType(
        "api_key.updated",
        "An API key's expiry, networks or signing secret changed.",
        API_KEY,
        public=False,
    ),
    EventType("api_key.revoked", "An API key was revoked.", API_KEY, public=False),
    EventType(
        "organisation.updated", "The organisation's settings changed.", ORGANISATION, public=False
    ),
)
