"""A list asks the database as often for a hundred rows as for twenty, whatever it shows of them."""

import itertools
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import closed_years, receipts
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


def payments_some_of_them_on_invoices() -> Filling:
    customer, kinds = factories.make_customer(), itertools.cycle((True, False, False, False))

    def add_row() -> object:
        if next(kinds):
            return factories.make_payment("10.00", invoice=factories.make_invoice())
        return factories.make_payment("10.00", customer=customer)

    return "/payments", add_row


def deliveries_of_one_webhook() -> Filling:
    endpoint = make_endpoint()
    return f"/webhooks/{endpoint.pk}/deliveries", lambda: make_delivery(endpoint)


def versions_of_one_quote() -> Filling:
    quote = factories.make_quote()
    return f"/quotes/{quote.pk}/versions", lambda: factories.make_version(quote)


def files_of_one_ticket() -> Filling:
    ticket = factories.make_ticket()
    return f"/tickets/{ticket.pk}/attachments", lambda: factories.make_attachment(ticket)


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


def receipts_of_one_transaction() -> Filling:
    line = factories.make_transaction()
    # More than the rules let one have.
    file = {"name": "invoice.pdf", "content_type": "application/pdf", "sha256": "0" * 64}
    return (
        f"/transactions/{line.pk}/receipts",
        lambda: line.receipts.create(**file, size=8, content=b"%PDF-1.7"),
    )


def closed_and_reopened_year() -> object:
    return closed_years.reopen_year(factories.make_closed_year(), actor=factories.SYSTEM)


# A new list fails the first test below until it is added here.
FILLINGS: dict[str, Callable[[], Filling]] = {
    "/accounts": lambda: ("/accounts", factories.make_account),
    "/assignees": lambda: ("/assignees", factories.make_user),
    "/categories": lambda: ("/categories", factories.make_category),
    "/closed-years": lambda: ("/closed-years", closed_and_reopened_year),
    "/credit-notes": lambda: (
        "/credit-notes",
        lambda: factories.make_credit_note(make_invoice(), (1, "5.00"), (0, "1.00")),
    ),
    "/customers": lambda: ("/customers", factories.make_customer),
    "/exchange-rates": lambda: ("/exchange-rates", factories.make_exchange_rate),
    "/invoices": lambda: ("/invoices", make_invoice),
    "/invoices/{invoice_pk}/payments": payments_of_one_invoice,
    "/leads": leads_with_duplicates,
    "/leads/{lead_pk}/notes": notes_of_one_lead,
    "/leads/{id}/stage-history": stages_of_one_lead,
    "/links": lambda: ("/links", factories.make_link),
    "/payments": payments_some_of_them_on_invoices,
    "/products": lambda: ("/products", factories.make_product),
    "/quotes": lambda: ("/quotes", factories.make_quote),
    "/recurring-invoices": lambda: ("/recurring-invoices", factories.make_recurring_invoice),
    "/quotes/{id}/versions": versions_of_one_quote,
    "/departments": lambda: ("/departments", factories.make_department),
    "/tickets": lambda: ("/tickets", factories.make_ticket),
    "/tickets/{ticket_pk}/attachments": files_of_one_ticket,
    "/tickets/{ticket_pk}/replies": replies_of_one_ticket,
    "/suppliers": lambda: ("/suppliers", factories.make_supplier),
    "/transactions/{transaction_pk}/receipts": receipts_of_one_transaction,
    "/transfers": lambda: ("/transfers", factories.make_transfer),
    "/transactions": lambda: ("/transactions", factories.make_transaction),
    "/write-offs": lambda: ("/write-offs", lambda: factories.make_write_off(make_invoice())),
    "/usage": lambda: ("/usage", factories.make_usage),
    "/users": lambda: ("/users", factories.make_user),
    "/webhooks": lambda: ("/webhooks", make_endpoint),
    "/webhooks/deliveries": lambda: ("/webhooks/deliveries", deliveries_of_one_webhook()[1]),
    "/webhooks/{id}/deliveries": deliveries_of_one_webhook,
}


LISTS = {
    path.removeprefix("/api/v2"): item["get"]["parameters"]
    for path, item in openapi_document(settings.ROOT_URLCONF)["paths"].items()
    if any(each["name"] == "page" for each in item.get("get", {}).get("parameters", []))
}


def expandable(path: str) -> list[str]:
    return [
        name
        for each in LISTS.get(path, [])
        if each["name"] == "expand"
        for name in each["schema"]["items"]["enum"]
    ]


def queries_of(api: ApiClient, address: str, query: str, *, rows: int) -> int:
    with CaptureQueriesContext(connection) as queries:
        answer = api.get(f"{address}?limit={rows}{query}")
    assert len(answer.data) == rows
    return len(queries)


def test_every_list_is_held_to_it():
    assert set(LISTS) == set(FILLINGS)


@pytest.mark.parametrize("path", FILLINGS)
def test_a_hundred_rows_cost_as_many_queries_as_twenty(api, path, monkeypatch):
    # More than a transaction may have: the list's queries are counted, not the rule.
    monkeypatch.setattr(receipts, "MAX_RECEIPTS", 100)
    address, add_row = FILLINGS[path]()
    for _ in range(100):
        add_row()

    with_twenty = queries_of(api, address, "", rows=20)
    assert queries_of(api, address, "", rows=100) == with_twenty
    assert with_twenty <= 8

    if names := expandable(path):
        expanded = f"&expand={','.join(names)}"
        with_twenty_expanded = queries_of(api, address, expanded, rows=20)
        assert queries_of(api, address, expanded, rows=100) == with_twenty_expanded
        # Each costs one query, and one for each of its own parts.
        assert with_twenty_expanded <= with_twenty + 3 * len(names)
