"""What events carry, for example: of what is neither an invoice nor a payment."""

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


def item_of(description: str, price: Decimal) -> dict[str, Any]:
    """One of a document, without tax."""
    return {
        "id": 1,
        "description": description,
        "amount": price,
        "qty": 1,
        "unit": "C62",
        "discount_percent": None,
        "discount_amount": None,
        "tax_rate": 0,
        "tax_category": "zero",
        "tax_exemption_reason": None,
        "total": price,
        "net": price,
        "product_id": None,
        "category_id": None,
    }


def tax_on(net: Decimal) -> dict[str, Any]:
    return {
        "category": "zero",
        "rate": 0,
        "exemption_reason": None,
        "discount": Decimal("0.00"),
        "net": net,
        "tax": Decimal("0.00"),
    }


QUOTE = {
    "id": 1,
    "quote_number": "QUO-2024-001",
    "revision": 1,
    "customer_id": 1,
    "amount": Decimal("2000.00"),
    "status": "Draft",
    "date": "2024-01-15",
    "valid_until": "2024-02-15",
    "reference": None,
    "currency": "USD",
    "tax_inclusive": False,
    "discount_percent": None,
    "discount_amount": None,
    "discount": Decimal("0.00"),
    "exchange_rate": 1,
    "subtotal": Decimal("2000.00"),
    "tax": Decimal("0.00"),
    "items": [item_of("Consulting Services", Decimal("2000.00"))],
    "taxes": [tax_on(Decimal("2000.00"))],
    "notes": None,
    "sent_at": None,
    "accepted_at": None,
    "declined_at": None,
    "decline_reason": None,
    "answered_by": None,
    "answered_from": None,
    "invoice_id": None,
} | RECORD
