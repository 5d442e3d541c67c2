"""Handing mails to the mail server, one by one, outside any transaction."""

import datetime
import logging
import smtplib
from collections.abc import Callable

from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from bizsuite.mail.mails import Failure, claim_next, record_failure, record_sent
from bizsuite.mail.models import MailAttachment, OutgoingMail
from bizsuite.stored_files import read_file

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime.datetime]
Connect = Callable[[], BaseEmailBackend]

# A run ends after this time, so that a slow server does not keep the other jobs from their turn;
# the sweep begins the next.
RUN = datetime.timedelta(seconds=20)
# How much of a conversation a mail names; readers need the first and the last ones.
REFERENCES = 10
# What a mail program shows or saves; anything else travels as bytes without a meaning.
PLAIN_TYPES = ("application", "audio", "image", "video")


class ServerAway(Exception):
    """Nothing can be sent at the moment, this mail or any other."""


def send_due(*, clock: Clock, connect: Connect = get_connection) -> int:
    """Send what is due, until nothing is, the server is away or the run is over.

    Returns how many mails were taken. Safe to run at once with others: each mail is leased to one.
    """
    begun, sent = clock(), 0
    server = connect()
    try:
        while clock() < begun + RUN and (mail := claim_next(now=clock())) is not None:
            try:
                failure = _send(server, mail)
            except ServerAway as error:
                record_failure(mail, Failure(str(error), permanent=False), now=clock())
                break
            if failure is None:
                record_sent(mail, through=transport(), now=clock())
                sent += 1
            else:
                record_failure(mail, failure, now=clock())
    finally:
        _close(server)
    return sent


def transport() -> str:
    """Where mails go: the server's name, or the backend that stands in for one."""
    backend = settings.EMAIL_BACKEND.split(".")[-2]
    return f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}" if backend == "smtp" else backend


def leaves_the_house() -> bool:
    """Whether a mail server is set. Without one mails are written to files."""
    return bool(settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"))


def _send(server: BaseEmailBackend, mail: OutgoingMail) -> Failure | None:
    """Hand over one mail; what was said against it, or None. Raises ServerAway."""
    try:
        server.open()
    except (OSError, ValueError) as error:  # smtplib's own are OSErrors; a login may not be ASCII
        raise ServerAway(_sentence(error)) from error
    try:
        server.send_messages([message_of(mail)])
    except smtplib.SMTPServerDisconnected as error:
        raise ServerAway(_sentence(error)) from error
    except OSError as error:
        if _wants_login(error):
            raise ServerAway(_sentence(error)) from error
        # What the conversation is in the middle of, the next mail should not be sent into.
        _close(server)
        return Failure(_sentence(error), permanent=_is_permanent(error))
    except ValueError as error:  # a header or an address that cannot be written
        return Failure(_sentence(error), permanent=True)
    except Exception as error:  # one mail's surprise must not stop the others
        logger.exception("Mail %s failed in an unforeseen way", mail.pk)
        _close(server)
        return Failure(f"Unforeseen: {_sentence(error)}", permanent=False)
    return None


def message_of(mail: OutgoingMail) -> EmailMessage:
    """The mail as it is sent. Raises FileNotFoundError for an attachment that is gone."""
    headers = {"Message-ID": mail.message_id}
    if mail.references:
        kept = [mail.references[0], *mail.references[1:][-REFERENCES + 1 :]]
        headers |= {"In-Reply-To": kept[-1], "References": " ".join(kept)}
    message = EmailMultiAlternatives(
        mail.subject, mail.body, mail.from_address, [mail.to_address], headers=headers
    )
    if mail.html_body:
        message.attach_alternative(mail.html_body, "text/html")
    for attachment in mail.attachments.all():
        content = read_file(attachment.stored_name)
        message.attach(attachment.name, content, _mail_type(attachment))
    return message


def _mail_type(attachment: MailAttachment) -> str:
    kind = attachment.content_type
    return kind if kind.split("/")[0] in PLAIN_TYPES else "application/octet-stream"


def _wants_login(error: OSError) -> bool:
    """Whether it would take no mail at all until EMAIL_URL is right (RFC 4954, 530)."""
    return isinstance(error, smtplib.SMTPSenderRefused) and error.smtp_code == 530


def _is_permanent(error: OSError) -> bool:
    """Whether the server said no to this very mail, for good (5xx), and not only for now (4xx)."""
    if isinstance(error, FileNotFoundError):
        return True
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _text in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code >= 500


def _sentence(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return "; ".join(_answer(code, text) for code, text in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}"


def _answer(code: int, text: bytes | str) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {words}"


def _close(server: BaseEmailBackend) -> None:
    try:
        server.close()
    except OSError as error:  # it was gone already
        logger.info("The mail server did not say goodbye: %s", error)
