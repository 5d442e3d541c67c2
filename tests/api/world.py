"""A record behind every address of the API, made from the examples of its own description.

Whatever is generated from the description meets real records by it, and a route that is new
joins in by itself.
"""

import functools
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone

from billing.models import InvoiceItem, Quote
from bizsuite.api.documentation import openapi_document
from bizsuite.events.models import Event
from bizsuite.events.relay import relay_events
from tests.api_client import ApiClient
from tests.einvoice.selling import buyer, seller
from tests.factories import (
    make_closed_year,
    make_credit_note,
    make_customer,
    make_invoice,
    make_payment,
    make_quote,
    make_ticket,
    make_user,
    make_version,
    make_write_off,
)
from tests.webhooks.factories import make_delivery, make_endpoint

DOCUMENT = openapi_document(settings.ROOT_URLCONF)
MEDIA_TYPE = "application/json"
# What is no resource but names one: `owner_id` is a user's.
NAMED = {
    "assignee": "users",
    "owner": "users",
    "category": "categories",
    "from_account": "accounts",
    "to_account": "accounts",
}
# What no example makes.
MADE: dict[str, Callable[[], Any]] = {
    "/users": make_user,
    "/webhooks": make_endpoint,
    "/webhooks/deliveries": make_delivery,
    "/tickets": make_ticket,
    # Not on the invoice that other examples pay; with all that an e-invoice needs.
    "/credit-notes": lambda: make_credit_note(make_invoice(customer=buyer())),
    "/payments": make_payment,
    # One that is valid still, so that it can be revised.
    "/quotes": make_quote,
    "/write-offs": make_write_off,
    # Long ago, so that the books stay open for what the examples book.
    "/closed-years": lambda: make_closed_year(1999),
}

_numbers = itertools.count(1)


def number_of_an_event() -> int:
    """Of one in the feed."""
    make_customer()
    relay_events(now=timezone.now())
    return Event.objects.get(type="customer.created").sequence or 0


@dataclass(frozen=True)
class Operation:
    """path: below /api/v2, with its placeholders. parameters: of the query, by name."""

    method: str
    path: str
    parameters: dict[str, dict[str, Any]]
    body: dict[str, Any] | None
    example: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def takes_body(self) -> bool:
        return self.method in ("POST", "PUT", "PATCH")


@functools.cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        _operation(method, path.removeprefix(settings.API_PREFIX), described)
        for path, item in DOCUMENT["paths"].items()
        for method, described in item.items()
        if method in ("get", "post", "put", "patch", "delete")
    )


def _operation(method: str, path: str, described: dict[str, Any]) -> Operation:
    content = described.get("requestBody", {}).get("content", {}).get(MEDIA_TYPE, {})
    return Operation(
        method=method.upper(),
        path=path,
        parameters={
            each["name"]: each for each in described.get("parameters", []) if each["in"] == "query"
        },
        body=content.get("schema"),
        example=content.get("example"),
    )


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to, one level deep."""
    if "$ref" in schema:
        return resolved(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    for each in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if each.get("type") != "null":
            return resolved(each)
    return schema


class World:
    """Makes records on demand, through the API, and remembers them."""

    def __init__(self, api: ApiClient) -> None:
        self.api = api
        seller(currency="USD")
        # From the beginning: the feed refuses to go on after what it has not come to.
        self._ids = {"/events": number_of_an_event()}

    def address(self, path: str) -> str:
        """`/invoices/{id}/issue` as the address of an invoice that is there."""
        known: list[str] = []
        template: list[str] = []
        for part in path.split("/"):
            if part.startswith("{"):
                known.append(str(self.id_in("/".join(template))))
            else:
                known.append(part)
            template.append(part)
        return "/".join(known)

    def id_in(self, collection: str) -> int:
        """The id of a record in a collection such as `/invoices`."""
        if collection not in self._ids:
            self._ids[collection] = self._make(collection)
        return self._ids[collection]

    def _make(self, collection: str) -> int:
        if collection in MADE:
            return MADE[collection]().pk
        if collection == "/quotes/{id}/versions":  # named by its number, made by revising
            return make_version(Quote.objects.get(pk=self.id_in("/quotes"))).revision
        if collection == "/invoice_items":  # no resource of its own
            return InvoiceItem.objects.filter(invoice=self.id_in("/invoices"))[0].pk
        creation = next(each for each in operations() if str(each) == f"POST {collection}")
        answer = self.api.post(self.address(collection), self.example_of(creation))
        assert answer.status == 201, (collection, answer.body)
        return answer.data["id"]

    def example_of(self, operation: Operation) -> Any:
        """The body that the description shows, about records that are there."""
        return self._with_ids(operation.example or {})

    def _with_ids(self, example: Any) -> Any:
        if isinstance(example, list):
            return [self._with_ids(each) for each in example]
        if not isinstance(example, dict):
            return example
        return {name: self._value(name, value) for name, value in example.items()}

    def _value(self, name: str, value: Any) -> Any:
        if name == "email" and isinstance(value, str):
            return f"w{next(_numbers)}-{value}"  # a user's is unique
        if not (name.endswith("_id") and isinstance(value, int)):
            return self._with_ids(value)
        noun = name.removesuffix("_id")
        collection = f"/{NAMED.get(noun, noun + 's')}"
        if collection == "/accounts":  # a transfer is between two
            return self._make(collection)
        return self.id_in(collection)
