"""Mailing documents, the texts of mails and the levels of reminders, in the admin."""

import datetime

import pytest

from billing.models import Invoice, MailTemplate, Quote, ReminderLevel
from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from bizsuite.mail.models import OutgoingMail
from bizsuite.team.profile import update_organisation
from tests.backoffice.staff import form_values, messages_of, text_of
from tests.factories import (
    SYSTEM,
    make_credit_note,
    make_customer,
    make_draft,
    make_invoice,
    make_payment,
    make_quote,
)

pytestmark = pytest.mark.django_db

TEMPLATES = "/admin/billing/mailtemplate/"
LEVELS = "/admin/billing/reminderlevel/"


def jane(**fields):
    return make_customer(account="Jane Smith", email="jane@example.com", **fields)


def button(model: str, record) -> str:
    return f"/admin/billing/{model}/{record.pk}/send-by-mail/"


def template(kind: str = "invoice") -> MailTemplate:
    return MailTemplate.objects.get(kind=kind)


def page_of_template(kind: str = "invoice") -> str:
    return f"{TEMPLATES}{template(kind).pk}/change/"


def test_an_invoice_is_mailed_as_it_is_written_in_the_form(accountant_in_admin):
    invoice = make_invoice("100.00", customer=jane())
    url = button("invoice", invoice)
    form = form_values(accountant_in_admin.get(url), "action-form")
    assert form["to"] == "jane@example.com"
    assert form["subject"] == f"Invoice {invoice.number} from My Company"
    assert "over $100.00" in form["message"]

    page = accountant_in_admin.post(
        url, form | {"message": "Hello {{ customer_name }}", "cc": "ann@example.com"}, follow=True
    )

    assert [(mail.to_address, mail.body) for mail in OutgoingMail.objects.order_by("id")] == [
        ("jane@example.com", "Hello Jane Smith"),
        ("ann@example.com", "Hello Jane Smith"),
    ]
    assert "No mail server is set, so it does not leave." in messages_of(page)[-1]
    assert "Mails about it" in text_of(page)
    assert "ann@example.com" in text_of(page)
    assert Event.objects.get(type="invoice.sent").source == "admin"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"to": "nowhere"}, "Enter a valid email address"),
        ({"cc": "a@example.com, nowhere"}, "nowhere is not an e-mail address."),
        ({"message": "{{ nobody }}"}, "{{ nobody }} is no placeholder here"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_sent(administrator, typed, said):
    url = button("invoice", make_invoice(customer=jane()))

    page = administrator.send(url, typed, form="action-form")

    assert said in text_of(page)
    assert not OutgoingMail.objects.exists()


def test_a_name_that_looks_like_a_placeholder_is_not_filled_in_from_the_form(administrator):
    customer = make_customer(account="{{ amount }}", email="jane@example.com")

    administrator.send(
        button("invoice", make_invoice("100.00", customer=customer)), form="action-form"
    )

    assert OutgoingMail.objects.get().body.startswith("Hello { { amount }},")


def test_a_draft_offers_no_mail(administrator):
    draft = make_draft(customer=jane())

    page = administrator.get(f"/admin/billing/invoice/{draft.pk}/change/")

    assert button("invoice", draft) not in text_of(page)
    refused = administrator.send(button("invoice", draft), form="action-form")
    assert "is a draft: issue it first" in text_of(refused)
    assert not OutgoingMail.objects.exists()


def test_quotes_credit_notes_and_receipts_are_mailed_too(administrator):
    quote = make_quote(customer=jane())
    invoice = make_invoice("100.00", customer=jane())
    note = make_credit_note(invoice, (0, "10.00"))
    payment = make_payment("20.00", invoice=invoice)

    for model, record in (("quote", quote), ("creditnote", note), ("payment", payment)):
        administrator.send(button(model, record), form="action-form")

    assert list(OutgoingMail.objects.order_by("id").values_list("resource", flat=True)) == [
        "quote",
        "credit_note",
        "payment",
    ]
    assert Quote.objects.get().status == "Sent"


def test_who_may_not_write_invoices_is_offered_no_mail(viewer_in_admin):
    invoice = make_invoice(customer=jane())

    page = viewer_in_admin.get(f"/admin/billing/invoice/{invoice.pk}/change/")

    assert button("invoice", invoice) not in text_of(page)
    assert viewer_in_admin.post(button("invoice", invoice), {}).status_code == 403


def test_an_issued_invoice_can_be_disputed_and_have_an_address_of_its_own(administrator):
    invoice = make_invoice(customer=jane())
    page = f"/admin/billing/invoice/{invoice.pk}/change/"

    administrator.send(page, {"disputed": "on", "delivery_email": "ap@example.com"})

    invoice = Invoice.objects.get()
    assert (invoice.disputed, invoice.delivery_email) == (True, "ap@example.com")


# ── Texts ──


def test_a_template_shows_the_text_that_is_sent_and_its_placeholders(accountant_in_admin):
    page = accountant_in_admin.get(page_of_template())

    assert "please find attached invoice {{ invoice_number }}" in form_values(page)["body"]
    assert "{{ due_date }}" in text_of(page)
    assert "The last day to pay" in text_of(page)


def test_saving_it_unchanged_keeps_the_products_own(administrator):
    administrator.send(page_of_template())

    assert (template().subject, template().body) == ("", "")
    assert "As delivered" in text_of(administrator.get(TEMPLATES))


def test_a_text_is_changed_and_put_back(administrator):
    administrator.send(page_of_template(), {"subject": "Here is {{ invoice_number }}"})
    assert template().subject == "Here is {{ invoice_number }}"
    assert "Your own" in text_of(administrator.get(TEMPLATES))

    administrator.post(f"{TEMPLATES}{template().pk}/restore/", {})

    assert template().subject == ""


def test_a_placeholder_that_is_none_is_refused_beside_its_field(administrator):
    page = administrator.send(page_of_template(), {"body": "Hello {{ invoice.pk }}"})

    assert "{{ invoice.pk }} is no placeholder here" in text_of(page)
    assert template().body == ""


@pytest.mark.parametrize("kind", ["invoice", "quote", "credit_note", "receipt", "reminder"])
def test_every_text_can_be_looked_at_before_there_is_any_document(administrator, kind):
    page = administrator.post(f"{TEMPLATES}preview/{kind}/", {"subject": "", "body": ""})

    assert "made-up document" in text_of(page)
    assert "{{" not in text_of(page).split("<iframe")[1]


def test_a_text_that_is_not_saved_is_shown_with_the_latest_document(administrator):
    invoice = make_invoice("100.00", customer=jane())
    typed = {"subject": "{{ invoice_number }}!", "body": "Hello <b>{{ customer_name }}</b>"}

    page = text_of(administrator.post(f"{TEMPLATES}preview/invoice/", typed))

    assert f"{invoice.number}!" in page
    # In the frame's attribute it is escaped once more than in the frame.
    assert "Hello &amp;lt;b&amp;gt;Jane Smith&amp;lt;/b&amp;gt;" in page.split("<iframe")[1]
    assert "Hello &lt;b&gt;Jane Smith&lt;/b&gt;" in page.split("<details")[1]
    assert template().subject == ""
    assert not OutgoingMail.objects.exists()


def test_a_wrong_placeholder_is_named_in_the_preview(administrator):
    page = administrator.post(f"{TEMPLATES}preview/invoice/", {"body": "{{ nobody }}"})

    assert "{{ nobody }} is no placeholder here" in text_of(page)


def test_a_test_goes_to_whoever_asks_for_it_alone(administrator):
    make_invoice(customer=jane())

    administrator.post(f"{TEMPLATES}preview/invoice/", {"body": "Hi", "_test": ""})

    mail = OutgoingMail.objects.get()
    assert (mail.to_address, mail.body) == (administrator.user.email, "Hi")
    assert mail.subject.startswith("[Test] Invoice INV-")


def test_a_viewer_looks_and_sends_no_test(viewer_in_admin):
    page = viewer_in_admin.post(f"{TEMPLATES}preview/invoice/", {"body": "Hi", "_test": ""})

    assert page.status_code == 200
    assert not OutgoingMail.objects.exists()


# ── Reminders ──


def test_a_level_is_added_changed_and_removed(accountant_in_admin):
    accountant_in_admin.send(f"{LEVELS}add/", {"name": "Lawyer", "days": "60", "fee_amount": "25"})
    level = ReminderLevel.objects.get(name="Lawyer")
    assert (level.days, level.fee_amount, level.active, level.body) == (60, 25, True, "")
    page = f"{LEVELS}{level.pk}/change/"

    refused = accountant_in_admin.send(page, {"days": "7"})
    assert "Reminder is sent on this day already" in text_of(refused)
    accountant_in_admin.send(page, {"body": "Pay {{ balance }}"})
    level.refresh_from_db()
    assert level.body == "Pay {{ balance }}"
    accountant_in_admin.post(f"{LEVELS}{level.pk}/delete/", {"post": "yes"})

    assert not ReminderLevel.objects.filter(name="Lawyer").exists()


def test_the_preview_says_what_would_be_sent_to_whom_and_what_not(administrator):
    due = datetime.date(2024, 2, 1)
    invoice = make_invoice(customer=jane(), due_date=due)
    make_invoice(customer=make_customer(), due_date=due)

    page = administrator.get(f"{LEVELS}next-run/")

    assert "Reminders are switched off" in messages_of(page)[0]
    shown = text_of(page)
    assert invoice.number in shown
    assert "Final reminder" in shown
    assert "jane@example.com" in shown
    assert "The customer has no e-mail address." in shown
    assert not OutgoingMail.objects.exists()


def test_nothing_is_said_of_a_switch_that_is_on(administrator):
    update_organisation(organisation(), reminders_enabled=True, actor=SYSTEM)

    page = administrator.get(f"{LEVELS}next-run/")

    assert messages_of(page) == []
    assert "Nobody is due for a reminder." in text_of(page)


def test_a_page_with_many_buttons_has_a_menu_for_those_that_are_rare(administrator):
    invoice = make_invoice(customer=jane())

    page = administrator.get(f"/admin/billing/invoice/{invoice.pk}/change/")

    *buttons, menu = page.context["actions_detail"]
    assert [button["title"] for button in buttons[:2]] == ["Record payment", "Send by mail"]
    assert (len(buttons), menu["title"]) == (3, "More")
    assert "Void" in [item["title"] for item in menu["items"]]
    assert f"/admin/billing/invoice/{invoice.pk}/void/" in text_of(page)
