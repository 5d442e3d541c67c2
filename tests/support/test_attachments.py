"""Files on tickets: taken in within limits, handed out harmlessly, gone with what they belong to."""

import base64
import datetime
import hashlib
import os
from pathlib import Path

import pytest
from django.db import transaction
from django.utils import timezone

from bizsuite import stored_files
from bizsuite.errors import Invalid, NotFound
from bizsuite.events.models import Event
from bizsuite.exact_json import decode
from bizsuite.file_names import clean_name
from bizsuite.mail.models import OutgoingMail
from bizsuite.mail.sending import send_due
from support import attachments, tickets
from support.attachments import MAX_FILE_BYTES
from support.models import Attachment, Reply
from support.unused_files import ORPHANED_AFTER, sweep_files
from tests.factories import SYSTEM, make_customer, make_reply, make_ticket
from tests.mail.servers import MailServer

pytestmark = pytest.mark.django_db

PNG = b"\x89PNG\r\n\x1a\n"
HTML = b"<script>alert(document.cookie)</script>"


def file(name: str = "error.png", content: bytes = PNG) -> dict[str, str]:
    return {"name": name, "content": base64.b64encode(content).decode()}


@pytest.fixture(autouse=True)
def _data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def stored(settings) -> list[Path]:
    return sorted(path for path in (settings.DATA_DIR / "files").rglob("*") if path.is_file())


class TestTakingIn:
    def test_a_file_comes_with_a_reply_and_is_stored_under_a_name_of_ours(self, api, settings):
        ticket = make_ticket()

        answer = api.post(
            f"/tickets/{ticket.pk}/replies", {"message": "See there", "attachments": [file()]}
        )

        assert answer.status == 201
        (shown,) = answer.data["attachments"]
        assert shown | {"id": 0, "created_at": 0} == {
            "id": 0,
            "reply_id": answer.data["id"],
            "name": "error.png",
            "content_type": "image/png",
            "size": len(PNG),
            "sha256": hashlib.sha256(PNG).hexdigest(),
            "created_at": 0,
        }
        (path,) = stored(settings)
        assert path.name == Attachment.objects.get().stored_name
        assert path.read_bytes() == PNG
        assert path.stat().st_mode & 0o077 == 0
        event = decode(Event.objects.get(type="ticket.replied").payload.encode())
        assert event["reply"]["attachments"] == [shown]

    def test_or_is_added_to_the_ticket_itself_and_mailed_to_nobody(self, api):
        ticket = make_ticket(customer=make_customer(email="jane@example.com"))

        answer = api.post(f"/tickets/{ticket.pk}/attachments", file())

        assert (answer.status, answer.data["reply_id"]) == (201, None)
        path = f"/tickets/{ticket.pk}/attachments/{answer.data['id']}"
        assert answer.headers["Location"] == f"/api/v2{path}"
        assert api.get(path).data == answer.data
        assert Event.objects.filter(type="ticket.attached").count() == 1
        assert not OutgoingMail.objects.exists()

    @pytest.mark.parametrize(
        ("body", "errors"),
        [
            ({"name": "a.txt"}, {"content": "This field is required"}),
            ({"name": "a.txt", "content": "%%%"}, {"content": "Must be base64"}),
            ({"name": "a.txt", "content": "SGVsbG8"}, {"content": "Must be base64"}),
            ({"name": "a.txt", "content": "ä"}, {"content": "Must be base64"}),
            ({"name": "a.txt", "content": 5}, {"content": "Must be text"}),
            ({"name": "", "content": "SGVsbG8="}, {"name": "This field is required"}),
            ({"name": "a", "content": "SGVsbG8=", "size": 1}, {"size": "This field is read-only"}),
            (
                {"name": "a", "content": "SGVsbG8=", "content_type": "text/html"},
                {"content_type": "This field is read-only"},
            ),
        ],
    )
    def test_what_is_no_file_is_refused(self, api, settings, body, errors):
        ticket = make_ticket()

        assert api.post(f"/tickets/{ticket.pk}/attachments", body).errors == errors
        nested = api.post(f"/tickets/{ticket.pk}/replies", {"message": "x", "attachments": [body]})
        assert list(nested.errors) == [f"attachments.0.{name}" for name in errors]
        assert not Attachment.objects.exists()
        assert not Reply.objects.exists()
        assert stored(settings) == []

    def test_too_large_too_many_and_too_much_together(self, api, settings, monkeypatch):
        ticket = make_ticket()
        path = f"/tickets/{ticket.pk}/replies"
        large = {"message": "x", "attachments": [file(content=b"x" * (MAX_FILE_BYTES + 1))]}
        many = {"message": "x", "attachments": [file()] * 11}
        monkeypatch.setattr(attachments, "MAX_TICKET_BYTES", 2 * len(PNG))
        three = {"message": "x", "attachments": [file()] * 3}

        assert api.post(path, large).errors == {
            "attachments.0.content": "A file may have at most 5 MB"
        }
        assert api.post(path, many).errors == {"attachments": "At most 10 files at once"}
        assert api.post(path, three).body["code"] == "ticket_full"
        assert stored(settings) == []
        assert not Reply.objects.exists()

    def test_no_more_with_one_message_than_a_mail_can_carry(self, settings, monkeypatch):
        ticket = make_ticket(customer=make_customer(email="jane@example.com"))
        monkeypatch.setattr(attachments, "MAX_MESSAGE_BYTES", 2 * len(PNG))
        two = [{"name": "error.png", "content": PNG}] * 2
        make_reply(ticket, attachments=two)

        with pytest.raises(Invalid) as refused:
            make_reply(ticket, attachments=[*two, {"name": "a", "content": b"a"}])

        assert list(refused.value.errors) == ["attachments"]
        assert len(stored(settings)) == 2
        assert OutgoingMail.objects.count() == 1

    def test_ten_megabytes_are_read_and_no_more(self, api):
        ticket = make_ticket()
        path = f"/tickets/{ticket.pk}/attachments"

        assert api.post(path, file(content=b"x" * MAX_FILE_BYTES)).status == 201
        assert api.post(path, raw=b" " * 10_000_001).status == 413

    @pytest.mark.parametrize(
        ("sent", "kept"),
        [
            ("../../etc/passwd", "passwd"),
            ("C:\\fakepath\\offer.pdf", "offer.pdf"),
            ("/etc/passwd\x00.png", "passwd.png"),
            ("a\r\nX-Evil: 1.txt", "aX-Evil 1.txt"),
            ("invoice\u202efdp.exe", "invoicefdp.exe"),
            ('"; filename="x.html', "; filename=x.html"),
            (".htaccess", "htaccess"),
            ("..", "file"),
            ("///", "file"),
            ("   ", "file"),
            ("x" * 500 + ".pdf", "x" * 146 + ".pdf"),
            ("Rechnung Müller.pdf", "Rechnung Müller.pdf"),
        ],
    )
    def test_hostile_names_become_harmless(self, sent, kept):
        assert clean_name(sent) == kept


