"""Invoices and payments in the admin."""

import datetime
from decimal import Decimal

import pytest

from billing import catalogue
from billing.models import Invoice, Payment
from bizsuite.events.models import Event
from tests.backoffice.staff import form_values, messages_of, text_of
from tests.factories import (
    SYSTEM,
    make_category,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_product,
    new_item,
)

LIST = "/admin/billing/invoice/"
PAYMENTS = "/admin/billing/payment/"


def page_of(invoice: Invoice) -> str:
    return f"{LIST}{invoice.pk}/change/"


def new_invoice(customer, *items: dict[str, str]) -> dict[str, str]:
    fields = {"customer": customer.pk, "date": "2024-01-15", "items-TOTAL_FORMS": len(items)}
    for number, item in enumerate(items):
        fields |= {f"items-{number}-{name}": value for name, value in item.items()}
    return fields


CONSULTING = {"description": "Consulting", "quantity": "2", "amount": "100.00", "tax_rate": "20"}


def test_a_draft_is_written_and_issued(administrator):
    customer = make_customer()

    answer = administrator.send(f"{LIST}add/", new_invoice(customer, CONSULTING))

    draft = Invoice.objects.get()
    assert answer["Location"] == page_of(draft)
    assert (draft.status, draft.number, draft.amount) == ("Draft", None, Decimal(240))
    assert draft.due_date == datetime.date(2024, 2, 14)

    answer = administrator.post(f"{LIST}{draft.pk}/issue/", follow=True)
    assert messages_of(answer)[-1] == "Issued as INV-2024-001."
    draft.refresh_from_db()
    assert (draft.status, draft.number) == ("Unpaid", "INV-2024-001")
    event = Event.objects.get(type="invoice.issued")
    assert (event.source, event.actor_name) == ("admin", "Ada Reyes")


def test_an_item_takes_what_is_empty_from_its_product(administrator):
    product = make_product(name="Map", price="85.00", tax_rate=Decimal(20))

    administrator.send(
        f"{LIST}add/", new_invoice(make_customer(), {"product": product.pk, "quantity": "2"})
    )

    (item,) = Invoice.objects.get().items.all()
    assert (item.description, item.amount, item.tax_rate) == ("Map", Decimal(85), Decimal(20))
    assert item.total == Decimal(170)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"currency": "JPY", "exchange_rate": "0.0067"}, "is in another currency"),
        ({"tax_inclusive": "on"}, "is without tax"),
    ],
    ids=["currency", "tax"],
)
def test_a_products_price_is_not_taken_where_it_means_something_else(administrator, document, told):
    product = make_product(name="Map", price="85.00", tax_rate=Decimal(20))
    form = new_invoice(make_customer(), {"product": product.pk, "quantity": "2"})

    answer = administrator.send(f"{LIST}add/", form | document)

    assert f"price {told}." in text_of(answer)
    assert not Invoice.objects.exists()


def test_an_item_with_neither_product_nor_words_is_refused(administrator):
    answer = administrator.send(
        f"{LIST}add/", new_invoice(make_customer(), {"quantity": "2", "amount": "5"})
    )

    assert "Give this, or choose a product." in text_of(answer)
    assert form_values(answer, "invoice_form")["items-0-amount"] == "5"
    assert not Invoice.objects.exists()


def test_what_the_action_refuses_is_said_and_nothing_is_lost(administrator):
    fields = new_invoice(make_customer(), CONSULTING) | {"due_date": "2023-12-31"}

    answer = administrator.send(f"{LIST}add/", fields)

    form = answer.context["adminform"].form
    assert "before the invoice" in str(form.errors["due_date"])
    values = form_values(answer, "invoice_form")
    assert values["items-0-description"] == "Consulting"
    assert values["items-0-amount"] == "100.00"
    assert not Invoice.objects.exists()


def test_an_invoice_without_items_is_refused(administrator):
    answer = administrator.send(f"{LIST}add/", new_invoice(make_customer()))

    assert "At least one item is required" in text_of(answer)
    assert not Invoice.objects.exists()


