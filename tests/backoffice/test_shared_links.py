"""Sharing documents by links, in the admin."""

import pytest
from django.test import Client
from django.utils import timezone

from billing import quotes, shared_links
from billing.link_addresses import url_of
from billing.models import SharedLink
from bizsuite.identity.roles import Role
from tests.backoffice.staff import staff_client, text_of
from tests.factories import (
    SYSTEM,
    make_customer,
    make_draft,
    make_invoice,
    make_link,
    make_quote,
    make_user,
    make_version,
)

LIST = "/admin/billing/sharedlink/"


@pytest.fixture
def sales(db):
    return staff_client(make_user(role=Role.SALES))


def page_of(link: SharedLink) -> str:
    return f"{LIST}{link.pk}/change/"


def test_a_button_on_the_invoice_leads_to_the_address_to_copy(administrator):
    invoice = make_invoice()
    page = f"/admin/billing/invoice/{invoice.pk}"
    assert "Share link" in text_of(administrator.get(f"{page}/change/"))

    answer = administrator.send(f"{page}/share/", {})

    link = SharedLink.objects.get()
    assert link.invoice == invoice
    assert url_of(link) in text_of(administrator.get(answer["Location"]))


def test_a_draft_has_no_such_button(administrator):
    draft = make_draft()

    assert "Share link" not in text_of(
        administrator.get(f"/admin/billing/invoice/{draft.pk}/change/")
    )


def test_the_statements_page_shares_it(administrator, sales):
    customer = make_customer()
    page = f"/admin/billing/invoice/statement/?customer={customer.pk}"
    assert "Share link" in text_of(administrator.get(page))

    administrator.post(f"{LIST}statement/{customer.pk}/")

    assert SharedLink.objects.get().document == customer
    sales.post(f"{LIST}statement/{make_customer().pk}/")
    assert SharedLink.objects.count() == 1


def test_a_link_is_taken_back_with_a_button(administrator):
    link = make_link()
    address = url_of(link)

    administrator.send(f"{LIST}{link.pk}/revoke/", {})

    link.refresh_from_db()
    assert link.revoked_at is not None
    assert address not in text_of(administrator.get(page_of(link)))
    assert Client().get("/d/" + address.rsplit("/", 1)[1]).status_code == 404


def test_who_may_only_look_does_not_see_the_address(administrator):
    link = make_link()
    viewer = staff_client(make_user(role=Role.VIEWER))

    page = text_of(viewer.get(page_of(link)))

    assert "Active" in page
    assert url_of(link) not in page


def test_links_to_what_somebody_may_not_read_are_not_listed(sales):
    customer = make_customer(account="Secretive Ltd")
    statement = make_link(customer)
    shown = make_link(make_invoice())

    listed = text_of(sales.get(LIST))

    assert str(shown) in listed
    assert "Secretive Ltd" not in listed
    assert sales.get(page_of(statement)).status_code in (302, 404)


def test_the_list_finds_and_filters(administrator):
    revoked, active = make_link(), make_link()
    shared_links.revoke_link(revoked, actor=SYSTEM, now=timezone.now())

    assert str(revoked) not in text_of(administrator.get(f"{LIST}?status=Active"))
    found = text_of(administrator.get(f"{LIST}?q={active.invoice.number}"))
    assert str(active) in found
    assert str(revoked) not in found
    of_one = text_of(administrator.get(f"{LIST}?invoice__id__exact={active.invoice_id}"))
    assert str(active) in of_one
    assert str(revoked) not in of_one


class TestQuotes:
    def test_its_page_says_who_answered_and_from_where(self, administrator):
        quote = quotes.send_quote(make_quote(), actor=SYSTEM)
        quotes.accept_quote(
            quote, actor=SYSTEM, answered_by="Ann Meier", answered_from="203.0.113.9"
        )

        page = text_of(administrator.get(f"/admin/billing/quote/{quote.pk}/change/"))

        assert "Ann Meier, from 203.0.113.9" in page

    def test_earlier_versions_stand_below_with_their_paper(self, administrator, sales):
        quote = make_quote("123.45")
        make_version(quote)
        pdf = f"/admin/billing/quote/{quote.pk}/versions/1/pdf/"

        page = text_of(administrator.get(f"/admin/billing/quote/{quote.pk}/change/"))

        assert "Earlier versions" in page
        assert pdf in page
        assert sales.get(pdf).content.startswith(b"%PDF")
        assert staff_client(make_user(role=Role.SUPPORT)).get(pdf).status_code == 403

    def test_a_quote_that_was_never_revised_has_no_such_table(self, administrator):
        page = text_of(administrator.get(f"/admin/billing/quote/{make_quote().pk}/change/"))

        assert "Earlier versions" not in page
