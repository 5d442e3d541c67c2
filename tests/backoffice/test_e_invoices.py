"""E-invoices in the admin: two buttons to take them, or what is missing and where to enter it."""

from billing import invoices
from bizsuite.identity.actors import Actor
from bizsuite.identity.roles import Role
from tests import factories
from tests.backoffice.staff import staff_client, text_of
from tests.einvoice.selling import buyer, item, seller, sold

INVOICES = "/admin/billing/invoice"
NOTES = "/admin/billing/creditnote"
ACTOR = Actor.system("tests")


def test_invoices_and_credit_notes_offer_both_forms(accountant_in_admin):
    seller()
    invoice = sold(item())
    note = factories.make_credit_note(invoice, (0, "10.00"))

    for address in (f"{INVOICES}/{invoice.pk}", f"{NOTES}/{note.pk}"):
        assert f'href="{address}/e-invoice/"' in text_of(
            accountant_in_admin.get(f"{address}/change/")
        )
        page = text_of(accountant_in_admin.get(f"{address}/e-invoice/"))
        assert f'href="{address}/e-invoice/factur-x/"' in page
        assert f'href="{address}/e-invoice/ubl/"' in page
        pdf = accountant_in_admin.get(f"{address}/e-invoice/factur-x/")
        assert (pdf.status_code, pdf.headers["Content-Type"]) == (200, "application/pdf")
        xml = accountant_in_admin.get(f"{address}/e-invoice/ubl/")
        assert (xml.status_code, xml.headers["Content-Type"]) == (200, "application/xml")


def test_what_is_missing_is_named_with_the_way_there(administrator):
    seller(country="")
    customer = buyer(country="Atlantis")
    invoice = sold(item(), customer=customer)

    for form in ("", "factur-x/", "ubl/"):
        answer = administrator.get(f"{INVOICES}/{invoice.pk}/e-invoice/{form}")
        page = text_of(answer)
        assert answer.status_code == 200
        assert "Your company&#x27;s country is missing" in page
        assert 'href="/admin/identity/organisation/1/change/"' in page
        assert "“Atlantis”" in page
        assert f'href="/admin/customers/customer/{customer.pk}/change/"' in page
        assert "factur-x/" not in page


def test_who_may_not_change_the_settings_gets_no_link_to_them(accountant_in_admin):
    seller(country="")
    page = text_of(accountant_in_admin.get(f"{INVOICES}/{sold(item()).pk}/e-invoice/"))

    assert "Your company&#x27;s country is missing" in page
    assert "identity/organisation/1" not in page


def test_drafts_and_void_invoices_offer_none(accountant_in_admin):
    seller()
    draft = factories.make_draft(customer=buyer())
    void = invoices.void_invoice(sold(item()), actor=ACTOR)

    for invoice in (draft, void):
        assert "/e-invoice/" not in text_of(
            accountant_in_admin.get(f"{INVOICES}/{invoice.pk}/change/")
        )
        assert "no e-invoice" in text_of(
            accountant_in_admin.get(f"{INVOICES}/{invoice.pk}/e-invoice/ubl/")
        )


def test_who_may_not_read_credit_notes_gets_none(db):
    sales = staff_client(factories.make_user(role=Role.SALES))
    seller()
    note = factories.make_credit_note(sold(item()))

    for form in ("", "factur-x/", "ubl/"):
        assert sales.get(f"{NOTES}/{note.pk}/e-invoice/{form}").status_code == 403