class TestHandingOut:
    def download(self, api, name: str, content: bytes):
        ticket = make_ticket()
        attachment = attachments.attach_file(ticket, name=name, content=content, actor=SYSTEM)
        return api.get(f"/tickets/{ticket.pk}/attachments/{attachment.pk}/content")

    def test_a_file_comes_back_byte_for_byte_to_be_saved(self, api):
        answer = self.download(api, "Größe.png", PNG)

        assert (answer.status, answer.raw) == (200, PNG)
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Content-Disposition"] == (
            "attachment; filename*=utf-8''Gr%C3%B6%C3%9Fe.png"
        )

    @pytest.mark.parametrize(
        "name", ["page.html", "image.svg", "page.xhtml", "code.js", "x", "a.HTM"]
    )
    def test_nothing_is_ever_a_page(self, api, name):
        answer = self.download(api, name, HTML)

        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "no-store" in answer.headers["Cache-Control"]

    def test_whatever_the_client_accepts(self, api):
        ticket = make_ticket()
        attachment = attachments.attach_file(ticket, name="a.png", content=PNG, actor=SYSTEM)
        path = f"/tickets/{ticket.pk}/attachments/{attachment.pk}"
        accept = {"Accept": "image/png"}

        assert api.get(f"{path}/content", headers=accept).raw == PNG
        assert api.get(path, headers=accept).status == 406
        missing = api.get(f"/tickets/{ticket.pk}/attachments/999/content", headers=accept)
        assert (missing.status, missing.body["success"]) == (404, False)

    def test_only_through_its_own_ticket(self, api):
        attachment = attachments.attach_file(make_ticket(), name="a", content=b"a", actor=SYSTEM)
        other = make_ticket()

        assert api.get(f"/tickets/{other.pk}/attachments/{attachment.pk}/content").status == 404
        assert api.get(f"/tickets/{other.pk}/attachments").data == []

    def test_one_that_is_gone_from_the_disk_is_a_404(self, api, settings):
        ticket = make_ticket()
        attachment = attachments.attach_file(ticket, name="a", content=b"a", actor=SYSTEM)
        stored(settings)[0].unlink()

        assert api.get(f"/tickets/{ticket.pk}/attachments/{attachment.pk}/content").status == 404


class TestMailing:
    def test_the_files_of_a_public_reply_go_with_its_mail(self):
        ticket = make_ticket(customer=make_customer(email="jane@example.com"))
        make_reply(ticket, attachments=[{"name": "offer.pdf", "content": b"%PDF"}])
        server = MailServer()

        send_due(clock=timezone.now, connect=server.connect)

        parts = list(server.taken[0].message().walk())
        assert [part.get_payload(decode=True) for part in parts if part.get_filename()] == [b"%PDF"]

    def test_those_of_a_note_never(self):
        ticket = make_ticket(customer=make_customer(email="jane@example.com"))
        secret = {"name": "secret.pdf", "content": b"SECRET"}
        make_reply(ticket, internal=True, attachments=[secret])
        attachments.attach_file(ticket, **secret, actor=SYSTEM)
        make_reply(ticket)
        server = MailServer()

        send_due(clock=timezone.now, connect=server.connect)

        (mail,) = server.taken
        assert "secret" not in mail.message().as_string().lower()
        public = Event.objects.filter(type="ticket.replied")
        assert not any("secret" in event.payload for event in public)

    def test_a_mail_still_gets_its_file_when_the_ticket_is_deleted_before_it_leaves(
        self, settings, django_capture_on_commit_callbacks
    ):
        ticket = make_ticket(customer=make_customer(email="jane@example.com"))
        make_reply(ticket, attachments=[{"name": "offer.pdf", "content": b"%PDF"}])
        with django_capture_on_commit_callbacks(execute=True):
            tickets.delete_ticket(ticket, actor=SYSTEM)

        assert send_due(clock=timezone.now, connect=MailServer().connect) == 1

        age_files(settings)
        sweep_files(now=timezone.now())
        assert stored(settings) == []


