"""The reference, request by request, verbatim and in its order, on a fresh installation."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from billing.models import Invoice, Product, Quote, Transaction
from crm.models import Lead
from customers.models import Customer
from support.models import Ticket
from webhooks.views import WebhookViewSet

pytestmark = pytest.mark.django_db

ANY = object()  # a value that the reference does not settle


@dataclass(frozen=True)
class Request:
    """One request of the reference.

    section: the heading that it stands under. sent: the body, to the letter. shape: what the
    answer's `data` (a list's first row) must hold at least; ANY for a value that may differ.
    raw: what the answer must contain to the byte.
    """

    section: str
    method: str
    path: str
    sent: str = ""
    status: int = 200
    shape: dict[str, Any] | None = None
    raw: str = ""


CUSTOMER = {
    "id": 1,
    "account": "Jane Smith",
    "email": "jane@example.com",
    "phone": "1234567890",
    "created_at": ANY,
    "updated_at": ANY,
}
CUSTOMER_BODY = """{
    "account": "Jane Smith",
    "email": "jane@example.com",
    "phone": "1234567890",
    "address": "123 Business St",
    "city": "New York",
    "state": "NY",
    "zip": "10001",
    "country": "US"
}"""
INVOICE = {
    "id": 1,
    "invoice_number": "INV-2024-001",
    "customer_id": 1,
    "amount": Decimal("1500.00"),
    "status": "Unpaid",
    "due_date": "2024-02-15",
    "items": [
        {"description": "Web Development", "amount": Decimal("1500.00"), "qty": 1},
    ],
}
INVOICE_RAW = '"amount":1500.00,"status":"Unpaid"'
TRANSACTION = {
    "id": 1,
    "type": "Income",
    "account_id": 1,
    "amount": Decimal("1500.00"),
    "category_id": 1,
    "description": "Website Development Payment",
    "date": "2024-01-15",
}
PRODUCT = {
    "id": 1,
    "name": "Web Hosting",
    "price": Decimal("99.99"),
    "description": "Annual web hosting package",
    "type": "service",
    "tax_rate": 10,
}
QUOTE = {
    "id": 1,
    "quote_number": ANY,  # its year is today's
    "customer_id": 1,
    "valid_until": "2024-02-15",
    "items": [{"description": "Consulting Services", "amount": Decimal("2000.00"), "qty": 1}],
}
TICKET = {
    "id": 1,
    "ticket_number": ANY,
    "customer_id": 1,
    "subject": "Technical Support Required",
    "message": "Need assistance with installation",
    "department_id": 1,
    "priority": "High",
    "status": "Open",
}
USER = {"id": ANY, "name": "Admin User", "email": "admin@example.com", "role": "administrator"}
LEAD = {
    "id": 1,
    "first_name": "John",
    "last_name": "Smith",
    "email": "john@example.com",
    "company": "Acme Corp",
    "phone": "1234567890",
    "source": "Website",
    "stage": "New",
    "possible_duplicates": [],
}
WEBHOOK = {
    "url": "https://your-domain.com/webhook",
    "events": ["invoice.created", "payment.received"],
}

REQUESTS = [
    Request("List All Customers", "GET", "/customers"),
    Request("List All Customers", "GET", "/customers?page=1&limit=20&search=nobody"),
    Request("Create Customer", "POST", "/customers", CUSTOMER_BODY, 201, CUSTOMER),
    Request("List All Customers", "GET", "/customers?page=1&limit=20&search=jane", shape=CUSTOMER),
    Request("Get Customer", "GET", "/customers/1", shape=CUSTOMER),
    Request("Update Customer", "PUT", "/customers/1", CUSTOMER_BODY, shape=CUSTOMER),
    # The reference's DELETE is tried on a customer that nothing later needs.
    Request("Create Customer", "POST", "/customers", CUSTOMER_BODY, 201),
    Request("Delete Customer", "DELETE", "/customers/2"),
    Request("List All Invoices", "GET", "/invoices"),
    Request(
        "Create Invoice",
        "POST",
        "/invoices",
        """{
    "customer_id": 1,
    "date": "2024-01-15",
    "due_date": "2024-02-15",
    "items": [
        {
            "description": "Web Development",
            "amount": 1500.00,
            "qty": 1
        }
    ],
    "notes": "Payment due within 30 days"
}""",
        201,
        INVOICE | {"date": "2024-01-15", "notes": "Payment due within 30 days"},
        INVOICE_RAW,
    ),
    Request(
        "List All Invoices",
        "GET",
        "/invoices?status=Unpaid&customer_id=1&date_from=2024-01-15&date_to=2024-01-15",
        shape=INVOICE,
        raw=INVOICE_RAW,
    ),
    Request("List All Invoices", "GET", "/invoices?status=Partially Paid"),
    Request("List Transactions", "GET", "/transactions"),
    Request(
        "Record Transaction",
        "POST",
        "/transactions",
        """{
    "type": "Income",
    "account_id": 1,
    "amount": 1500.00,
    "category_id": 1,
    "description": "Website Development Payment",
    "date": "2024-01-15"
}""",
        201,
        TRANSACTION,
        '"amount":1500.00',
    ),
    Request(
        "List Transactions",
        "GET",
        "/transactions?type=Income&account_id=1&date_from=2024-01-15&date_to=2024-01-15",
        shape=TRANSACTION,
        raw='"amount":1500.00',
    ),
    Request("List Products", "GET", "/products"),
    Request(
        "Create Product",
        "POST",
        "/products",
        """{
    "name": "Web Hosting",
    "price": 99.99,
    "description": "Annual web hosting package",
    "type": "service",
    "tax_rate": 10
}""",
        201,
        PRODUCT,
        '"price":99.99,"tax_rate":10,',
    ),
    Request("List Products", "GET", "/products", shape=PRODUCT),
    Request("List Quotes", "GET", "/quotes"),
    Request(
        "Create Quote",
        "POST",
        "/quotes",
        """{
    "customer_id": 1,
    "valid_until": "2024-02-15",
    "items": [
        {
            "description": "Consulting Services",
            "amount": 2000.00,
            "qty": 1
        }
    ]
}""",
        201,
        QUOTE,
        '"amount":2000.00',
    ),
    Request("List Quotes", "GET", "/quotes", shape=QUOTE, raw='"amount":2000.00'),
    Request("List Tickets", "GET", "/tickets"),
    Request(
        "Create Ticket",
        "POST",
        "/tickets",
        """{
    "customer_id": 1,
    "subject": "Technical Support Required",
    "message": "Need assistance with installation",
    "department_id": 1,
    "priority": "High"
}""",
        201,
        TICKET,
    ),
    Request("List Tickets", "GET", "/tickets?status=Open&department_id=1", shape=TICKET),
    Request(
        "Create Lead",
        "POST",
        "/leads",
        """{
    "first_name": "John",
    "last_name": "Smith",
    "email": "john@example.com",
    "company": "Acme Corp",
    "phone": "1234567890",
    "source": "Website"
}""",
        201,
        LEAD,
    ),
    Request("List Users", "GET", "/users"),
    Request(
        "Create User",
        "POST",
        "/users",
        """{
    "name": "Admin User",
    "email": "admin@example.com",
    "password": "securepassword",
    "role": "administrator"
}""",
        201,
        USER,
    ),
    Request("List Users", "GET", "/users?search=admin@example.com", shape=USER),
    Request(
        "Financial Summary",
        "GET",
        "/reports/financial?year=2024&month=1",
        shape={
            "income": Decimal("1500.00"),
            "expenses": Decimal("0.00"),
            "profit": Decimal("1500.00"),
            "outstanding_invoices": Decimal("1500.00"),
        },
        raw='{"income":1500.00,"expenses":0.00,"profit":1500.00,"outstanding_invoices":1500.00,',
    ),
    Request(
        "Register Webhook",
        "POST",
        "/webhooks",
        """{
    "url": "https://your-domain.com/webhook",
    "events": ["invoice.created", "payment.received"]
}""",
        201,
        WEBHOOK,
    ),
]


@pytest.fixture
def _names_resolve(monkeypatch):
    monkeypatch.setattr(WebhookViewSet, "resolve", staticmethod(lambda host: ["93.184.215.14"]))


@pytest.fixture
def _first_ids(db):
    """Ids from 1, as on a fresh installation; undone with the test's transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("UPDATE sqlite_sequence SET seq = 0")
            return
        for model in (Customer, Invoice, Transaction, Product, Quote, Ticket, Lead):
            sequence = f"{model._meta.db_table}_{model._meta.pk.column}_seq"
            cursor.execute(f"ALTER SEQUENCE {sequence} RESTART")


