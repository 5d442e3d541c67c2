"""What can be done with a ticket. What is said on it is in `support.replies`."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from bizsuite.errors import Conflict, Invalid, Stale
from bizsuite.events.recording import NewEvent, record_event, record_events
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import User, organisation
from bizsuite.numbering.numbers import next_numbers
from bizsuite.records import lock
from customers.customers import require_active
from support.departments import default_department, require_in_use
from support.models import Status, Ticket
from support.models.tickets import PREFIX
from support.serializers import TicketSerializer
from support.unused_files import forget_files

# What was said, and by whom, stays as it was.
FIXED = ("customer", "message")
CHANGEABLE = ("subject", "priority", "department_id", "assignee_id", "external_id", "metadata")
MOVES: dict[str, list[str]] = {
    Status.OPEN: ["reply", "wait", "close"],
    Status.PENDING: ["reply", "reopen", "close"],
    Status.CLOSED: ["reply", "reopen"],
}


class TicketFixed(Conflict):
    code = "ticket_fixed"


class TicketTaken(Conflict):
    code = "ticket_taken"


class TicketMoveNotAllowed(Conflict):
    code = "ticket_move_not_allowed"


@transaction.atomic
def create_tickets(
    new_tickets: Sequence[Mapping[str, Any]],
    *,
    actor: Actor,
    now: datetime.datetime | None = None,
) -> list[Ticket]:
    """Open tickets, all of them or none.

    Each has customer, subject and message, and may have department (else the first one), priority,
    assignee, external_id and metadata.
    """
    now = now or timezone.now()
    tickets = []
    for fields in new_tickets:
        require_active(fields["customer"])
        department = fields.get("department") or default_department()
        require_in_use(department)
        _require_active_assignee(fields.get("assignee"))
        values = {**fields, "department": department, "created_at": now, "waiting_since": now}
        tickets.append(Ticket(**values))
    numbers = next_numbers(PREFIX, organisation().today(now).year, len(tickets))
    for ticket, number in zip(tickets, numbers, strict=True):
        ticket.number = number
        ticket.search_text = ticket.folded_search_text()
    Ticket.objects.bulk_create(tickets)
    shown = TicketSerializer(tickets, many=True).data
    record_events(
        [
            NewEvent("ticket.created", ticket, data)
            for ticket, data in zip(tickets, shown, strict=True)
        ],
        actor=actor,
    )
    return tickets


def create_ticket(*, actor: Actor, now: datetime.datetime | None = None, **fields: Any) -> Ticket:
    return create_tickets([fields], actor=actor, now=now)[0]


@transaction.atomic
def update_ticket(
    ticket: Ticket, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> Ticket:
    """Change the fields given, of those that are CHANGEABLE, whatever the status.

    What is sent as it is already changes nothing. Raises Stale and TicketFixed.
    """
    lock(ticket)
    if if_version not in (None, ticket.version):
        raise Stale("This ticket has been changed since you read it.")
    changes = {name: value for name, value in changes.items() if getattr(ticket, name) != value}
    if not changes:
        return ticket
    if refused := [name for name in FIXED if name in changes]:
        raise TicketFixed(
            f"The {refused[0]} of a ticket cannot change; open another ticket.",
            allowed=list(CHANGEABLE),
        )
    if "department" in changes:
        require_in_use(changes["department"])
    _require_active_assignee(changes.get("assignee"))
    for name, value in changes.items():
        setattr(ticket, name, value)
    Ticket.objects.filter(pk=ticket.pk).change(**changes, search_text=ticket.folded_search_text())
    return recorded("ticket.updated", ticket, actor)


@transaction.atomic
def take_ticket(ticket: Ticket, *, assignee: User, instead_of: int | None, actor: Actor) -> Ticket:
    """Give a ticket to `assignee` if it is still that user's who had it when they looked.

    instead_of: the user's id, None for nobody. Raises TicketTaken: of two who take it at once,
    the second must hear of the first.
    """
    lock(ticket)
    if ticket.assignee_id not in (instead_of, assignee.pk):
        name = ticket.assignee.name if ticket.assignee else "nobody"
        raise TicketTaken(f"Ticket {ticket.number} has been given to {name} meanwhile.")
    return update_ticket(ticket, assignee=assignee, actor=actor)


@transaction.atomic
def close_ticket(ticket: Ticket, *, actor: Actor, now: datetime.datetime | None = None) -> Ticket:
    """It is resolved. Raises TicketMoveNotAllowed if it is closed already."""
    _move(
        ticket,
        "close",
        status=Status.CLOSED,
        waiting_since=None,
        resolved_at=now or timezone.now(),
    )
    return recorded("ticket.closed", ticket, actor)


@transaction.atomic
def reopen_ticket(ticket: Ticket, *, actor: Actor, now: datetime.datetime | None = None) -> Ticket:
    """It is our turn again. Raises TicketMoveNotAllowed if it is open already."""
    _move(
        ticket,
        "reopen",
        status=Status.OPEN,
        waiting_since=now or timezone.now(),
        resolved_at=None,
    )
    return recorded("ticket.reopened", ticket, actor)


@transaction.atomic
def await_customer(ticket: Ticket, *, actor: Actor) -> Ticket:
    """It is the customer's turn, as after a phone call. A public reply says so by itself.

    Raises TicketMoveNotAllowed unless the ticket is open.
    """
    _move(ticket, "wait", status=Status.PENDING, waiting_since=None, resolved_at=None)
    return recorded("ticket.updated", ticket, actor)


@transaction.atomic
def delete_ticket(ticket: Ticket, *, actor: Actor) -> None:
    """Remove a ticket, such as spam, with all that was said on it. Its number is not given again."""
    lock(ticket)
    data = TicketSerializer(ticket).data
    forget_files(list(ticket.attachments.values_list("stored_name", flat=True)))
    Ticket.objects.filter(pk=ticket.pk).delete()
    ticket.version += 1
    record_event("ticket.deleted", ticket, data=data, actor=actor)


def allowed_moves(ticket: Ticket) -> list[str]:
    """What this ticket's status allows to be done with it."""
    return MOVES[ticket.status]


def recorded(event: str, ticket: Ticket, actor: Actor, **extra: Any) -> Ticket:
    """The ticket as it is after a change, with the event that says so."""
    ticket.refresh()
    record_event(event, ticket, data=TicketSerializer(ticket).data | extra, actor=actor)
    return ticket


def _move(ticket: Ticket, move: str, **changes: Any) -> None:
    lock(ticket)
    from_statuses = [status for status, moves in MOVES.items() if move in moves]
    # Compare-and-set beside the lock: whatever the database, of two at once only one moves it.
    moved = Ticket.objects.filter(pk=ticket.pk, status__in=from_statuses).change(**changes)
    if not moved:
        raise TicketMoveNotAllowed(
            f"Ticket {ticket.number} is {ticket.status}.", allowed=allowed_moves(ticket)
        )


def _require_active_assignee(assignee: User | None) -> None:
    if assignee is not None and not assignee.is_active:
        raise Invalid({"assignee_id": f"{assignee.name} is not active"})
