"""Buttons that move money, in the admin: allocate, refund, reverse, credit."""

import datetime
from decimal import Decimal

from billing.models import CreditNote, Invoice, Payment
from bizsuite.events.models import Event
from tests.backoffice.staff import form_values, messages_of, text_of
from tests.factories import (
    make_credit_note,
    make_customer,
    make_invoice,
    make_payment,
    new_item,
)

PAYMENTS = "/admin/billing/payment/"
INVOICES = "/admin/billing/invoice/"
NOTES = "/admin/billing/creditnote/"


def buttons(page) -> set[str]:
    offered = page.context["actions_detail"]
    return {str(each["title"]) for action in offered for each in action.get("items", [action])}


# ── Payments ─────────────────────────────────────────────────────────────────


def test_credit_is_offered_to_the_oldest_invoices_first(administrator):
    customer = make_customer()
    newer = make_invoice("80.00", customer=customer, due_date=datetime.date(2024, 3, 1))
    older = make_invoice("60.00", customer=customer, due_date=datetime.date(2024, 2, 1))
    make_invoice()  # another customer's
    payment = make_payment("100.00", customer=customer)
    page = f"{PAYMENTS}{payment.pk}/allocate/"

    offered = form_values(administrator.get(page), "action-form")
    assert {name: offered[name] for name in offered if name.startswith("invoice")} == {
        f"invoice_{older.pk}": "60.00",
        f"invoice_{newer.pk}": "40.00",
    }
    answer = administrator.send(page, {f"invoice_{newer.pk}": "25.00"}, form="action-form")

    assert answer.status_code == 302
    payment.refresh()
    assert payment.unallocated == Decimal("15.00")
    assert set(payment.allocations.values_list("invoice_id", "amount")) == {
        (older.pk, Decimal("60.00")),
        (newer.pk, Decimal("25.00")),
    }
    assert Event.objects.get(type="payment.allocated").source == "admin"


def test_a_refusal_keeps_what_was_typed(administrator):
    customer = make_customer()
    invoice = make_invoice("60.00", customer=customer)
    payment = make_payment("100.00", customer=customer)
    page = f"{PAYMENTS}{payment.pk}/allocate/"

    answer = administrator.send(page, {f"invoice_{invoice.pk}": "60.01"}, form="action-form")

    assert "has 60.00 USD left to pay" in text_of(answer)
    assert form_values(answer, "action-form")[f"invoice_{invoice.pk}"] == "60.01"
    assert Payment.objects.get().unallocated == 100


def test_without_anything_owed_there_is_nothing_to_allocate_to(administrator):
    payment = make_payment("100.00")

    answer = administrator.send(f"{PAYMENTS}{payment.pk}/allocate/", form="action-form")

    assert "This customer owes nothing on any invoice." in text_of(answer)


def test_a_refund_offers_all_that_is_left(administrator):
    payment = make_payment("150.00", invoice=make_invoice("100.00"), allow_credit=True)
    page = f"{PAYMENTS}{payment.pk}/refund/"

    asked = administrator.get(page)
    assert form_values(asked, "action-form")["amount"] == "150.00"
    assert "of which 50.00 USD is credit" in text_of(asked)
    administrator.send(page, {"amount": "70.00", "date": "2024-02-01"}, form="action-form")

    payment.refresh()
    assert (payment.refunded, payment.unallocated) == (Decimal(70), 0)
    shown = text_of(administrator.get(f"{PAYMENTS}{payment.pk}/change/"))
    assert "Partially refunded" in shown
    assert "Refunds" in shown
    assert "1 Feb 2024" in shown
    assert Invoice.objects.get().status == "Partially Paid"


def test_more_than_is_left_is_not_refunded(administrator):
    payment = make_payment("100.00")

    answer = administrator.send(
        f"{PAYMENTS}{payment.pk}/refund/", {"amount": "100.01"}, form="action-form"
    )

    assert "has 100.00 USD left to refund" in text_of(answer)
    assert Payment.objects.get().refunded == 0


def test_a_reversed_payment_offers_nothing_more(administrator):
    invoice = make_invoice("100.00")
    payment = make_payment("100.00", invoice=invoice)
    change = f"{PAYMENTS}{payment.pk}/change/"
    assert buttons(administrator.get(change)) == {"Mail a receipt", "Refund", "Reverse"}

    answer = administrator.post(f"{PAYMENTS}{payment.pk}/reverse/", {"date": ""}, follow=True)

    assert messages_of(answer)[-1] == "The payment has been reversed."
    page = administrator.get(change)
    assert buttons(page) == set()
    assert "Reversed" in text_of(page)
    assert Invoice.objects.get().status == "Unpaid"


