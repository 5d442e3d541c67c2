"""Documents that are mailed to their customers."""

import datetime
import io

import pytest
from pypdf import PdfReader

from billing import quotes
from billing.invoices import void_invoice
from billing.mailing.documents import mail_document, paper_of
from billing.models import Invoice, MailTemplate
from billing.payments import reverse_payment
from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from bizsuite.mail.models import MailAttachment, OutgoingMail
from bizsuite.stored_files import read_file
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

NOW = datetime.datetime(2024, 1, 16, 10, tzinfo=datetime.UTC)


@pytest.fixture
def jane():
    return make_customer(account="Jane Smith", email="jane@example.com")


def mails() -> list[OutgoingMail]:
    return list(OutgoingMail.objects.order_by("id"))


def words_on(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def events(name: str) -> int:
    return Event.objects.filter(type=name).count()


def test_an_invoice_goes_to_its_customer_with_the_paper(api, jane):
    invoice = make_invoice("100.00", customer=jane)

    answer = api.post(f"/invoices/{invoice.pk}/send")

    assert answer.status == 200
    assert answer.data["sent_at"] is not None
    (mail,) = mails()
    assert (mail.to_address, mail.status) == ("jane@example.com", "queued")
    assert mail.subject == f"Invoice {invoice.number} from My Company"
    assert "Hello Jane Smith," in mail.body
    assert f"{invoice.number} over $100.00, due on 14 February 2024" in mail.body
    assert (mail.resource, mail.object_id) == ("invoice", invoice.pk)
    (file,) = mail.attachments.all()
    assert (file.name, file.content_type) == (f"{invoice.number}.pdf", "application/pdf")
    assert read_file(file.stored_name).startswith(b"%PDF")
    assert events("invoice.sent") == 1


def test_everybody_named_gets_a_mail_of_their_own(api, jane):
    invoice = make_invoice(customer=jane)
    copies = ["ann@example.com", "bob@example.com", "ann@example.com"]

    api.post(f"/invoices/{invoice.pk}/send", {"to": "pay@example.com", "cc": copies})

    assert [mail.to_address for mail in mails()] == [
        "pay@example.com",
        "ann@example.com",
        "bob@example.com",
    ]
    assert MailAttachment.objects.values("stored_name").distinct().count() == 1
    assert events("invoice.sent") == 1


def test_an_invoice_with_an_address_of_its_own_goes_there(api, jane):
    invoice = make_invoice(customer=jane)
    changed = api.patch(f"/invoices/{invoice.pk}", {"delivery_email": "ap@example.com"})

    assert changed.data["delivery_email"] == "ap@example.com"
    api.post(f"/invoices/{invoice.pk}/send")

    assert [mail.to_address for mail in mails()] == ["ap@example.com"]


def test_without_an_address_the_refusal_says_where_one_can_be_given(api):
    invoice = make_invoice(customer=make_customer(account="Jane Smith"))

    answer = api.post(f"/invoices/{invoice.pk}/send")

    assert answer.errors == {
        "to": "Jane Smith has no e-mail address: give one here, as the invoice's delivery_email,"
        " or to the customer"
    }
    assert mails() == []
    assert events("invoice.sent") == 0
    assert Invoice.objects.get().sent_at is None


def test_what_is_no_demand_for_money_is_not_mailed(api, jane):
    draft = make_draft(customer=jane)
    void = void_invoice(make_invoice(customer=jane), actor=SYSTEM)

    refused = [api.post(f"/invoices/{each.pk}/send") for each in (draft, void)]

    assert [(each.status, each.body["code"]) for each in refused] == [(409, "not_mailable")] * 2
    assert refused[0].body["allowed"] == ["update", "issue", "delete"]
    assert mails() == []


def test_words_of_ones_own_take_the_same_placeholders(api, jane):
    invoice = make_invoice(customer=jane)
    said = {"subject": "{{ invoice_number }}, again", "message": "Dear {{customer_name}}"}

    api.post(f"/invoices/{invoice.pk}/send", said)

    (mail,) = mails()
    assert (mail.subject, mail.body) == (f"{invoice.number}, again", "Dear Jane Smith")


@pytest.mark.parametrize(
    "wrong", ["{{ nobody }}", "{{ invoice.customer }}", "{{ due_date", "{{{ amount }}"]
)
def test_a_placeholder_that_is_none_is_refused_by_its_name(api, jane, wrong):
    invoice = make_invoice(customer=jane)

    answer = api.post(f"/invoices/{invoice.pk}/send", {"message": f"Hello {wrong}"})

    assert answer.errors["message"].startswith(f"{wrong} is no placeholder here; there are: ")
    assert mails() == []


@pytest.mark.parametrize(
    "name",
    [
        "{{ amount }}",
        "{{ organisation_name }} {% now %}",
        "Jane\r\nBcc: all@example.com",
        "<script>alert(1)</script>",
        "%(amount)s {0} $amount \\1",
    ],
)
def test_what_customers_call_themselves_is_only_ever_text(api, name):
    customer = make_customer(account=name, email="jane@example.com")
    MailTemplate.objects.filter(kind="invoice").change(
        subject="For {{ customer_name }}", body="{{ customer_name }}\n\n{{ amount }}"
    )
    invoice = make_invoice("100.00", customer=customer)

    api.post(f"/invoices/{invoice.pk}/send")

    (mail,) = mails()
    assert mail.subject == "For " + " ".join(name.split())
    assert (
        mail.body == name.replace("\r\n", "\n") + "\n\n$100.00" or mail.body == name + "\n\n$100.00"
    )
    assert "<script>" not in mail.html_body


def test_a_paper_of_another_version_is_made_anew(jane):
    invoice = make_invoice(customer=jane)
    old = paper_of(invoice, seller=organisation())
    Invoice.objects.filter(pk=invoice.pk).change(notes="Thank you")

    mail_document(invoice, actor=SYSTEM, now=NOW, paper=old)

    stored = MailAttachment.objects.get().stored_name
    assert read_file(stored) != old.content


def test_sending_a_quote_marks_it_and_mails_nothing_unless_asked(api, jane):
    quote = make_quote(customer=jane)

    answer = api.post(f"/quotes/{quote.pk}/send")

    assert answer.data["status"] == "Sent"
    assert mails() == []


@pytest.mark.parametrize("said", [{"mail": True}, {"to": "jane@example.com"}])
def test_a_quote_is_mailed_where_one_asks_for_it_and_can_be_mailed_again(api, jane, said):
    quote = make_quote(customer=jane)

    first, again = (api.post(f"/quotes/{quote.pk}/send", said) for _ in range(2))

    assert (first.data["status"], again.data["status"]) == ("Sent", "Sent")
    assert [mail.subject for mail in mails()] == [f"Quote {quote.number} from My Company"] * 2
    for file in MailAttachment.objects.all():
        assert file.name == f"{quote.number}.pdf"
        assert "DRAFT" not in words_on(read_file(file.stored_name))
    assert events("quote.sent") == 2


def test_a_declined_quote_is_not_mailed(api, jane):
    quote = quotes.decline_quote(make_quote(customer=jane), actor=SYSTEM)

    answer = api.post(f"/quotes/{quote.pk}/send", {"mail": True})

    assert (answer.status, answer.body["code"]) == (409, "quote_move_refused")
    assert mails() == []


def test_a_credit_note_is_mailed(api, jane):
    note = make_credit_note(make_invoice("100.00", customer=jane), (0, "40.00"))

    answer = api.post(f"/credit-notes/{note.pk}/send")

    assert answer.status == 200
    (mail,) = mails()
    assert f"it credits $40.00 of invoice {note.invoice.number}" in mail.body
    assert (mail.resource, events("credit_note.sent")) == ("credit_note", 1)
    assert [file.name for file in mail.attachments.all()] == [f"{note.number}.pdf"]


def test_a_receipt_says_what_was_paid_and_what_is_left(api, jane):
    invoice = make_invoice("100.00", customer=jane)
    payment = make_payment("130.00", invoice=invoice, allow_credit=True)

    api.post(f"/payments/{payment.pk}/receipt")

    (mail,) = mails()
    assert mail.subject == "We have received your payment of $130.00"
    assert f"It pays {invoice.number}." in mail.body
    assert "$30.00 of it is left as your credit" in mail.body
    assert events("payment.receipted") == 1


def test_a_receipt_that_has_less_to_say_leaves_no_gaps(api, jane):
    payment = make_payment("30.00", invoice=make_invoice("30.00", customer=jane))

    api.post(f"/payments/{payment.pk}/receipt")

    assert "\n\n\n" not in mails()[0].body


def test_a_payment_that_never_was_has_no_receipt(api, jane):
    payment = make_payment("30.00", invoice=make_invoice("30.00", customer=jane))
    reverse_payment(payment, actor=SYSTEM)

    assert api.post(f"/payments/{payment.pk}/receipt").status == 409
    assert mails() == []


def test_who_may_not_write_invoices_mails_none(client_with, jane):
    invoice = make_invoice(customer=jane)

    assert client_with(role=Role.SALES).post(f"/invoices/{invoice.pk}/send").status == 403
    assert mails() == []
