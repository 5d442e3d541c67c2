"""Writing off and taking it back, in the admin."""

import datetime
from decimal import Decimal

from billing.models import Invoice, WriteOff
from bizsuite.events.models import Event
from tests.backoffice.staff import form_values, messages_of, text_of
from tests.backoffice.test_money import buttons
from tests.factories import make_customer, make_invoice, make_payment, make_write_off

INVOICES = "/admin/billing/invoice/"
LIST = "/admin/billing/writeoff/"


def test_the_button_offers_all_that_is_owed(administrator):
    invoice = make_invoice("100.00", tax_rate=19)
    make_payment("19.00", invoice=invoice)
    page = f"{INVOICES}{invoice.pk}/write-off/"

    offered = form_values(administrator.get(page), "action-form")
    answer = administrator.send(page, {"reason": "Bankrupt"}, form="action-form")

    assert offered["amount"] == "100.00"
    assert answer.status_code == 302
    assert "100.00 USD written off." in messages_of(administrator.get(answer["Location"]))
    invoice.refresh()
    assert (invoice.written_off, invoice.balance) == (Decimal("100.00"), 0)
    assert WriteOff.objects.get().reason == "Bankrupt"
    assert Event.objects.get(type="write_off.created").source == "admin"


def test_the_invoice_says_that_it_is_written_off_and_offers_no_payment(administrator):
    invoice = make_write_off(make_invoice("100.00")).invoice

    page = administrator.get(f"{INVOICES}{invoice.pk}/change/")

    assert "Written off of this invoice" in text_of(page)
    assert not buttons(page) & {"Record payment", "Write off", "Credit", "Void"}
    assert text_of(administrator.get(INVOICES)).count("Written off") == 1


def test_more_than_is_owed_is_said_and_keeps_what_was_typed(administrator):
    invoice = make_invoice("100.00")

    answer = administrator.send(
        f"{INVOICES}{invoice.pk}/write-off/", {"amount": "100.01"}, form="action-form"
    )

    assert "has 100.00 USD left to pay" in text_of(answer)
    assert form_values(answer, "action-form")["amount"] == "100.01"
    assert not WriteOff.objects.exists()


def test_it_is_reversed_on_its_own_page(administrator):
    write_off = make_write_off(make_invoice("100.00"), date=datetime.date(2024, 3, 1))
    page = f"{LIST}{write_off.pk}/"

    administrator.send(f"{page}reverse/", {"date": "2024-05-01"}, form="action-form")

    write_off.refresh()
    assert write_off.reversed_on == datetime.date(2024, 5, 1)
    assert Invoice.objects.get().balance == 100
    assert buttons(administrator.get(f"{page}change/")) == set()
    assert "write_off.reversed" in Event.objects.values_list("type", flat=True)
    assert administrator.get(f"{page}history/").status_code == 200


def test_the_list_tells_those_that_stand_from_those_taken_back(administrator):
    make_write_off(make_invoice(customer=make_customer(account="Gone Ltd")), reason="Bankrupt")

    assert "Bankrupt" in text_of(administrator.get(f"{LIST}?state=standing"))
    assert "Bankrupt" not in text_of(administrator.get(f"{LIST}?state=reversed"))


def test_journal_and_statement_lead_to_it(administrator):
    write_off = make_write_off(make_invoice())
    own_page = f'href="{LIST}{write_off.pk}/change/"'

    statement = f"{INVOICES}statement/?customer={write_off.customer_id}"
    assert own_page in text_of(administrator.get(statement))
    assert own_page in text_of(administrator.get("/admin/billing/journalentry/"))