def test_a_drafts_items_are_changed_added_and_removed(administrator):
    draft = make_draft("100.00")
    item = draft.items.get()

    administrator.send(
        page_of(draft),
        {
            "items-TOTAL_FORMS": "2",
            "items-0-amount": "150.00",
            "items-1-description": "Travel",
            "items-1-quantity": "1",
            "items-1-amount": "20.00",
        },
    )
    draft.refresh_from_db()
    assert draft.amount == Decimal(170)
    assert [each.description for each in draft.items.all()] == [item.description, "Travel"]
    assert Event.objects.filter(type="invoice.updated", source="admin").count() == 1

    administrator.send(page_of(draft), {"items-0-DELETE": "on"})
    draft.refresh_from_db()
    assert [each.description for each in draft.items.all()] == ["Travel"]
    assert draft.amount == Decimal(20)


def test_saving_a_draft_unchanged_records_nothing(administrator):
    draft = make_draft("100.00", tax_rate="12.5")

    administrator.send(page_of(draft))

    draft.refresh_from_db()
    assert draft.version == 1
    assert not Event.objects.filter(type="invoice.updated").exists()


def test_a_category_that_was_archived_since_stays_on_its_item(administrator):
    category = make_category("Hosting", "Income")
    draft = make_draft(items=[new_item("10.00", category=category)])
    catalogue.archive_named(category, actor=SYSTEM)

    administrator.send(page_of(draft), {"notes": "Thank you"})

    assert Invoice.objects.get(pk=draft.pk).notes == "Thank you"
    assert draft.items.get().category == category


def test_an_issued_invoice_changes_in_notes_and_due_date_only(administrator):
    invoice = make_invoice("100.00")

    page = administrator.get(page_of(invoice))
    offered = set(form_values(page, "invoice_form"))
    assert {"notes", "due_date"} <= offered
    assert not offered & {"customer", "date", "items-0-amount", "items-0-description"}
    administrator.send(
        page_of(invoice), {"notes": "Thank you", "date": "2020-01-01", "items-0-amount": "1"}
    )

    invoice.refresh_from_db()
    assert (invoice.notes, invoice.amount) == ("Thank you", Decimal(100))
    assert invoice.date == datetime.date(2024, 1, 15)


def test_voiding(administrator):
    invoice = make_invoice("100.00")

    administrator.post(f"{LIST}{invoice.pk}/void/")

    invoice.refresh_from_db()
    assert invoice.status == "Void"
    assert Event.objects.get(type="invoice.voided").source == "admin"


def test_what_is_paid_cannot_be_voided_and_says_why(administrator):
    invoice = make_invoice("100.00")
    make_payment("40.00", invoice=invoice)
    assert f"{LIST}{invoice.pk}/void/" not in text_of(administrator.get(page_of(invoice)))

    answer = administrator.post(f"{LIST}{invoice.pk}/void/")

    assert "nothing paid, credited or written off" in text_of(answer)
    invoice.refresh_from_db()
    assert invoice.status == "Partially Paid"


def test_recording_a_payment_offers_the_balance(administrator):
    invoice = make_invoice("100.00")
    make_payment("40.00", invoice=invoice)
    page = f"{LIST}{invoice.pk}/record-payment/"

    offered = form_values(administrator.get(page), "action-form")
    assert offered["amount"] == "60.00"
    administrator.send(page, {"date": "2024-02-01", "method": "Card"}, form="action-form")

    invoice.refresh_from_db()
    assert (invoice.status, invoice.balance) == ("Paid", Decimal(0))
    payment = Payment.objects.get(method="Card")
    assert (payment.amount, payment.date) == (Decimal(60), datetime.date(2024, 2, 1))
    assert Event.objects.get(type="payment.received", object_id=payment.pk).source == "admin"


def test_too_large_a_payment_is_refused_with_what_was_typed(administrator):
    invoice = make_invoice("100.00")
    page = f"{LIST}{invoice.pk}/record-payment/"

    answer = administrator.send(page, {"amount": "100.01", "method": "Card"}, form="action-form")

    assert "has 100.00" in text_of(answer)
    assert form_values(answer, "action-form")["method"] == "Card"
    assert not Payment.objects.exists()
    administrator.send_from(answer, page, {"allow_credit": "on"}, form="action-form")
    assert Payment.objects.get().unallocated == Decimal("0.01")


