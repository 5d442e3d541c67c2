from support.models.conversation import Author, Reply
from support.models.tickets import Department, Priority, Status, Ticket

__all__ = [
    "Author",
    "Department",
    "Priority",
    "Reply",
    "Status",
    "Ticket",
]
