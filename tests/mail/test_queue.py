"""Mails are queued with their cause, sent once it is committed, retried, and never lost."""

import datetime
import smtplib

import pytest
from django.core.mail import EmailMessage
from django.db import transaction

from bizsuite.errors import Conflict
from bizsuite.events.models import Event
from bizsuite.mail import mails, sending
from bizsuite.mail.mails import DELAYS, LEASE, NewMail, claim_next, queue_mail, record_sent
from bizsuite.mail.models import OutgoingMail
from bizsuite.mail.sending import send_due
from bizsuite.stored_files import remove_file, store_file
from tests.factories import SYSTEM
from tests.mail.servers import MailServer

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)
SECOND = datetime.timedelta(seconds=1)
NO_SUCH_USER = smtplib.SMTPRecipientsRefused({"jane@example.com": (550, b"No such user")})
BUSY = smtplib.SMTPRecipientsRefused({"jane@example.com": (451, b"Come back later")})


def queue(to: str = "jane@example.com", **fields: object) -> OutgoingMail:
    new = {"subject": "Hello", "body": "Text", "resource": "ticket", "object_id": 17} | fields
    return queue_mail(NewMail(to=to, **new), now=NOW)


def run(server: MailServer, now: datetime.datetime = NOW) -> int:
    return send_due(clock=lambda: now, connect=server.connect)


def row(mail: OutgoingMail) -> OutgoingMail:
    return OutgoingMail.objects.get(pk=mail.pk)


class TestSending:
    def test_a_mail_is_sent_once_with_its_id(self):
        mail, server = queue(), MailServer()

        assert run(server) == 1
        assert run(server) == 0

        (sent,) = server.taken
        assert (sent.to, sent.subject, sent.body) == (["jane@example.com"], "Hello", "Text")
        assert sent.message()["Message-ID"] == mail.message_id
        assert "In-Reply-To" not in sent.message()
        after = row(mail)
        assert (after.status, after.attempts, after.sent_at) == ("sent", 1, NOW)
        assert after.sent_through == "locmem"

    def test_what_it_continues_is_named_in_its_headers(self):
        ids = [f"<{number}@example.com>" for number in range(30)]
        queue(references=ids)
        server = MailServer()

        run(server)

        message = server.taken[0].message()
        assert message["In-Reply-To"] == ids[-1]
        assert message["References"].split() == [ids[0], *ids[-9:]]

    def test_a_line_break_begins_no_header(self):
        mail = queue(subject="Hello\r\nBcc: all@example.com\x00", sender="A\nB <a@example.com>")
        server = MailServer()

        run(server)

        message = server.taken[0].message()
        assert message["Bcc"] is None
        assert server.taken[0].subject == "Hello Bcc: all@example.com\ufffd"
        assert mail.from_address == "A B <a@example.com>"

    def test_many_languages_arrive(self):
        queue(
            subject="Grüße ✓", body="Ä\n漢字", sender=mails.named_address("Müller & Co", "m@x.de")
        )
        server = MailServer()

        run(server)

        sent = server.taken[0].message()
        assert sent.get_payload(decode=True).decode() == "Ä\n漢字"
        assert "m@x.de" in sent["From"]

    @pytest.mark.parametrize("address", ["", "nobody", "a@b@c", "jane@example.com\nBcc: x@y.z"])
    def test_what_is_no_address_fails_alone_and_loudly(self, address, caplog):
        bad, good, server = queue(address), queue(), MailServer()

        assert run(server) == 1

        assert row(bad).status == "failed"
        assert "is not an e-mail address" in row(bad).last_error
        assert row(good).status == "sent"
        assert Event.objects.get(type="mail.failed").object_id == bad.pk
        assert "was given up" in caplog.text

    def test_a_file_goes_with_it(self):
        stored = store_file(b"%PDF-1.7")
        queue(files=[mails.File("offer.pdf", "application/pdf", stored.name)])
        server = MailServer()

        run(server)

        (part,) = [
            part for part in server.taken[0].message().walk() if part.get_filename() == "offer.pdf"
        ]
        assert part.get_content_type() == "application/pdf"
        assert part.get_payload(decode=True) == b"%PDF-1.7"

    def test_a_page_travels_as_bytes_without_a_meaning(self):
        stored = store_file(b"<script>")
        queue(files=[mails.File("page.html", "text/html", stored.name)])
        server = MailServer()

        run(server)

        types = {part.get_content_type() for part in server.taken[0].message().walk()}
        assert "text/html" not in types

    def test_one_whose_file_is_gone_fails_and_the_next_is_sent(self):
        stored = store_file(b"x")
        mail = queue(files=[mails.File("x.pdf", "application/pdf", stored.name)])
        remove_file(stored.name)
        other, server = queue(), MailServer()

        assert run(server) == 1
        assert (row(mail).status, row(other).status) == ("failed", "sent")

    def test_nothing_is_left_of_a_transaction_that_failed(self):
        with transaction.atomic():
            queue()
            transaction.set_rollback(True)
        assert not OutgoingMail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_queuing_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="transaction"):
        queue()
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_worker_is_woken_after_the_commit_and_not_before(monkeypatch):
    woken: list[str] = []
    monkeypatch.setattr(mails, "nudge", woken.append)

    with transaction.atomic():
        queue()
        assert woken == []

    assert woken == ["bizsuite.mail.tasks.send"]


