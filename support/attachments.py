"""Files on tickets: taken in and removed."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import Sum

from bizsuite.errors import Conflict, Invalid, NotFound
from bizsuite.file_names import clean_name, content_type_of
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from bizsuite.stored_files import remove_file, store_file
from support.models import Attachment, Reply, Ticket
from support.serializers import AttachmentSerializer
from support.tickets import recorded
from support.unused_files import forget_files

# With one message. Together no more than a mail can carry: servers refuse 25 MB, often less, and
# base64 adds a third.
MAX_FILES = 10
MAX_FILE_BYTES = 5_000_000
MAX_MESSAGE_BYTES = 10_000_000
MAX_TICKET_BYTES = 100_000_000


class TicketFull(Conflict):
    code = "ticket_full"


@transaction.atomic
def attach_file(ticket: Ticket, *, name: str, content: bytes, actor: Actor) -> Attachment:
    """Add a file to a ticket's first message. It is mailed to nobody."""
    lock(ticket)
    (attachment,) = add_files(ticket, None, [{"name": name, "content": content}])
    Ticket.objects.filter(pk=ticket.pk).change()
    recorded("ticket.attached", ticket, actor, attachment=AttachmentSerializer(attachment).data)
    return attachment


@transaction.atomic
def remove_attachment(attachment: Attachment, *, actor: Actor) -> None:
    """Remove a file, such as one attached by mistake. What was mailed cannot be called back.

    Raises NotFound if it is gone.
    """
    ticket = attachment.ticket
    lock(ticket)
    data = AttachmentSerializer(attachment).data
    removed, _ = Attachment.objects.filter(pk=attachment.pk).delete()
    if not removed:
        raise NotFound("There is no such file.")
    Ticket.objects.filter(pk=ticket.pk).change()
    forget_files([attachment.stored_name])
    recorded("ticket.detached", ticket, actor, attachment=data)


def add_files(
    ticket: Ticket, reply: Reply | None, files: Sequence[dict[str, Any]]
) -> list[Attachment]:
    """Store files, each of a `name` and its `content`, for a ticket that the caller has locked.

    Raises Invalid and TicketFull, and then leaves no file behind. If the transaction fails later,
    the sweep removes them.
    """
    _check_sizes(ticket, files)
    attachments: list[Attachment] = []
    try:
        for file in files:
            stored = store_file(file["content"])
            name = clean_name(file["name"])
            attachments.append(
                Attachment(
                    ticket=ticket,
                    reply=reply,
                    name=name,
                    content_type=content_type_of(name),
                    size=stored.size,
                    sha256=stored.sha256,
                    stored_name=stored.name,
                )
            )
        return Attachment.objects.bulk_create(attachments)
    except BaseException:
        for attachment in attachments:
            remove_file(attachment.stored_name)
        raise


def _check_sizes(ticket: Ticket, files: Sequence[dict[str, Any]]) -> None:
    if len(files) > MAX_FILES:
        raise Invalid({"attachments": f"At most {MAX_FILES} files at once"})
    for index, file in enumerate(files):
        if len(file["content"]) > MAX_FILE_BYTES:
            text = f"A file may have at most {MAX_FILE_BYTES // 1_000_000} MB"
            raise Invalid({f"attachments.{index}.content": text})
    together = sum(len(file["content"]) for file in files)
    if together > MAX_MESSAGE_BYTES:
        limit = MAX_MESSAGE_BYTES // 1_000_000
        raise Invalid(
            {"attachments": f"The files of a message may have at most {limit} MB together"}
        )
    there = Attachment.objects.filter(ticket=ticket).aggregate(size=Sum("size", default=0))["size"]
    if there + together > MAX_TICKET_BYTES:
        limit = MAX_TICKET_BYTES // 1_000_000
        raise TicketFull(f"The files of a ticket may have at most {limit} MB together.")
