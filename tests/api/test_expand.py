"""`?expand=customer`: another record beside its id."""

import pytest

from billing.models import Invoice
from bizsuite.api.documentation import openapi_document
from bizsuite.events.models import Event
from bizsuite.identity.roles import Role
from tests.factories import (
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_ticket,
    make_transaction,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def invoice():
    return make_invoice("100.00")


def test_a_record_shows_the_other_one_beside_its_id(api, invoice):
    plain = api.get(f"/invoices/{invoice.pk}").data
    data = api.get(f"/invoices/{invoice.pk}?expand=customer").data

    names = list(plain)
    names.insert(names.index("customer_id") + 1, "customer")
    assert list(data) == names
    assert data["customer"] == api.get(f"/customers/{invoice.customer_id}").data
    assert {name: data[name] for name in plain} == plain


def test_a_list_shows_it_in_every_row(api):
    first, second = make_invoice(), make_invoice(customer=make_customer(account="Joan"))

    rows = api.get("/invoices?expand=customer").data

    assert [row["customer"]["account"] for row in rows] == ["Jane Smith", "Joan"]
    assert [row["customer"]["id"] for row in rows] == [first.customer_id, second.customer_id]


def test_several_are_named_with_commas(api):
    payment = make_payment("10.00", invoice=make_invoice())

    data = api.get("/transactions?expand=account,category,payment&sort=-id").data[0]

    assert data["account"] == api.get(f"/accounts/{data['account_id']}").data
    assert data["category"] == api.get(f"/categories/{data['category_id']}").data
    assert data["payment"] == api.get(f"/payments/{payment.pk}").data


def test_a_colleague_is_shown_with_what_every_role_may_know_of_one(client_with):
    colleague = make_user(name="Cleo Lund")
    ticket = make_ticket(assignee=colleague)
    support = client_with(role=Role.SUPPORT)

    data = support.get(f"/tickets/{ticket.pk}?expand=assignee,department,customer").data

    assert data["assignee"] == {"id": colleague.pk, "name": "Cleo Lund"}
    assert data["department"]["id"] == data["department_id"]
    assert data["customer"]["id"] == data["customer_id"]


def test_what_is_not_there_is_null(api):
    line = make_transaction()

    assert api.get(f"/transactions/{line.pk}?expand=payment").data["payment"] is None


def test_writes_answer_with_it_too(api, invoice):
    body = {
        "customer_id": invoice.customer_id,
        "items": [{"description": "Work", "amount": 1, "qty": 1}],
    }

    created = api.post("/invoices?expand=customer", body)
    changed = api.patch(f"/invoices/{invoice.pk}?expand=customer", {"notes": "Thanks"})
    issued = api.post(f"/invoices/{make_draft().pk}/issue?expand=customer")

    for answer in (created, changed, issued):
        assert answer.data["customer"]["id"] == answer.data["customer_id"]


def test_fields_choose_among_the_records_own_and_leave_the_expanded_one(api, invoice):
    address = f"/invoices/{invoice.pk}?expand=customer"

    assert list(api.get(f"{address}&fields=id").data) == ["id", "customer"]
    assert list(api.get(f"{address}&fields=id,customer").data) == ["id", "customer"]
    assert len(api.get(f"{address}&fields=id").data["customer"]) > 10
    assert list(api.get(f"/invoices/{invoice.pk}?fields=customer").errors) == ["fields"]


@pytest.mark.parametrize(
    "query",
    ["expand=", "expand=nothing", "expand=customer,", "expand=items", "expand=customer.invoices"],
)
def test_an_unknown_name_is_refused(api, invoice, query):
    for path in ("/invoices", f"/invoices/{invoice.pk}"):
        assert api.get(f"{path}?{query}").errors == {"expand": "Must be some of: customer"}


def test_what_has_nothing_to_expand_does_not_know_the_parameter(api):
    assert api.get("/customers?expand=invoices").errors == {"expand": "Unknown parameter"}


class TestRights:
    def test_what_a_key_may_not_read_it_may_not_expand(self, client_with, invoice):
        client = client_with(scopes=("invoices:write",))

        for path in ("/invoices", f"/invoices/{invoice.pk}"):
            answer = client.get(f"{path}?expand=customer")
            assert (answer.status, answer.body["code"]) == (403, "forbidden")
            assert answer.body["message"] == "This key may not read customers."

    def test_a_write_that_asks_for_too_much_does_nothing(self, client_with, invoice):
        client = client_with(scopes=("invoices:write",))
        before = Event.objects.count()

        answer = client.patch(f"/invoices/{invoice.pk}?expand=customer", {"notes": "Thanks"})

        assert answer.status == 403
        assert Invoice.objects.get(pk=invoice.pk).notes == ""
        assert Event.objects.count() == before

    def test_roles_that_read_both_may(self, client_with, invoice):
        for role in Role:
            assert client_with(role=role).get("/invoices?expand=customer").status == 200


def test_the_etag_follows_what_is_expanded(api, invoice):
    address = f"/invoices/{invoice.pk}?expand=customer"
    seen = {"If-None-Match": api.get(address).headers["ETag"]}
    assert api.get(address, headers=seen).status == 304

    api.patch(f"/customers/{invoice.customer_id}", {"account": "Joan"})

    fresh = api.get(address, headers=seen)
    assert (fresh.status, fresh.data["customer"]["account"]) == (200, "Joan")
    # It still is the same state of the invoice, which may be changed on the strength of it.
    renamed = api.patch(
        f"/invoices/{invoice.pk}", {"notes": "x"}, headers={"If-Match": seen["If-None-Match"]}
    )
    assert renamed.status == 200


def test_the_schema_says_what_can_be_expanded(settings):
    document = openapi_document(settings.ROOT_URLCONF)
    schemas = document["components"]["schemas"]
    parameters = {
        each["name"]: each
        for each in document["paths"]["/api/v2/transactions"]["get"]["parameters"]
    }

    expandable = ["account", "category", "supplier", "payment"]
    assert parameters["expand"]["schema"]["items"]["enum"] == expandable
    assert parameters["expand"]["explode"] is False
    assert schemas["Invoice"]["properties"]["customer"]["$ref"].endswith("/Customer")
    assert {"type": "null"} in schemas["Transaction"]["properties"]["payment"]["oneOf"]
    assert not set(expandable) & set(schemas["Transaction"]["required"])
    assert "customer" not in schemas["InvoiceRequest"]["properties"]