@pytest.mark.usefixtures("_names_resolve", "_first_ids")
def test_every_request_of_the_reference_works_as_printed(api):
    for request in REQUESTS:
        answer = api.request(
            request.method, request.path.replace(" ", "%20"), raw=request.sent.encode()
        )

        where = f"{request.section}: {request.method} {request.path}"
        assert answer.status == request.status, (where, answer.body)
        assert answer.body["success"] is True, where
        assert request.raw in answer.raw.decode(), (where, answer.raw)
        if request.shape is not None:
            data = answer.data[0] if isinstance(answer.data, list) else answer.data
            assert matches(data, request.shape), (where, data)


def matches(shown: Any, expected: Any) -> bool:
    """Whether everything expected is shown, numbers to the last digit: 1500.00 is not 1500."""
    if expected is ANY:
        return shown is not None
    if isinstance(expected, dict):
        return all(name in shown and matches(shown[name], expected[name]) for name in expected)
    if isinstance(expected, list):
        return len(shown) == len(expected) and all(map(matches, shown, expected))
    return type(shown) is type(expected) and str(shown) == str(expected)


def test_a_list_answers_in_the_printed_envelope(api):
    api.post("/customers", raw=CUSTOMER_BODY.encode())

    body = api.get("/customers").body

    assert list(body) == ["success", "data", "meta"]
    assert body["meta"] | {"limit": 20} == {
        "current_page": 1,
        "total_pages": 1,
        "total_records": 1,
        "limit": 20,
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["data"][0]["created_at"])


def test_a_validation_error_reads_as_printed(api):
    bad_customer = api.post("/customers", {"account": "Jane", "email": "nonsense"})
    bad_amount = json.loads(REQUESTS[13].sent) | {"amount": 0}
    bad_transaction = api.post("/transactions", bad_amount)

    assert bad_customer.status == bad_transaction.status == 400
    assert bad_customer.body["success"] is bad_transaction.body["success"] is False
    assert bad_customer.errors == {"email": "Invalid email format"}
    assert bad_transaction.errors == {"amount": "Amount must be greater than 0"}


def test_an_authentication_error_reads_as_printed(anonymous):
    answer = anonymous.get("/customers")

    assert answer.status == 401
    assert answer.body == {
        "success": False,
        "message": "Invalid API key or unauthorized access",
    }


def test_the_rate_limit_headers_are_as_printed(api):
    headers = api.get("/customers").headers

    assert headers["X-RateLimit-Limit"] == "1000"
    assert headers["X-RateLimit-Remaining"] == "999"
    assert headers["X-RateLimit-Reset"].isdigit()
    assert len(headers["X-RateLimit-Reset"]) == len("1516131220")
