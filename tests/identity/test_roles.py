"""The roles as people were promised them; `tests/api/access_table.txt` holds the routes to it."""

import pytest

from bizsuite.identity.actors import Actor
from bizsuite.identity.roles import (
    ADMINISTRATIVE,
    READS,
    RESOURCES,
    SCOPED,
    WRITES,
    Role,
    role_may,
    scopes_allow,
    unknown_scopes,
)

BOOKS = {
    "invoices", "payments", "credit-notes", "transactions", "transfers", "accounts",
    "categories", "products", "quotes", "recurring-invoices", "write-offs",
}  # fmt: skip


def test_an_administrator_may_do_everything():
    assert WRITES[Role.ADMINISTRATOR] == READS[Role.ADMINISTRATOR] == RESOURCES


def test_nobody_else_sees_users_webhooks_keys_settings_or_the_audit_trail():
    assert {"users", "webhooks", "keys", "settings"} <= ADMINISTRATIVE
    for role in set(Role) - {Role.ADMINISTRATOR}:
        assert not ADMINISTRATIVE & (READS[role] | WRITES[role])


def test_an_accountant_keeps_the_books_and_reads_the_rest():
    assert WRITES[Role.ACCOUNTANT] >= BOOKS | {"customers"}
    assert not WRITES[Role.ACCOUNTANT] & {"tickets", "leads", "departments"}
    assert READS[Role.ACCOUNTANT] >= {"tickets", "leads", "departments", "reports"}


def test_sales_works_with_customers_leads_and_quotes():
    assert WRITES[Role.SALES] == {"customers", "leads", "quotes", "links"}
    assert READS[Role.SALES] >= WRITES[Role.SALES] | {"products", "invoices", "tickets"}
    assert not READS[Role.SALES] & {"payments", "transactions", "accounts", "reports"}


def test_support_works_with_tickets_and_customers():
    assert WRITES[Role.SUPPORT] == {"tickets", "departments", "customers"}
    assert READS[Role.SUPPORT] >= WRITES[Role.SUPPORT] | {"products", "invoices"}
    assert not READS[Role.SUPPORT] & {"leads", "payments", "transactions", "reports"}


def test_a_viewer_reads_all_but_what_is_administrative_and_writes_nothing():
    assert WRITES[Role.VIEWER] == set()
    assert READS[Role.VIEWER] == RESOURCES - ADMINISTRATIVE


@pytest.mark.parametrize("role", Role.values)
def test_writing_includes_reading_and_names_are_known(role):
    assert WRITES[role] <= READS[role] <= RESOURCES


def test_an_unknown_role_or_resource_gives_nothing():
    assert not role_may("owner", "read", "customers")
    assert not role_may(Role.ADMINISTRATOR, "read", "secrets")


@pytest.mark.parametrize(
    ("scopes", "verb", "allowed"),
    [
        ((), "read", True),
        ((), "write", True),
        (("customers:read",), "read", True),
        (("customers:read",), "write", False),
        (("customers:write",), "read", True),
        (("customers:write",), "write", True),
        (("invoices:write",), "read", False),
        (("customers",), "read", False),
        (("customers:*",), "read", False),
    ],
)
def test_scopes_leave_what_they_name(scopes, verb, allowed):
    assert scopes_allow(scopes, verb, "customers") is allowed


def test_unknown_scopes_are_found():
    asked = ("customers:read", "invoices:write", "customers:delete", "keys:write", "", "x:read")

    assert unknown_scopes(asked) == ["customers:delete", "keys:write", "", "x:read"]
    assert unknown_scopes(tuple(f"{name}:read" for name in SCOPED)) == []


def test_an_actor_needs_both_role_and_scope():
    viewer = Actor(name="V", role=Role.VIEWER, source="api", scopes=("customers:write",))

    assert viewer.may("read", "customers")
    assert not viewer.may("write", "customers")
    assert not viewer.may("read", "products")
    assert Actor.system("cli").may("write", "keys")
