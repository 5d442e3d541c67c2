"""A document on its way to a customer, over a real conversation with a mail server."""

import datetime
import io

import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pypdf import PdfReader

from billing.mailing.documents import mail_document
from billing.mailing.mail_templates import update_mail_template
from billing.models import MailTemplate
from bizsuite.identity.models import organisation
from bizsuite.mail.sending import send_due
from bizsuite.team.profile import update_organisation
from tests.factories import SYSTEM, make_customer, make_invoice
from tests.mail.smtp import smtp_server

pytestmark = pytest.mark.django_db


def sent(settings, server) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    soon = timezone.now() + datetime.timedelta(minutes=1)
    send_due(clock=lambda: soon)


def test_it_arrives_with_its_paper_as_text_and_as_html(settings):
    update_organisation(organisation(), name="Müller & Söhne", email="us@example.com", actor=SYSTEM)
    customer = make_customer(account='Jané <b>"Smith"</b>', email="jane@example.com")
    invoice = make_invoice("100.00", customer=customer)
    mail_document(invoice, actor=SYSTEM, now=timezone.now())

    with smtp_server() as server:
        sent(settings, server)

    (taken,) = server.taken
    assert taken["To"] == "jane@example.com"
    assert "us@example.com" in taken["From"]
    text, html, pdf = [part for part in taken.walk() if not part.is_multipart()]
    assert 'Hello Jané <b>"Smith"</b>,' in text.get_payload(decode=True).decode()
    shown = html.get_payload(decode=True).decode()
    assert "Jané &lt;b&gt;&quot;Smith&quot;&lt;/b&gt;" in shown
    assert 'href="http' in shown
    assert pdf.get_filename() == f"{invoice.number}.pdf"
    pages = PdfReader(io.BytesIO(pdf.get_payload(decode=True))).pages
    assert invoice.number in pages[0].extract_text()


@pytest.mark.parametrize("line_break", ["\r\n", "\n", "\u2028", "\x0b"])
def test_a_name_with_a_line_break_begins_no_header(settings, line_break):
    update_mail_template(
        MailTemplate.objects.get(kind="invoice"), subject="For {{ customer_name }}", actor=SYSTEM
    )
    name = f"Jane{line_break}Bcc: everybody@example.com"
    invoice = make_invoice(customer=make_customer(account=name, email="jane@example.com"))
    mail_document(invoice, actor=SYSTEM, now=timezone.now())

    with smtp_server() as server:
        sent(settings, server)

    (taken,) = server.taken
    assert taken["Bcc"] is None
    assert taken["Subject"] == "For Jane Bcc: everybody@example.com"


def test_without_a_mail_server_it_stays_in_the_house(tmp_path, settings):
    assert django_settings.EMAIL_BACKEND.endswith(("filebased.EmailBackend", "locmem.EmailBackend"))
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)
    invoice = make_invoice(customer=make_customer(email="jane@example.com"))
    mail_document(invoice, actor=SYSTEM, now=timezone.now())

    soon = timezone.now() + datetime.timedelta(minutes=1)
    send_due(clock=lambda: soon)

    (written,) = tmp_path.iterdir()
    assert f"Subject: Invoice {invoice.number}" in written.read_text()
