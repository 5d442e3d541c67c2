"""What is mailed is the e-invoice itself, wherever there is one."""

import io

import pytest
from pypdf import PdfReader

from bizsuite.mail.models import MailAttachment
from bizsuite.stored_files import read_file
from tests import factories
from tests.billing.paper import text_in
from tests.einvoice.selling import buyer, item, seller, sold
from tests.einvoice.validating import objections

pytestmark = pytest.mark.django_db


def mailed_file(api, address: str) -> tuple[str, bytes]:
    """The name and the content of what a mail with the document has."""
    assert api.post(f"{address}/send").status == 200
    file = MailAttachment.objects.latest("id")
    return file.name, read_file(file.stored_name)


def data_in(pdf: bytes) -> dict[str, list[bytes]]:
    return dict(PdfReader(io.BytesIO(pdf)).attachments)


def test_a_mailed_invoice_and_its_credit_note_have_their_data_in_them(api):
    seller()
    invoice = sold(item(), item("9.99", 3, 7))
    name, pdf = mailed_file(api, f"/invoices/{invoice.pk}")
    note = factories.make_credit_note(invoice, (0, "10.00"))
    name_of_note, pdf_of_note = mailed_file(api, f"/credit-notes/{note.pk}")

    assert (name, name_of_note) == (f"{invoice.number}.pdf", f"{note.number}.pdf")
    for each in (pdf, pdf_of_note):
        assert objections(data_in(each)["factur-x.xml"][0]) == []
    assert pdf == api.get(f"/invoices/{invoice.pk}/factur-x").raw
    assert pdf_of_note == api.get(f"/credit-notes/{note.pk}/factur-x").raw


def test_what_is_not_complete_as_an_e_invoice_is_mailed_as_the_plain_page(api):
    seller(country="")
    invoice = sold(item(), customer=buyer(country=""))
    note = factories.make_credit_note(invoice, (0, "10.00"))

    for address in (f"/credit-notes/{note.pk}", f"/invoices/{invoice.pk}"):
        _, pdf = mailed_file(api, address)
        assert data_in(pdf) == {}
        assert text_in(pdf) == text_in(api.get(f"{address}/pdf").raw)


def test_what_is_paid_already_is_not_asked_for_again(api):
    """The e-invoice says what was owed when it was issued; the plain page what is owed now."""
    seller()
    invoice = sold(item("100.00"))
    factories.make_payment("19.00", invoice=invoice)
    _, pdf = mailed_file(api, f"/invoices/{invoice.pk}")

    assert data_in(pdf) == {}
    assert "Please pay €100.00" in text_in(pdf)


@pytest.mark.parametrize("name", ["हिन्दी कंपनी", "😀 Ltd", "ꦗꦮ", "\U000e0041\ue000"])
def test_letters_that_no_font_here_has_do_not_keep_an_e_invoice_from_leaving(api, name):
    seller()
    invoice = sold(item(description=name), customer=buyer(account=f"X {name}"))
    _, pdf = mailed_file(api, f"/invoices/{invoice.pk}")

    assert objections(data_in(pdf)["factur-x.xml"][0]) == []
