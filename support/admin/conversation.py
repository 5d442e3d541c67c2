"""A ticket's conversation as its page shows it."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from bizsuite.mail.models import MailStatus, OutgoingMail
from support.canned_replies import filled_in
from support.display import initials
from support.models import Attachment, Author, CannedReply, Reply, Ticket

# The latest of them; more than that nobody reads on one page.
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Message:
    """kind: `customer`, `staff` or `note`. mail: what became of its mail, empty where none was."""

    kind: str
    name: str
    said_at: datetime.datetime
    text: str
    files: list[Attachment]
    mail: str = ""

    @property
    def initials(self) -> str:
        return initials(self.name)


@dataclass(frozen=True, slots=True)
class Conversation:
    """omitted: how many messages between the first and the others are not shown. last_id: the
    latest reply's, 0 while there is none."""

    first: Message
    others: list[Message]
    omitted: int
    last_id: int


def conversation_of(ticket: Ticket) -> Conversation:
    rows = Reply.objects.filter(ticket=ticket).prefetch_related("attachments")
    latest = list(rows.order_by("-id")[:SHOWN])[::-1]
    first = Message(
        kind="customer",
        name=ticket.customer.account,
        said_at=ticket.created_at,
        text=ticket.message,
        files=list(ticket.attachments.filter(reply=None)),
    )
    omitted = rows.count() - SHOWN if len(latest) == SHOWN else 0
    last_id = latest[-1].pk if latest else 0
    mails = OutgoingMail.objects.filter(resource="ticket", object_id=ticket.pk)
    fates = dict(mails.values_list("message_id", "status"))
    return Conversation(first, [_message(reply, fates) for reply in latest], omitted, last_id)


def texts_to_pick(ticket: Ticket, request: HttpRequest) -> Iterator[tuple[str, Any]]:
    """Each canned reply's title, and its text filled in for this ticket."""
    for canned in CannedReply.objects.all():
        yield canned.title, filled_in(canned, ticket, agent=request.user.name)


def _message(reply: Reply, fates: Mapping[str, str]) -> Message:
    """fates: the status of each mail of the ticket by its message id."""
    kind = "note" if reply.internal else str(Author(reply.author).value)
    mail = reply.mail_message_id
    return Message(
        kind=kind,
        name=reply.author_name,
        said_at=reply.created_at,
        text=reply.message,
        files=list(reply.attachments.all()),
        # Only what was sent is ever forgotten.
        mail=fates.get(mail, str(MailStatus.SENT)) if mail else "",
    )
