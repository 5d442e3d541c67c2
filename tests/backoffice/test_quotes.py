"""Quotes in the admin."""

import datetime
from decimal import Decimal

import pytest

from billing import quotes
from billing.models import Invoice, Quote
from bizsuite.events.models import Event
from bizsuite.identity.roles import Role
from tests.backoffice.staff import messages_of, staff_client, text_of
from tests.factories import SYSTEM, make_customer, make_quote, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/billing/quote/"
YESTERDAY = datetime.date.today() - datetime.timedelta(days=1)
TOMORROW = datetime.date.today() + datetime.timedelta(days=1)


def page_of(quote: Quote) -> str:
    return f"{LIST}{quote.pk}/change/"


def press(staff, quote: Quote, button: str, **fields: str):
    return staff.post(f"{LIST}{quote.pk}/{button}/", fields, follow=True)


def test_a_quote_is_written_sent_accepted_and_made_an_invoice(administrator):
    fields = {
        "customer": make_customer().pk,
        "date": "2024-01-15",
        "valid_until": TOMORROW.isoformat(),
        "items-TOTAL_FORMS": 1,
        "items-0-description": "Consulting",
        "items-0-quantity": "2",
        "items-0-amount": "100.00",
        "items-0-tax_rate": "20",
    }
    administrator.send(f"{LIST}add/", fields)

    quote = Quote.objects.get()
    assert (quote.number, quote.status, quote.amount) == ("QUO-2024-001", "Draft", Decimal(240))

    press(administrator, quote, "send")
    press(administrator, quote, "accept")
    page = press(administrator, quote, "convert")

    invoice = Invoice.objects.get()
    assert page.redirect_chain[-1][0] == f"/admin/billing/invoice/{invoice.pk}/change/"
    assert messages_of(page)[-1] == f"Invoice {invoice.number} is issued."
    assert f'href="{page_of(quote)}"' in text_of(page)
    quote.refresh_from_db()
    assert (quote.status, quote.invoice) == ("Converted", invoice)
    assert f'href="/admin/billing/invoice/{invoice.pk}/change/"' in text_of(
        administrator.get(page_of(quote))
    )
    assert {
        event.source for event in Event.objects.filter(resource="quote", object_id=quote.pk)
    } == {"admin"}


def test_a_reason_for_declining_is_shown(administrator):
    quote = make_quote()

    press(administrator, quote, "decline", reason="Too dear")

    quote.refresh_from_db()
    assert (quote.status, quote.decline_reason) == ("Declined", "Too dear")
    assert "Too dear" in text_of(administrator.get(page_of(quote)))


def test_a_draft_is_changed_and_an_accepted_quote_is_only_shown(administrator):
    quote = make_quote("100.00")

    administrator.send(page_of(quote), {"notes": "Soon", "items-0-amount": "50.00"})

    quote.refresh_from_db()
    assert (quote.notes, quote.amount) == ("Soon", Decimal(50))
    quotes.accept_quote(quote, actor=SYSTEM)
    page = text_of(administrator.get(page_of(quote)))
    assert 'name="notes"' not in page
    assert 'name="items-0-amount"' not in page
    assert administrator.get(f"{LIST}{quote.pk}/delete/").status_code == 403


@pytest.mark.parametrize("stored", [True, False])
def test_a_past_quote_is_expired_offers_no_answer_and_is_revived_by_a_new_day(
    administrator, stored
):
    quote = make_quote(valid_until=YESTERDAY if stored else TOMORROW)
    if not stored:
        quotes.update_quote(quote, valid_until=YESTERDAY, actor=SYSTEM)

    page = text_of(administrator.get(page_of(quote)))
    assert "Expired" in page
    assert "A later day revives it." in page
    assert f"{LIST}{quote.pk}/accept/" not in page
    answer = press(administrator, quote, "accept")
    assert "give it a new valid_until" in text_of(answer)

    administrator.send(page_of(quote), {"valid_until": TOMORROW.isoformat()})
    quote.refresh_from_db()
    assert quote.status == "Draft"
    assert "A later day revives it." not in text_of(administrator.get(page_of(quote)))
    assert f"{LIST}{quote.pk}/accept/" in text_of(administrator.get(page_of(quote)))


def test_the_list_is_filtered_by_the_status_of_today(administrator):
    past, current = make_quote(), make_quote()
    quotes.update_quote(past, valid_until=YESTERDAY, actor=SYSTEM)

    expired = text_of(administrator.get(LIST, {"status": "Expired"}))
    drafts = text_of(administrator.get(LIST, {"status": "Draft"}))

    assert (past.number in expired, current.number in expired) == (True, False)
    assert (past.number in drafts, current.number in drafts) == (False, True)


def test_a_seller_gets_the_draft_of_an_invoice():
    seller = staff_client(make_user(role=Role.SALES))

    page = press(seller, make_quote(), "convert")

    assert Invoice.objects.get().status == "Draft"
    assert "somebody who may has to issue it" in messages_of(page)[-1]
