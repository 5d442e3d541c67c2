"""Who sells and who buys, as documents say it: what is frozen with them, and what is asked anew."""

import copy
from collections.abc import Mapping
from typing import Any

from billing.models import CreditNote, Invoice, Quote
from bizsuite.identity.models import Organisation
from customers.models import Customer

# Who sold does not change once a document says so. Where to pay does: an account that is closed
# must not be printed again.
COPIED_OF_SELLER = (
    "name",
    "address",
    "street",
    "zip",
    "city",
    "state",
    "country",
    "email",
    "phone",
    "website",
    "tax_id",
    "registration_number",
)
# What it had all along, though nobody had entered it yet: it is filled in where it was empty.
ENTERED_LATER = ("country", "tax_id", "registration_number")

COPIED_OF_CUSTOMER = (
    "account",
    "contact_name",
    "email",
    "phone",
    "tax_id",
    "address",
    "city",
    "state",
    "zip",
    "country",
)


def copied_seller(profile: Organisation) -> dict[str, Any]:
    """The organisation as it is now, for a document that will say so whatever becomes of it."""
    return {name: getattr(profile, name) for name in COPIED_OF_SELLER}


def copied_details(customer: Customer) -> dict[str, Any]:
    """The customer as they are now, for a document that will say so whatever becomes of them."""
    return {name: getattr(customer, name) for name in COPIED_OF_CUSTOMER}


def seller_of(document: Invoice | CreditNote | Quote, *, today: Organisation) -> Organisation:
    """The organisation as it was when the document was issued or sent; never to be saved.

    today: as it is now, which is what drafts say, and documents from before it was kept.
    """
    seller = copy.copy(today)
    for name, value in document.seller_details.items():
        if value or name not in ENTERED_LATER:
            setattr(seller, name, value)
    return seller


def buyer_of(document: Invoice | Quote) -> Mapping[str, str]:
    """The customer as they were when the document was issued or sent; of a draft, as they are."""
    return document.customer_details or copied_details(document.customer)