class TestRetrying:
    def test_a_refusal_for_now_is_tried_on_a_schedule_and_then_given_up(self, caplog):
        mail, now = queue(), NOW
        server = MailServer({"jane@example.com": BUSY})
        for delay in DELAYS:
            run(server, now)
            assert row(mail).next_attempt_at == now + delay
            assert run(server, now + delay - SECOND) == 0
            now += delay
        assert row(mail).attempts == len(DELAYS)

        run(server, now)

        after = row(mail)
        assert (after.status, after.attempts) == ("failed", len(DELAYS) + 1)
        assert after.last_error == "451 Come back later"
        assert Event.objects.filter(type="mail.failed").count() == 1
        assert "451 Come back later" in caplog.text

    def test_a_refusal_for_good_is_not_tried_again(self):
        mail = queue()

        run(MailServer({"jane@example.com": NO_SUCH_USER}))

        assert (row(mail).status, row(mail).attempts) == ("failed", 1)
        assert row(mail).last_error == "550 No such user"

    @pytest.mark.parametrize(
        "error",
        [
            ConnectionRefusedError("refused"),
            TimeoutError("timed out"),
            smtplib.SMTPAuthenticationError(535, b"Wrong password"),
            # What a password that is not ASCII raises.
            UnicodeEncodeError("ascii", "pässword", 1, 2, "ordinal not in range(128)"),
        ],
    )
    def test_a_server_that_is_away_is_asked_once_and_every_mail_waits(self, error):
        first, second = queue(), queue("joan@example.com")
        server = MailServer(away=error)

        assert run(server) == 0

        assert server.opened == 1
        assert (row(first).status, row(first).attempts) == ("queued", 1)
        assert (row(second).status, row(second).attempts) == ("queued", 0)

    def test_an_unforeseen_error_stops_only_its_own_mail(self):
        odd, good = queue(), queue("joan@example.com")

        assert run(MailServer({"jane@example.com": KeyError("odd")})) == 1

        assert (row(odd).status, row(good).status) == ("queued", "sent")
        assert "KeyError" in row(odd).last_error

    def test_a_person_can_have_it_sent_again(self):
        mail = queue()
        run(MailServer({"jane@example.com": NO_SUCH_USER}))

        mails.retry_mail(row(mail), now=NOW, actor=SYSTEM)
        server = MailServer()
        assert run(server) == 1

        assert server.taken[0].message()["Message-ID"] == mail.message_id
        assert Event.objects.filter(type="mail.retried").count() == 1

    def test_what_was_sent_is_not_sent_again(self):
        mail = queue()
        run(MailServer())

        with pytest.raises(Conflict):
            mails.retry_mail(row(mail), now=NOW, actor=SYSTEM)
        assert not Event.objects.filter(type="mail.retried").exists()


class TestLeases:
    def test_a_worker_that_dies_between_claim_and_send_delays_it_by_its_lease(self):
        mail = queue()
        assert claim_next(now=NOW).pk == mail.pk  # and then nothing: killed

        server = MailServer()
        assert run(server, NOW + LEASE - SECOND) == 0
        assert run(server, NOW + LEASE) == 1

        assert server.taken[0].message()["Message-ID"] == mail.message_id

    def test_who_lost_the_lease_settles_nothing(self):
        mail = queue()
        slow = claim_next(now=NOW)
        claim_next(now=NOW + LEASE)

        record_sent(slow, through="x", now=NOW + LEASE)
        mails.record_failure(slow, mails.Failure("late", permanent=True), now=NOW + LEASE)

        assert (row(mail).status, row(mail).attempts) == ("queued", 0)

    def test_a_run_ends_in_time_for_the_other_jobs(self):
        for _ in range(5):
            queue()
        ticks = iter(range(1000))

        sent = send_due(clock=lambda: NOW + next(ticks) * 2 * SECOND, connect=MailServer().connect)

        assert 0 < sent < 5

    def test_a_message_is_leased_while_it_is_sent_and_in_no_transaction(self):
        mail = queue()
        seen = []

        class Watching(MailServer):
            def send_messages(self, messages: list[EmailMessage]) -> int:
                seen.append(row(mail).leased_until)
                return super().send_messages(messages)

        run(Watching())

        assert seen == [NOW + LEASE]


class TestForgetting:
    def test_mails_sent_long_ago_go_and_all_others_stay(self):
        old, recent, failed = queue(), queue(), queue("nobody")
        run(MailServer())
        OutgoingMail.objects.filter(pk=old.pk).update(sent_at=NOW - 91 * 86400 * SECOND)

        assert mails.prune_sent(before=NOW - 90 * 86400 * SECOND) == 1

        assert set(OutgoingMail.objects.values_list("pk", flat=True)) == {recent.pk, failed.pk}

    def test_only_so_many_at_once(self):
        for _ in range(3):
            queue()
        run(MailServer())

        assert mails.prune_sent(before=NOW + SECOND, limit=1) >= 1


def test_ids_are_at_the_senders_domain():
    assert mails.new_message_id("A <a@example.com>").endswith("@example.com>")
    assert mails.new_message_id("a@exämple.com").endswith("@localhost>")
    assert mails.new_message_id("nonsense") != mails.new_message_id("nonsense")


def test_the_admin_is_told_where_mails_go(settings):
    assert sending.transport() == "locmem"
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.example.com", 587
    assert sending.transport() == "mail.example.com:587"
    assert sending.leaves_the_house()
