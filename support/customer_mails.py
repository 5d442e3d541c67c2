"""What customers get by mail: the public replies of staff, and never anything else."""

import datetime

from django.conf import settings

from bizsuite.identity.models import Organisation, organisation
from bizsuite.mail.mails import File, NewMail, named_address, new_message_id, queue_mail
from support.models import Author, Reply, Ticket

SIGNATURE = "-- "


def mail_to_customer(reply: Reply, *, now: datetime.datetime) -> None:
    """Queue a public reply of staff for the customer, if they have an address.

    Its message id stays with the reply: answers will name it, and so do the mails that follow.
    Raises ValueError for any other reply: a note that leaves the house cannot be called back.
    """
    if reply.internal or reply.author != Author.STAFF:
        raise ValueError(f"Reply {reply.pk} is not for the customer.")
    ticket = reply.ticket
    if not ticket.customer.email:
        return
    profile = organisation()
    sender = sender_of(ticket, profile)
    message_id = new_message_id(sender)
    queue_mail(
        NewMail(
            to=ticket.customer.email,
            subject=f"[{ticket.number}] {ticket.subject}",
            body=_body(reply, profile),
            resource="ticket",
            object_id=ticket.pk,
            sender=sender,
            message_id=message_id,
            references=_earlier_ids(reply),
            files=[
                File(file.name, file.content_type, file.stored_name)
                for file in reply.attachments.all()
            ],
        ),
        now=now,
    )
    Reply.objects.filter(pk=reply.pk).change(mail_message_id=message_id)
    reply.refresh()


def sender_of(ticket: Ticket, profile: Organisation) -> str:
    """The department's own address, else the organisation's, else the installation's."""
    address = ticket.department.email or profile.email
    return named_address(profile.name, address) if address else settings.DEFAULT_FROM_EMAIL


def _body(reply: Reply, profile: Organisation) -> str:
    return "\n".join([reply.message, "", SIGNATURE, reply.author_name, profile.name])


def _earlier_ids(reply: Reply) -> list[str]:
    mailed = Reply.objects.public().filter(ticket=reply.ticket_id).exclude(mail_message_id="")
    return list(mailed.order_by("id").values_list("mail_message_id", flat=True))
