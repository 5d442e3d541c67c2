"""The PDFs of documents and statements, from the admin's pages."""

import pytest

from bizsuite.identity.roles import Role
from tests.backoffice.staff import staff_client, text_of
from tests.billing.paper import text_in
from tests.factories import make_credit_note, make_invoice, make_quote, make_user

pytestmark = pytest.mark.django_db
STATEMENT = "/admin/billing/invoice/statement/"


def pages():
    invoice = make_invoice("100.00")
    quote, note = make_quote(), make_credit_note(invoice)
    return {
        f"/admin/billing/invoice/{invoice.pk}/": (invoice.number, "Invoice"),
        f"/admin/billing/quote/{quote.pk}/": (quote.number, "Quote"),
        f"/admin/billing/creditnote/{note.pk}/": (note.number, "Credit note"),
    }


def test_each_document_has_a_button_that_shows_it(administrator):
    for address, (number, title) in pages().items():
        page = text_of(administrator.get(f"{address}change/"))
        pdf = administrator.get(f"{address}pdf/")

        assert f'href="{address}pdf/"' in page
        assert (pdf.status_code, pdf["Content-Type"]) == (200, "application/pdf")
        assert f'inline; filename="{number}.pdf"' in pdf["Content-Disposition"]
        assert f"{title} {number}" in text_in(pdf.content)


def test_a_statement_is_printed_for_the_period_that_is_shown(administrator):
    customer = make_invoice("100.00").customer
    query = f"customer={customer.pk}&date_from=2024-01-01&date_to=2024-01-31"
    page = text_of(administrator.get(f"{STATEMENT}?{query}"))
    pdf = administrator.get(f"{STATEMENT}pdf/?{query}")

    assert f'href="{STATEMENT}pdf/?{query.replace("&", "&amp;")}"' in page
    assert f'filename="Statement-{customer.pk}-2024-01-31.pdf"' in pdf["Content-Disposition"]
    assert "From 1 January 2024 Until 31 January 2024" in text_in(pdf.content)


def test_a_wrong_period_leads_back_to_where_it_is_said(administrator):
    customer = make_invoice().customer
    query = f"customer={customer.pk}&date_from=2024-02-01&date_to=2024-01-31"

    answer = administrator.get(f"{STATEMENT}pdf/?{query}")

    assert (answer.status_code, answer["Location"]) == (302, f"{STATEMENT}?{query}")


def test_nobody_prints_what_they_may_not_read():
    support, sales = (staff_client(make_user(role=role)) for role in (Role.SUPPORT, Role.SALES))
    invoice, quote, note = pages()

    assert support.get(f"{invoice}pdf/").status_code == 200
    assert support.get(f"{quote}pdf/").status_code == 403
    assert support.get(f"{note}pdf/").status_code == 403
    assert sales.get(f"{quote}pdf/").status_code == 200
    assert sales.get(f"{STATEMENT}pdf/?customer=1").status_code == 403


def test_what_is_not_there_is_not_found(administrator):
    for address in ("invoice/9/pdf/", "quote/9/pdf/", "creditnote/9/pdf/"):
        assert administrator.get(f"/admin/billing/{address}").status_code == 404
    assert administrator.get(f"{STATEMENT}pdf/?customer=9").status_code == 404