def test_a_payment_over_two_invoices(administrator):
    customer = make_customer()
    first, second = make_invoice("100.00", customer=customer), make_invoice(customer=customer)

    answer = administrator.send(
        f"{PAYMENTS}add/",
        {
            "customer": customer.pk,
            "amount": "180.00",
            "date": "2024-02-01",
            "allocations-TOTAL_FORMS": "2",
            "allocations-0-invoice": first.pk,
            "allocations-0-amount": "100.00",
            "allocations-1-invoice": second.pk,
            "allocations-1-amount": "50.00",
        },
    )

    assert answer.status_code == 302
    payment = Payment.objects.get()
    assert payment.unallocated == Decimal(30)
    assert [each.status for each in Invoice.objects.order_by("pk")] == ["Paid", "Partially Paid"]
    shown = text_of(administrator.get(f"{PAYMENTS}{payment.pk}/change/"))
    assert first.number in shown
    assert second.number in shown


def test_more_allocated_than_received_is_said_at_the_items(administrator):
    customer = make_customer()
    invoice = make_invoice("100.00", customer=customer)

    answer = administrator.send(
        f"{PAYMENTS}add/",
        {
            "customer": customer.pk,
            "amount": "50.00",
            "allocations-TOTAL_FORMS": "1",
            "allocations-0-invoice": invoice.pk,
            "allocations-0-amount": "60.00",
        },
    )

    assert "must not add up to more than the amount" in text_of(answer)
    assert form_values(answer, "payment_form")["allocations-0-amount"] == "60.00"
    assert not Payment.objects.exists()


def test_overdue_invoices_stand_out_and_can_be_filtered(administrator):
    overdue = make_invoice(date=datetime.date(2024, 1, 15))
    fresh = make_invoice(date=datetime.date(2099, 1, 15))

    listed = text_of(administrator.get(LIST))
    assert listed.count(">Overdue<") >= 1
    filtered = text_of(administrator.get(LIST, {"open": "overdue"}))
    assert overdue.number in filtered
    assert fresh.number not in filtered


def test_the_list_asks_as_often_for_many_as_for_few(administrator, django_assert_max_num_queries):
    customer = make_customer()
    make_invoice(customer=customer)
    administrator.get(LIST)
    for _ in range(5):
        make_payment("10.00", invoice=make_invoice(customer=make_customer()))

    with django_assert_max_num_queries(12):
        administrator.get(LIST)
    with django_assert_max_num_queries(12):
        administrator.get(PAYMENTS)


def test_a_draft_with_many_items_is_saved(administrator):
    draft = make_draft(items=[new_item(description=f"Item {number}") for number in range(170)])

    answer = administrator.send(page_of(draft), {"items-169-amount": "7.00"})

    assert answer.status_code == 302
    draft.refresh_from_db()
    assert draft.items.count() == 170
    assert draft.amount == Decimal(169 * 100 + 7)


def test_a_customer_is_added_on_the_way_to_an_invoice(administrator):
    """In the small window behind the customer's menu."""
    answer = administrator.post(
        "/admin/customers/customer/add/?_popup=1", {"account": "New One", "_popup": "1"}
    )

    assert "popup_response.js" in text_of(answer)
    assert "New One" in text_of(answer)


def test_choosing_a_customer_searches_whatever_the_case(administrator):
    make_customer(account="ÄRGER GmbH")
    make_customer(account="Jane Smith")

    answer = administrator.get(
        "/admin/autocomplete/",
        {"app_label": "billing", "model_name": "invoice", "field_name": "customer", "term": "ärg"},
    )

    assert [found["text"] for found in answer.json()["results"]] == ["ÄRGER GmbH"]


def test_an_invoice_of_another_system_is_entered_with_its_number(administrator):
    customer = make_customer()
    typed = new_invoice(customer, CONSULTING) | {"invoice_number": "2019/17"}

    answer = administrator.send(f"{LIST}add/", typed)

    imported = Invoice.objects.get()
    assert answer["Location"] == page_of(imported)
    assert (imported.number, imported.status, imported.imported) == ("2019/17", "Unpaid", True)
    assert 'name="invoice_number"' not in text_of(administrator.get(page_of(imported)))

    refused = administrator.send(f"{LIST}add/", typed | {"invoice_number": "inv-2019-3"})
    assert "is in the form of the numbers given here" in text_of(refused)
    assert Invoice.objects.count() == 1


def test_the_list_sorts_numbers_as_numbers(administrator):
    for number in ("9", "10", "8"):
        make_invoice(number=f"A-{number}")
    make_invoice()

    page = administrator.get(f"{LIST}?o=1")

    shown = [invoice.number for invoice in page.context["cl"].result_list]
    assert shown == ["A-8", "A-9", "A-10", "INV-2024-001"]
