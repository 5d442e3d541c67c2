"""Mails: queued with what causes them, claimed, settled, and sent again when a person asks."""

import datetime
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import connection, transaction

from bizsuite.errors import Conflict
from bizsuite.events.recording import nudge, record_event
from bizsuite.identity.actors import Actor
from bizsuite.mail.models import SUBJECT_LENGTH, MailAttachment, MailStatus, OutgoingMail

logger = logging.getLogger(__name__)

SEND_TASK = "bizsuite.mail.tasks.send"
# Longer than a send can take, so that only a dead worker's lease ever runs out.
LEASE = datetime.timedelta(minutes=5)
_MINUTE = datetime.timedelta(minutes=1)
_HOUR = datetime.timedelta(hours=1)
# Nine attempts in two days and a bit: a mail server that was down over a weekend's night.
DELAYS = (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 3 * _HOUR, 8 * _HOUR, 16 * _HOUR, 24 * _HOUR)
_PRUNED_AT_ONCE = 1000
_SHOWN_OF_NAME = 150
_WORKER = Actor.system("worker")


class MailNotFailed(Conflict):
    code = "mail_not_failed"


@dataclass(frozen=True, slots=True)
class File:
    """A stored file to go with a mail, under the name that the reader sees."""

    name: str
    content_type: str
    stored_name: str


@dataclass(frozen=True, slots=True)
class NewMail:
    """A mail to queue.

    resource, object_id: the record that it is about. sender: a `Name <address>`, or the product's
    own when empty. message_id: when the caller keeps it; made here when empty. references: the
    message ids that it continues, oldest first. html_body: the same text for programs that show
    HTML; its writer escapes what others typed.
    """

    to: str
    subject: str
    body: str
    resource: str
    object_id: int
    sender: str = ""
    message_id: str = ""
    references: Sequence[str] = ()
    files: Sequence[File] = ()
    html_body: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a mail was not taken. permanent: trying again would be of no use."""

    error: str
    permanent: bool


def queue_mail(new: NewMail, *, now: datetime.datetime) -> OutgoingMail:
    """Write a mail in the transaction of what causes it; it leaves after the commit, or never.

    An address that cannot be one makes a failed mail and no error: whoever replied to a ticket
    cannot help what was once typed as the customer's address.
    Raises RuntimeError outside a transaction.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("queue_mail() must run in the transaction of what causes the mail.")
    sender = one_line(new.sender) or settings.DEFAULT_FROM_EMAIL
    mail = OutgoingMail(
        to_address=one_line(new.to)[:320],
        from_address=sender,
        subject=one_line(new.subject)[:SUBJECT_LENGTH],
        body=_storable(new.body),
        html_body=_storable(new.html_body),
        message_id=new.message_id or new_message_id(sender),
        references=list(new.references),
        resource=new.resource,
        object_id=new.object_id,
        next_attempt_at=now,
        created_at=now,
    )
    refusal = _refused_address(mail.to_address) or _refused_address(parseaddr(sender)[1])
    if refusal:
        mail.status, mail.next_attempt_at, mail.last_error = MailStatus.FAILED, None, refusal
    mail.save()
    MailAttachment.objects.bulk_create(
        MailAttachment(
            mail=mail, name=file.name, content_type=file.content_type, stored_name=file.stored_name
        )
        for file in new.files
    )
    if refusal:
        _say_failed(mail)
    else:
        transaction.on_commit(lambda: nudge(SEND_TASK), robust=True)
    return mail


def claim_next(*, now: datetime.datetime) -> OutgoingMail | None:
    """Lease the mail that has been due longest, to this caller alone; None when none is due."""
    while True:
        due = OutgoingMail.objects.due(now).order_by("next_attempt_at", "id").first()
        if due is None:
            return None
        token = secrets.token_hex(16)
        # The row count decides between two workers that found the same mail.
        mine = OutgoingMail.objects.due(now).filter(pk=due.pk)
        if mine.update(lease_token=token, leased_until=now + LEASE):
            due.lease_token, due.leased_until = token, now + LEASE
            return due


def record_sent(mail: OutgoingMail, *, through: str, now: datetime.datetime) -> None:
    """Settle a claimed mail that was taken. Without effect if the lease was lost meanwhile."""
    _leased(mail).update(
        **_unleased_after_attempt(mail),
        status=MailStatus.SENT,
        sent_at=now,
        sent_through=through[:200],
        last_error="",
    )


