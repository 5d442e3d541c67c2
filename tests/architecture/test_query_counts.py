"""A list asks the database as often for ten rows as for three."""

import itertools
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bizsuite.api.documentation import openapi_document
from crm import leads
from tests import factories
from tests.api_client import ApiClient
from tests.webhooks.factories import make_delivery, make_endpoint

pytestmark = pytest.mark.django_db

# The address of a list, and what adds a row to it.
Filling = tuple[str, Callable[[], object]]


def make_invoice() -> object:
    items = [
        factories.new_item("100.00", tax_rate=20, product=factories.make_product()),
        factories.new_item("10.00", tax_rate=10),
    ]
    return factories.make_invoice(items=items)


def payments_of_one_invoice() -> Filling:
    invoice = factories.make_invoice("5000.00")
    address = f"/invoices/{invoice.pk}/payments"
    return address, lambda: factories.make_payment("10.00", invoice=invoice)


def deliveries_of_one_webhook() -> Filling:
    endpoint = make_endpoint()
    return f"/webhooks/{endpoint.pk}/deliveries", lambda: make_delivery(endpoint)


def replies_of_one_ticket() -> Filling:
    ticket = factories.make_ticket()
    return f"/tickets/{ticket.pk}/replies", lambda: factories.make_reply(ticket)


def leads_with_duplicates() -> Filling:
    owner = factories.make_user()
    return "/leads", lambda: factories.make_lead(email="info@example.com", owner=owner)


def notes_of_one_lead() -> Filling:
    lead = factories.make_lead()
    return f"/leads/{lead.pk}/notes", lambda: factories.make_lead_note(lead)


def stages_of_one_lead() -> Filling:
    lead = factories.make_lead()
    stages = itertools.cycle(("Contacted", "Qualified"))
    return (
        f"/leads/{lead.pk}/stage-history",
        lambda: leads.update_lead(lead, stage=next(stages), actor=factories.SYSTEM),
    )


# A new list fails the first test below until it is added here.
FILLINGS: dict[str, Callable[[], Filling]] = {
    "/accounts": lambda: ("/accounts", factories.make_account),
    "/assignees": lambda: ("/assignees", factories.make_user),
    "/categories": lambda: ("/categories", factories.make_category),
    "/customers": lambda: ("/customers", factories.make_customer),
    "/invoices": lambda: ("/invoices", make_invoice),
    "/invoices/{invoice_pk}/payments": payments_of_one_invoice,
    "/leads": leads_with_duplicates,
    "/leads/{lead_pk}/notes": notes_of_one_lead,
    "/leads/{id}/stage-history": stages_of_one_lead,
    "/payments": lambda: (
        "/payments",
        lambda: factories.make_payment("10.00", invoice=factories.make_invoice()),
    ),
    "/products": lambda: ("/products", factories.make_product),
    "/quotes": lambda: ("/quotes", factories.make_quote),
    "/departments": lambda: ("/departments", factories.make_department),
    "/tickets": lambda: ("/tickets", factories.make_ticket),
    "/tickets/{ticket_pk}/replies": replies_of_one_ticket,
    "/transfers": lambda: ("/transfers", factories.make_transfer),
    "/transactions": lambda: ("/transactions", factories.make_transaction),
    "/users": lambda: ("/users", factories.make_user),
    "/webhooks": lambda: ("/webhooks", make_endpoint),
    "/webhooks/deliveries": lambda: ("/webhooks/deliveries", make_delivery),
    "/webhooks/{id}/deliveries": deliveries_of_one_webhook,
}


def lists() -> list[str]:
    """The lists of the API, by its own description."""
    return [
        path.removeprefix("/api/v2")
        for path, item in openapi_document(settings.ROOT_URLCONF)["paths"].items()
        if any(each["name"] == "page" for each in item.get("get", {}).get("parameters", []))
    ]


def queries_of(api: ApiClient, address: str, *, rows: int) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = api.get(f"{address}?limit=100")
    assert answer.meta["total_records"] >= rows
    return len(queries)


def test_every_list_is_held_to_it():
    assert set(lists()) == set(FILLINGS)


@pytest.mark.parametrize("path", FILLINGS)
def test_ten_rows_cost_as_many_queries_as_three(api, path):
    address, add_row = FILLINGS[path]()
    for _ in range(3):
        add_row()
    with_three = queries_of(api, address, rows=3)
    for _ in range(7):
        add_row()

    assert queries_of(api, address, rows=10) == with_three
    assert with_three <= 8
