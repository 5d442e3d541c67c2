"""What staff and customers say on a ticket, and what that does to its status."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from bizsuite.errors import Invalid
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from support.attachments import add_files
from support.customer_mails import mail_to_customer
from support.models import Author, Reply, Status, Ticket
from support.serializers import ReplySerializer, TicketSerializer
from support.tickets import recorded


@transaction.atomic
def add_reply(
    ticket: Ticket,
    *,
    message: str,
    actor: Actor,
    author: str = Author.STAFF,
    internal: bool = False,
    attachments: Sequence[dict[str, Any]] = (),
    now: datetime.datetime | None = None,
    **fields: Any,
) -> Reply:
    """Add a message to a ticket.

    A public one by staff makes it the customer's turn: an open ticket is pending from then on. One
    by the customer opens a pending or closed ticket again. An internal note moves nothing.

    attachments: files, each of a name and its content; they go with the mail of a public reply.
    author: "customer" for what a customer wrote and the actor only records.
    Raises Invalid for an internal message of a customer's.
    """
    now = now or timezone.now()
    if internal and author == Author.CUSTOMER:
        raise Invalid({"internal": "What a customer wrote cannot be internal"})
    lock(ticket)
    by_customer = author == Author.CUSTOMER
    reply = Reply.objects.create(
        ticket=ticket,
        author=author,
        author_name=ticket.customer.account if by_customer else actor.name,
        user_id=None if by_customer else actor.user_id,
        message=message,
        internal=internal,
        created_at=now,
        **fields,
    )
    add_files(ticket, reply, attachments)
    if not by_customer and not internal:
        mail_to_customer(reply, now=now)
    was_closed = ticket.status == Status.CLOSED
    Ticket.objects.filter(pk=ticket.pk).change(**_consequences(ticket, reply, now))
    event = "ticket.noted" if internal else "ticket.replied"
    recorded(event, ticket, actor, reply=ReplySerializer(reply).data)
    if by_customer and was_closed:
        record_event("ticket.reopened", ticket, data=TicketSerializer(ticket).data, actor=actor)
    return reply


def _consequences(ticket: Ticket, reply: Reply, now: datetime.datetime) -> dict[str, Any]:
    """The columns of a ticket that a reply changes."""
    if reply.internal:
        return {}
    if reply.author == Author.CUSTOMER:
        waiting_since = ticket.waiting_since or now
        return {"status": Status.OPEN, "waiting_since": waiting_since, "resolved_at": None}
    changes: dict[str, Any] = {"first_response_at": ticket.first_response_at or now}
    if ticket.status == Status.OPEN:
        changes |= {"status": Status.PENDING, "waiting_since": None}
    return changes