def test_payments_are_filtered_by_what_became_of_them(administrator):
    credit = make_payment("11.00", reference="kept")
    make_payment("12.00", invoice=make_invoice(), reference="used")
    administrator.post(f"{PAYMENTS}{credit.pk}/refund/", {"amount": "1", "date": "2024-02-01"})

    def listed(query):
        text = text_of(administrator.get(f"{PAYMENTS}?{query}"))
        return {word for word in ("kept", "used") if word in text}

    assert listed("credit=true") == {"kept"}
    assert listed("status=Partially Refunded") == {"kept"}
    assert listed("status=Received") == {"used"}


def test_the_customers_page_shows_their_credit(administrator):
    customer = make_customer()
    page = f"/admin/customers/customer/{customer.pk}/change/"

    assert "Credit" not in dict(administrator.get(page).context["summary"])
    make_payment("12.50", customer=customer)

    assert "12.50" in dict(administrator.get(page).context["summary"])["Credit"]


# ── Credit notes ─────────────────────────────────────────────────────────────


def test_crediting_offers_all_that_is_left_of_each_item(administrator):
    invoice = make_invoice(items=[new_item("10.00", 3, tax_rate=20), new_item("5.00")])
    first, second = invoice.items.all()
    make_credit_note(invoice, (1, "5.00"))
    page = f"{INVOICES}{invoice.pk}/credit/"

    offered = form_values(administrator.get(page), "action-form")
    assert offered[f"net_{first.pk}"] == "30.00"
    assert f"net_{second.pk}" not in offered  # all of it is credited
    answer = administrator.send(
        page,
        {f"quantity_{first.pk}": "2", "date": "2024-02-01", "reason": "Returned"},
        form="action-form",
    )

    note = CreditNote.objects.get(reason="Returned")
    assert answer["Location"] == f"{NOTES}{note.pk}/change/"
    assert (note.subtotal, note.amount) == (Decimal(20), Decimal(24))
    (item,) = note.items.all()
    assert (item.invoice_item_id, item.quantity) == (first.pk, Decimal(2))
    assert Event.objects.get(type="credit_note.created", object_id=note.pk).source == "admin"


def test_what_is_left_as_it_is_offered_credits_all_with_its_quantity(administrator):
    invoice = make_invoice(items=[new_item("10.00", 3)])

    administrator.send(f"{INVOICES}{invoice.pk}/credit/", form="action-form")

    assert CreditNote.objects.get().items.get().quantity == 3
    invoice.refresh()
    assert invoice.status == "Paid"
    assert "Credit" not in buttons(administrator.get(f"{INVOICES}{invoice.pk}/change/"))


def test_an_amount_lowers_the_price_only(administrator):
    invoice = make_invoice(items=[new_item("10.00", 3)])
    item = invoice.items.get()
    page = f"{INVOICES}{invoice.pk}/credit/"

    administrator.send(page, {f"net_{item.pk}": "4.50"}, form="action-form")

    (credited,) = CreditNote.objects.get().items.all()
    assert (credited.quantity, credited.total) == (None, Decimal("4.50"))


def test_nothing_and_too_much_are_refused(administrator):
    invoice = make_invoice(items=[new_item("10.00", 3)])
    item = invoice.items.get()
    page = f"{INVOICES}{invoice.pk}/credit/"

    empty = administrator.send(page, {f"net_{item.pk}": ""}, form="action-form")
    much = administrator.send(page, {f"net_{item.pk}": "30.01"}, form="action-form")

    assert "Give an amount for at least one item." in text_of(empty)
    assert "has 30.00 USD net left to credit" in text_of(much)
    assert not CreditNote.objects.exists()


def test_pages_lead_from_one_to_the_other(administrator):
    invoice = make_invoice("100.00")
    payment = make_payment("100.00", invoice=invoice)
    note = make_credit_note(invoice, (0, "40.00"), reason="Late delivery")

    of_invoice = text_of(administrator.get(f"{INVOICES}{invoice.pk}/change/"))
    assert f"{PAYMENTS}{payment.pk}/change/" in of_invoice
    assert f"{NOTES}{note.pk}/change/" in of_invoice
    assert "Credited" in of_invoice
    of_note = text_of(administrator.get(f"{NOTES}{note.pk}/change/"))
    assert f"{INVOICES}{invoice.pk}/change/" in of_note
    assert "Late delivery" in of_note
    of_payment = text_of(administrator.get(f"{PAYMENTS}{payment.pk}/change/"))
    assert f"{INVOICES}{invoice.pk}/change/" in of_payment
    assert "Allocate credit" in of_payment
    listed = text_of(administrator.get(f"{NOTES}?q=late"))
    assert note.number in listed
    assert f"{NOTES}?customer__id__exact={invoice.customer_id}" in text_of(
        administrator.get(f"/admin/customers/customer/{invoice.customer_id}/change/")
    )
