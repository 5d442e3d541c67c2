"""A customer's statement in the admin."""

import datetime
import re

import pytest

from bizsuite.identity.roles import Role
from tests.backoffice.staff import staff_client, text_of
from tests.factories import make_customer, make_invoice, make_payment, make_user

pytestmark = pytest.mark.django_db

PAGE = "/admin/billing/invoice/statement/"


def plain(page) -> str:
    """The page's words, one space between them."""
    return " ".join(re.sub(r"<[^>]+>", " ", text_of(page)).split())


@pytest.fixture
def customer():
    customer = make_customer(account="Jane & Sons")
    invoice = make_invoice("1200.00", customer=customer)
    make_payment("200.00", invoice=invoice, date=datetime.date(2024, 2, 1))
    return customer


def test_it_is_reached_from_the_customer_and_shows_every_line(administrator, customer):
    url = f"{PAGE}?customer={customer.pk}"
    assert f'href="{url}"' in text_of(
        administrator.get(f"/admin/customers/customer/{customer.pk}/change/")
    )

    page = administrator.get(url)

    text = plain(page)
    assert "15 Jan 2024 Invoice INV-2024-001 1,200.00 USD 1,200.00 USD" in text
    assert "1 Feb 2024 Payment from Jane &amp; Sons −200.00 USD 1,000.00 USD" in text
    assert "Closing balance 1,000.00 USD" in text
    assert f'href="/admin/billing/invoice/{customer.invoices.get().pk}/change/"' in text_of(page)


def test_a_period_is_chosen(administrator, customer):
    text = plain(administrator.get(PAGE, {"customer": customer.pk, "date_from": "2024-02-01"}))

    assert "Opening balance 1,200.00 USD" in text
    assert "15 Jan 2024" not in text


def test_a_wrong_period_is_said_and_shows_no_figures(administrator, customer):
    asked = {"customer": customer.pk, "date_from": "2024-03-01", "date_to": "2024-02-01"}

    text = plain(administrator.get(PAGE, asked))

    assert "Must not be after the last day." in text
    assert "Closing balance" not in text


@pytest.mark.parametrize("asked", ["", "999999", "x", "9" * 30])
def test_there_is_none_of_a_customer_who_is_not_there(administrator, asked):
    assert administrator.get(PAGE, {"customer": asked}).status_code == 404


@pytest.mark.parametrize("role", [Role.SALES, Role.SUPPORT])
def test_it_is_not_for_those_who_may_not_see_payments(customer, role):
    client = staff_client(make_user(role=role))

    assert client.get(PAGE, {"customer": customer.pk}).status_code == 403
    customers_page = f"/admin/customers/customer/{customer.pk}/change/"
    assert "Statement" not in text_of(client.get(customers_page))
