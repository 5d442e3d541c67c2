from support.models.conversation import Attachment, Author, CannedReply, Reply
from support.models.tickets import Department, Priority, Status, Ticket

__all__ = [
    "Attachment",
    "Author",
    "CannedReply",
    "Department",
    "Priority",
    "Reply",
    "Status",
    "Ticket",
]