class TestRemoving:
    def test_files_go_with_their_ticket_after_the_commit(
        self, settings, django_capture_on_commit_callbacks
    ):
        ticket = make_ticket()
        make_reply(ticket, attachments=[{"name": "a", "content": b"a"}])
        with django_capture_on_commit_callbacks(execute=True):
            tickets.delete_ticket(ticket, actor=SYSTEM)
            assert len(stored(settings)) == 1

        assert stored(settings) == []
        assert not Attachment.objects.exists()

    def test_one_is_removed_by_itself(self, api, settings, django_capture_on_commit_callbacks):
        ticket = make_ticket()
        path = f"/tickets/{ticket.pk}/attachments"
        pk = api.post(path, file()).data["id"]

        with django_capture_on_commit_callbacks(execute=True):
            answer = api.delete(f"{path}/{pk}")

        assert answer.body == {"success": True, "message": "Attachment deleted"}
        assert api.get(f"{path}/{pk}").status == 404
        assert stored(settings) == []
        assert Event.objects.filter(type="ticket.detached").count() == 1

    def test_whoever_removes_it_second_hears_that_it_is_gone(self):
        attachment = attachments.attach_file(make_ticket(), name="a", content=b"a", actor=SYSTEM)
        seen_by_another = Attachment.objects.get()
        attachments.remove_attachment(attachment, actor=SYSTEM)

        with pytest.raises(NotFound):
            attachments.remove_attachment(seen_by_another, actor=SYSTEM)
        assert Event.objects.filter(type="ticket.detached").count() == 1

    def test_a_transaction_that_fails_leaves_a_file_only_for_the_sweep(self, settings):
        ticket = make_ticket()
        with transaction.atomic():
            make_reply(ticket, attachments=[{"name": "a", "content": b"a"}])
            transaction.set_rollback(True)
        kept = attachments.attach_file(ticket, name="b", content=b"b", actor=SYSTEM)
        assert len(stored(settings)) == 2

        sweep_files(now=timezone.now())
        assert len(stored(settings)) == 2, "a transaction may still be open"
        age_files(settings)
        sweep_files(now=timezone.now())

        assert [path.name for path in stored(settings)] == [kept.stored_name]

    def test_a_database_that_knows_hardly_any_of_the_files_is_not_theirs(self, settings, caplog):
        ticket = make_ticket()
        for name in "abc":
            attachments.attach_file(ticket, name=name, content=b"x", actor=SYSTEM)
        Attachment.objects.exclude(name="a").delete()  # as in a database restored from long ago
        age_files(settings)

        sweep_files(now=timezone.now())

        assert len(stored(settings)) == 3
        assert "2 of 3 attached files are unknown to this database" in caplog.text

    def test_a_disk_that_is_full_leaves_nothing_half_done(self, api, settings, monkeypatch):
        ticket = make_ticket()
        write = stored_files.store_file
        calls = []

        def second_fails(content: bytes) -> stored_files.StoredFile:
            calls.append(content)
            if len(calls) == 2:
                raise OSError(28, "No space left on device")
            return write(content)

        monkeypatch.setattr(attachments, "store_file", second_fails)
        answer = api.post(
            f"/tickets/{ticket.pk}/replies", {"message": "x", "attachments": [file(), file()]}
        )

        assert answer.status >= 500
        assert stored(settings) == []
        assert not Reply.objects.exists()

    def test_half_a_file_does_not_stay_on_a_full_disk(self, settings, monkeypatch):
        def full(_handle: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(stored_files.os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            stored_files.store_file(PNG)

        assert stored(settings) == []


def age_files(settings) -> None:
    long_ago = (timezone.now() - ORPHANED_AFTER - datetime.timedelta(hours=1)).timestamp()
    for path in stored(settings):
        os.utime(path, (long_ago, long_ago))


@pytest.mark.parametrize("name", ["../secrets.env", "", "a" * 39, "A" * 40])
def test_no_other_name_reaches_the_disk(name):
    with pytest.raises(ValueError, match="not the name of a stored file"):
        stored_files.read_file(name)


def test_who_may_not_write_tickets_attaches_nothing(viewer):
    ticket = make_ticket()

    assert viewer.post(f"/tickets/{ticket.pk}/attachments", file()).status == 403
    assert viewer.get(f"/tickets/{ticket.pk}/attachments").status == 200
