"""Mails in the admin: read, and sent again."""

import pytest
from django.utils import timezone

from bizsuite.mail.models import OutgoingMail
from bizsuite.mail.sending import send_due
from tests.backoffice.staff import messages_of, text_of
from tests.factories import make_mail

pytestmark = pytest.mark.django_db

LIST = "/admin/mail/outgoingmail/"


def test_a_mail_is_read_as_text_and_not_as_a_page(administrator):
    mail = make_mail(body="<b>Hello</b>\nJane")

    text = text_of(administrator.get(f"{LIST}{mail.pk}/change/"))

    assert "&lt;b&gt;Hello&lt;/b&gt;\nJane" in text
    assert f"{LIST}{mail.pk}/retry/" not in text


def test_one_that_was_given_up_is_found_and_sent_again(administrator):
    make_mail()
    failed = make_mail("nobody", subject="Your printer")
    listed = text_of(administrator.get(f"{LIST}?status__exact=failed&q=printer"))
    assert "is not an e-mail address" in listed

    page = administrator.send(f"{LIST}{failed.pk}/retry/", form="action-form")

    assert page.status_code == 302
    again = OutgoingMail.objects.get(pk=failed.pk)
    assert (again.status, again.next_attempt_at <= timezone.now()) == ("queued", True)
    history = text_of(administrator.get(f"{LIST}{failed.pk}/history/"))
    assert "Retried" in history
    assert "Failed" in history


def test_one_on_its_way_is_not_sent_twice(administrator):
    mail = make_mail()

    page = administrator.send(f"{LIST}{mail.pk}/retry/", form="action-form")

    assert "Only a mail that was given up" in text_of(page)
    assert OutgoingMail.objects.get(pk=mail.pk).version == 1


def test_it_says_when_no_mail_leaves_the_machine(administrator, settings):
    assert any("EMAIL_URL" in text for text in messages_of(administrator.get(LIST)))
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert messages_of(administrator.get(LIST)) == []


def test_what_went_into_a_file_is_not_said_to_be_sent(administrator, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    mail = make_mail()
    send_due(clock=timezone.now)

    mail.refresh_from_db()
    assert (mail.status, mail.sent_through) == ("sent", "filebased")
    assert "Kept here, not sent" in text_of(administrator.get(LIST))


def test_a_sandboxs_mails_are_shown_as_captured(administrator, settings):
    settings.EMAIL_BACKEND = "bizsuite.mail.captured.EmailBackend"
    mail = make_mail()
    send_due(clock=timezone.now)

    mail.refresh_from_db()
    assert (mail.status, mail.sent_through) == ("sent", "captured")
    page = administrator.get(LIST)
    assert "Captured" in text_of(page)
    assert messages_of(page) == []
