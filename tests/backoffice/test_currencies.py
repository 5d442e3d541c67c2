"""Other currencies on the staff's pages."""

from decimal import Decimal

import pytest

from billing.models import Account, ExchangeRate, Invoice, Payment
from tests.factories import (
    DAY,
    keep_books_in,
    make_customer,
    make_draft,
    make_exchange_rate,
    make_invoice,
    make_payment,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client):
    keep_books_in("EUR")
    client.force_login(make_user())
    return client


def page_of(record) -> str:
    return f"/admin/billing/{record._meta.model_name}/{record.pk}/change/"


def test_a_rate_is_stored_and_listed(staff):
    form = {"currency": "USD", "date": "2024-01-15", "rate": "0.9155"}
    answer = staff.post("/admin/billing/exchangerate/add/", form)

    assert answer.status_code == 302, answer.context["errors"]
    assert ExchangeRate.objects.get().rate == Decimal("0.9155")
    listed = staff.get("/admin/billing/exchangerate/").content.decode()
    assert "0.9155 EUR" in listed


def test_an_account_is_opened_in_another_currency(staff):
    form = {"name": "Dollars", "type": "Bank", "currency": "USD", "opening_balance": "0"}
    staff.post("/admin/billing/account/add/", form)

    assert Account.objects.get(name="Dollars").currency == "USD"


def test_pages_of_documents_show_their_currency(staff):
    make_exchange_rate("USD", "0.90", date=DAY)
    draft, issued = make_draft(currency="USD"), make_invoice(currency="USD")

    for document in (draft, issued):
        shown = staff.get(page_of(document)).content.decode()
        assert "100.00" in shown
        assert "USD" in shown


def test_a_foreign_invoice_is_paid_with_a_button(staff):
    invoice = make_invoice(currency="USD", exchange_rate=Decimal("0.90"))
    form = {"amount": "100.00", "amount_received": "88.50", "account": "1", "date": "2024-01-20"}

    staff.post(f"/admin/billing/invoice/{invoice.pk}/record-payment/", form)

    payment = Payment.objects.get()
    assert (payment.amount, payment.amount_received) == (100, Decimal("88.50"))
    assert Invoice.objects.get().status == "Paid"
    assert "88.50" in staff.get(page_of(payment)).content.decode()


def test_who_has_one_currency_is_not_asked_for_rates(staff):
    invoice = make_invoice()

    asked = staff.get(f"/admin/billing/invoice/{invoice.pk}/record-payment/").content.decode()

    assert 'name="amount"' in asked
    assert "exchange_rate" not in asked


def test_credit_is_offered_to_invoices_of_its_currency_only(staff):
    customer = make_customer()
    ours = make_invoice(customer=customer)
    theirs = make_invoice(customer=customer, currency="USD", exchange_rate=Decimal("0.90"))
    credit = make_payment(customer=customer)

    asked = staff.get(f"/admin/billing/payment/{credit.pk}/allocate/").content.decode()

    assert f'name="invoice_{ours.pk}"' in asked
    assert f'name="invoice_{theirs.pk}"' not in asked
