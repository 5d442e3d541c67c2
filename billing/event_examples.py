"""What events carry, for example: of what is neither invoice, quote nor payment."""

from decimal import Decimal
from typing import Any

RECORD: dict[str, Any] = {
    "external_id": None,
    "metadata": {},
    "created_at": "2024-01-15T10:00:00Z",
    "updated_at": "2024-01-15T10:00:00Z",
}
WRITE_OFF = {
    "id": 1,
    "invoice_id": 1,
    "customer_id": 1,
    "amount": Decimal("500.00"),
    "currency": "USD",
    "date": "2024-06-30",
    "reason": "The company was dissolved",
    "reversed_on": None,
} | RECORD
CLOSED_YEAR = {
    "id": 1,
    "last_day": "2024-12-31",
    "profit": Decimal("10000.00"),
    "cash_profit": Decimal("9000.00"),
    "currency": "USD",
    "reopened_at": None,
} | RECORD
CATEGORY = {"id": 1, "name": "Sales", "type": "Income", "archived_at": None} | RECORD
PRODUCT = {
    "id": 1,
    "name": "Web Hosting",
    "type": "service",
    "price": Decimal("99.99"),
    "tax_rate": 10,
    "tax_category": "standard",
    "tax_exemption_reason": None,
    "unit": "ANN",
    "description": "Annual web hosting package",
    "archived_at": None,
} | RECORD
SUPPLIER = {
    "id": 1,
    "name": "Paper & Ink Ltd",
    "tax_id": "GB987654321",
    "email": "sales@example.com",
    "phone": "+44 117 496 0100",
    "address": "7 Dock Road",
    "city": "Bristol",
    "zip": "BS1 6XN",
    "country": "GB",
    "notes": None,
    "archived_at": None,
} | RECORD
RECEIPT = {
    "id": 1,
    "name": "invoice-4711.pdf",
    "content_type": "application/pdf",
    "size": 48213,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "created_at": "2024-01-15T10:00:00Z",
}
