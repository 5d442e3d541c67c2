"""Who sells, who buys, and what: everything that an e-invoice needs, and documents of all kinds."""

from decimal import Decimal
from typing import Any

from billing.models import Invoice
from bizsuite.identity.models import Organisation, organisation
from customers.models import Customer
from tests import factories

SELLER = {
    "name": "Ladenburg & Söhne GmbH",
    "currency": "EUR",
    "street": "Hauptstraße 1",
    "zip": "69117",
    "city": "Heidelberg",
    "country": "DE",
    "email": "rechnung@example.com",
    "phone": "+49 6221 1234",
    "tax_id": "DE123456789",
    "registration_number": "HRB 12345 Mannheim",
    "bank_account": "DE89 3704 0044 0532 0130 00",
    "bic": "COBADEFFXXX",
}
BUYER = {
    "account": "Dupont <Frères> S.A.",
    "contact_name": "Marie Dupont",
    "email": "compta@example.fr",
    "tax_id": "FR40303265045",
    "address": "12 rue de la Paix\nBâtiment B",
    "zip": "75002",
    "city": "Paris",
    "country": "FR",
}


def seller(**changes: Any) -> Organisation:
    Organisation.objects.update_or_create(pk=1, defaults=SELLER | changes)
    return organisation()


def buyer(**changes: Any) -> Customer:
    return factories.make_customer(**(BUYER | changes))


def sold(*items: dict[str, Any], **fields: Any) -> Invoice:
    """An issued invoice of `items`, to a buyer of whom everything is known."""
    values = {"customer": fields.get("customer") or buyer(), "items": list(items)} | fields
    return factories.make_invoice(**values)


def item(
    amount: str = "100.00", quantity: str | int = 1, rate: str | int = 19, **fields: Any
) -> dict[str, Any]:
    if not Decimal(rate) and "tax_category" not in fields:
        fields["tax_category"] = "zero"
    return factories.new_item(amount, quantity, rate, **fields)
