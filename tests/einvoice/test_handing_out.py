"""E-invoices over the API and from the admin."""

import io

import pytest
from pypdf import PdfReader

from bizsuite.identity.roles import Role
from tests import factories
from tests.einvoice.selling import buyer, item, seller, sold
from tests.einvoice.validating import objections

pytestmark = pytest.mark.django_db
FORMS = {"factur-x": "application/pdf", "ubl": "application/xml"}


@pytest.fixture
def addresses():
    """Of an invoice and of a credit note, with the names that they are known by."""
    seller()
    invoice = sold(item(), item("9.99", 3, 7))
    note = factories.make_credit_note(invoice, (0, "10.00"))
    return {f"/invoices/{invoice.pk}": invoice.number, f"/credit-notes/{note.pk}": note.number}


@pytest.mark.parametrize("form", FORMS)
def test_it_is_a_file_to_save_with_the_documents_name(api, addresses, form):
    for address, number in addresses.items():
        answer = api.get(f"{address}/{form}", headers={"Accept": FORMS[form]})

        assert answer.status == 200
        assert answer.headers["Content-Type"] == FORMS[form]
        assert f'attachment; filename="{number}-{form}.' in answer.headers["Content-Disposition"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "private" in answer.headers["Cache-Control"]


def test_what_is_handed_out_is_valid(api, addresses):
    for address in addresses:
        pdf = PdfReader(io.BytesIO(api.get(f"{address}/factur-x").raw))
        assert objections(pdf.attachments["factur-x.xml"][0]) == []
        assert objections(api.get(f"{address}/ubl").raw) == []


@pytest.mark.parametrize("form", FORMS)
def test_the_same_bytes_twice_and_not_again_for_who_has_them(api, addresses, form):
    for address in addresses:
        first, second = api.get(f"{address}/{form}"), api.get(f"{address}/{form}")
        tag = {"If-None-Match": first.headers["ETag"]}

        assert first.raw == second.raw
        assert api.get(f"{address}/{form}", headers=tag).status == 304


@pytest.mark.parametrize("form", FORMS)
def test_what_is_missing_is_a_409_that_names_it(api, form):
    seller(country="")
    invoice = sold(item(), customer=buyer(country=""))
    answer = api.get(f"/invoices/{invoice.pk}/{form}", headers={"Accept": FORMS[form]})

    assert (answer.status, answer.body["code"]) == (409, "einvoice_incomplete")
    assert set(answer.body["errors"]) == {"seller.country", "customer.country"}
    for sentence in answer.body["errors"].values():
        assert sentence in answer.body["message"]


@pytest.mark.parametrize("form", FORMS)
def test_other_types_and_parameters_are_refused(api, addresses, form):
    for address in addresses:
        assert api.get(f"{address}/{form}", headers={"Accept": "text/html"}).status == 406
        assert api.get(f"{address}/{form}?profile=basic").errors == {"profile": "Unknown parameter"}
    assert api.get(f"/invoices/999999/{form}").status == 404


def test_who_may_not_read_it_does_not_get_it(client_with, addresses):
    support = client_with(role=Role.SUPPORT)
    (_, note) = addresses
    for form in FORMS:
        assert support.get(f"{note}/{form}").status == 403


def test_reading_one_asks_the_database_no_more_for_many_items(api, django_assert_max_num_queries):
    seller()
    few, many = sold(item()), sold(*(item() for _ in range(40)))
    api.get(f"/invoices/{few.pk}/ubl")
    for invoice in (few, many):
        with django_assert_max_num_queries(9):
            assert api.get(f"/invoices/{invoice.pk}/ubl").status == 200
