"""A document keeps who sold, as it was when the document was issued."""

import pytest

from billing import quotes
from billing.models import CreditNote, Invoice, Quote
from billing.parties import COPIED_OF_SELLER, seller_of
from billing.pdf.printing import quote_pdf
from billing.quote_versions import as_quote
from bizsuite.identity.models import Organisation, organisation
from customers import customers
from tests import factories
from tests.billing.paper import text_in

pytestmark = pytest.mark.django_db


def organisation_with(**fields) -> Organisation:
    Organisation.objects.update_or_create(pk=1, defaults=fields)
    return organisation()


def test_invoices_and_credit_notes_keep_it_and_payments_go_to_todays_account():
    organisation_with(name="Old Works", city="Ulm", country="DE", bank_account="DE89 3704")
    invoice = factories.make_invoice()
    between = organisation_with(name="Middle Works")
    note = factories.make_credit_note(invoice)
    today = organisation_with(name="New Works", city="Bonn", bank_account="12345678")

    assert (seller_of(invoice, today=today).name, seller_of(invoice, today=today).city) == (
        "Old Works",
        "Ulm",
    )
    assert seller_of(note, today=today).name == between.name == "Middle Works"
    assert seller_of(invoice, today=today).bank_account == "12345678"
    assert today.name == "New Works"
    assert set(Invoice.objects.get().seller_details) == set(COPIED_OF_SELLER)
    assert CreditNote.objects.get().seller_details["city"] == "Ulm"


def test_who_had_not_said_where_they_are_may_say_so_later():
    organisation_with(name="Works", street="Old Street 1", country="", phone="")
    invoice = factories.make_invoice()
    today = organisation_with(street="New Street 2", country="DE", tax_id="DE1", phone="555")
    seller = seller_of(invoice, today=today)

    assert (seller.country, seller.tax_id) == ("DE", "DE1")
    # Where they were, and that they had no telephone, is what it was.
    assert (seller.street, seller.phone) == ("Old Street 1", "")


def test_a_draft_and_what_is_older_than_the_rule_know_but_todays():
    invoice, draft = factories.make_invoice(), factories.make_draft()
    Invoice.objects.filter(pk=invoice.pk).change(seller_details={})
    today = organisation_with(name="New Works")

    for each in (Invoice.objects.get(pk=invoice.pk), draft):
        assert seller_of(each, today=today).name == "New Works"


def test_a_quote_keeps_both_parties_as_they_were_when_it_was_sent():
    organisation_with(name="Old Works")
    customer = factories.make_customer(account="Old Name", city="Ulm")
    quote = quotes.send_quote(factories.make_quote(customer=customer), actor=factories.SYSTEM)
    customers.update_customer(customer, account="New Name", actor=factories.SYSTEM)
    today = organisation_with(name="New Works")
    sent = text_in(quote_pdf(Quote.objects.get(), seller=today))

    quotes.update_quote(quote, notes="Revised", actor=factories.SYSTEM)
    revised = text_in(quote_pdf(Quote.objects.get(), seller=today))
    kept = text_in(quote_pdf(as_quote(quote.versions.get()), seller=today))

    for paper in (sent, kept):
        assert "Old Works" in paper
        assert "Old Name" in paper
        assert "New" not in paper
    assert "New Works" in revised
    assert "New Name" in revised
    assert "Old" not in revised