@transaction.atomic
def record_failure(mail: OutgoingMail, failure: Failure, *, now: datetime.datetime) -> None:
    """Settle a claimed mail that was not taken: to be tried again, or given up.

    Without effect if the lease was lost meanwhile: whoever has the mail now settles it.
    """
    changes = _unleased_after_attempt(mail) | {"last_error": _storable(failure.error)[:500]}
    given_up = failure.permanent or mail.step >= len(DELAYS)
    if given_up:
        changes["status"] = MailStatus.FAILED
    else:
        changes |= {"step": mail.step + 1, "next_attempt_at": now + DELAYS[mail.step]}
    if _leased(mail).update(**changes) and given_up:
        mail.refresh_from_db()
        _say_failed(mail)


@transaction.atomic
def retry_mail(mail: OutgoingMail, *, now: datetime.datetime, actor: Actor) -> OutgoingMail:
    """Send a mail that was given up once more, now, with a fresh schedule of retries.

    Raises MailNotFailed for one that is sent or on its way.
    """
    failed = OutgoingMail.objects.failed().filter(pk=mail.pk)
    if not failed.update(
        status=MailStatus.QUEUED, next_attempt_at=now, step=0, version=mail.version + 1
    ):
        raise MailNotFailed("Only a mail that was given up can be sent once more.")
    mail.refresh_from_db()
    record_event("mail.retried", mail, data=_shown(mail), actor=actor)
    transaction.on_commit(lambda: nudge(SEND_TASK), robust=True)
    return mail


def prune_sent(*, before: datetime.datetime, limit: int = 10_000) -> int:
    """Forget mails sent before an instant, at most `limit` at once; returns how many."""
    pruned = 0
    while pruned < limit:
        old = OutgoingMail.objects.filter(status=MailStatus.SENT, sent_at__lt=before)
        ids = list(old.order_by("sent_at").values_list("pk", flat=True)[:_PRUNED_AT_ONCE])
        if not ids:
            break
        OutgoingMail.objects.filter(pk__in=ids).delete()
        pruned += len(ids)
    return pruned


def new_message_id(sender: str) -> str:
    """A Message-ID at the sender's domain, which is what receivers expect of it."""
    domain = parseaddr(sender)[1].rpartition("@")[2]
    # Not a name of ours: asking what this machine is called can take seconds.
    host = domain if domain.isascii() and domain.replace(".", "").replace("-", "").isalnum() else ""
    return f"<{secrets.token_hex(16)}@{host or 'localhost'}>"


def named_address(name: str, address: str) -> str:
    """`"Name" <address>`, as people read it; it is encoded when it is sent."""
    quoted = one_line(name)[:_SHOWN_OF_NAME].replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{address}>' if quoted else address


def one_line(text: str) -> str:
    """What goes into a header: a line break there would begin the next header."""
    printable = "".join(letter if letter.isprintable() else " " for letter in _storable(text))
    return " ".join(printable.split())


def _storable(text: str) -> str:
    """PostgreSQL keeps no NUL, and neither database a lone surrogate."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _refused_address(address: str) -> str:
    try:
        validate_email(address)
    except ValidationError:
        return f"{address!r} is not an e-mail address"[:500]
    return ""


def _leased(mail: OutgoingMail) -> Any:
    return OutgoingMail.objects.filter(pk=mail.pk, lease_token=mail.lease_token)


def _unleased_after_attempt(mail: OutgoingMail) -> dict[str, Any]:
    return {
        "attempts": mail.attempts + 1,
        "lease_token": "",
        "leased_until": None,
        "next_attempt_at": None,
    }


def _say_failed(mail: OutgoingMail) -> None:
    logger.error("Mail %s to %s was given up: %s", mail.pk, mail.to_address, mail.last_error)
    record_event("mail.failed", mail, data=_shown(mail), actor=_WORKER)


def _shown(mail: OutgoingMail) -> Mapping[str, Any]:
    return {
        "id": mail.pk,
        "to": mail.to_address,
        "subject": mail.subject,
        "status": mail.status,
        "attempts": mail.attempts,
        "last_error": mail.last_error,
    }
