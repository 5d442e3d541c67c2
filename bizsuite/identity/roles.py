"""Who may do what: one table, enforced by the API and the admin alike.

A role reads or writes a resource as a whole; rows have no owners. Writing includes reading.
"""

from typing import Literal

from django.db import models
from django.utils.translation import gettext_lazy as _

Verb = Literal["read", "write"]


class Role(models.TextChoices):
    ADMINISTRATOR = "administrator", _("Administrator")
    ACCOUNTANT = "accountant", _("Accountant")
    SALES = "sales", _("Sales")
    SUPPORT = "support", _("Support")
    VIEWER = "viewer", _("Viewer")


BILLING = frozenset(
    {
        "invoices",
        "payments",
        "credit-notes",
        "write-offs",
        "transactions",
        "transfers",
        "accounts",
        "categories",
        "exchange-rates",
        "suppliers",
        "products",
        "quotes",
        "recurring-invoices",
        "links",
        "journal",
        "mail-templates",
        "reminders",
        "closed-years",
    }
)
# Everything a key's scopes can name.
SCOPED = BILLING | {"customers", "tickets", "departments", "leads", "reports", "users", "webhooks"}
# Nobody but administrators sees these.
ADMINISTRATIVE = frozenset({"users", "webhooks", "keys", "settings", "audit", "mail"})
# Every role reads these; of the events, those about resources that it reads.
COMMON = frozenset({"assignees", "usage", "index", "events"})
RESOURCES = SCOPED | ADMINISTRATIVE | COMMON
_ORDINARY = RESOURCES - ADMINISTRATIVE

WRITES: dict[str, frozenset[str]] = {
    Role.ADMINISTRATOR: RESOURCES,
    Role.ACCOUNTANT: BILLING | {"customers", "reports"},
    Role.SALES: frozenset({"customers", "leads", "quotes", "links"}),
    Role.SUPPORT: frozenset({"tickets", "departments", "customers"}),
    Role.VIEWER: frozenset(),
}
READS: dict[str, frozenset[str]] = {
    Role.ADMINISTRATOR: RESOURCES,
    Role.ACCOUNTANT: _ORDINARY,
    Role.SALES: WRITES[Role.SALES] | COMMON | {"products", "invoices", "tickets"},
    Role.SUPPORT: WRITES[Role.SUPPORT] | COMMON | {"products", "invoices"},
    Role.VIEWER: _ORDINARY,
}


def role_may(role: str, verb: Verb, resource: str) -> bool:
    table = WRITES if verb == "write" else READS
    return resource in table.get(role, frozenset())


def scopes_allow(scopes: tuple[str, ...], verb: Verb, resource: str) -> bool:
    """Whether a key's scopes leave this right; no scopes leave the whole role."""
    if not scopes or resource in COMMON:
        return True
    return f"{resource}:write" in scopes or (verb == "read" and f"{resource}:read" in scopes)


def unknown_scopes(scopes: tuple[str, ...]) -> list[str]:
    known = {f"{resource}:{verb}" for resource in SCOPED for verb in ("read", "write")}
    return [scope for scope in scopes if scope not in known]
