"""Tickets: what customers wrote, and what was answered."""

from bizsuite.identity.roles import Role
from bizsuite.sandbox.company.names import TICKETS
from bizsuite.sandbox.company.story import Story
from support.canned_replies import create_canned_reply
from support.departments import create_department
from support.models import Author, Department
from support.replies import add_reply
from support.tickets import close_ticket, create_ticket


def open_tickets(story: Story) -> None:
    accounts = create_department(name="Accounts", actor=story.actor)
    create_canned_reply(
        title="Thanks for writing",
        text="Dear {customer},\n\nthank you, we are looking into {ticket}.\n\n{agent}",
        actor=story.actor,
    )
    departments = {"Two charges on our card": accounts, "Invoice address": accounts}
    for number, ticket in enumerate(TICKETS):
        _tell(story, number, ticket, departments.get(ticket[0]))


def _tell(
    story: Story,
    number: int,
    told: tuple[str, str, str, str, str, int, str],
    department: Department | None,
) -> None:
    subject, message, answer, thanks, priority, hours, end = told
    agent = story.person(Role.SUPPORT)
    ticket = create_ticket(
        customer=story.customers[(3 * number) % len(story.customers)],
        subject=subject,
        message=message,
        priority=priority,
        assignee=story.staff[Role.SUPPORT] if answer else None,
        now=story.hours_ago(hours),
        actor=story.actor,
        **({"department": department} if department else {}),
    )
    if answer:
        add_reply(ticket, message=answer, now=story.hours_ago(hours * 0.9), actor=agent)
    if thanks:
        later = story.hours_ago(hours * 0.6)
        add_reply(ticket, message=thanks, author=Author.CUSTOMER, now=later, actor=agent)
    if priority == "Urgent":
        note = "Called them as well; they sounded friendly."
        add_reply(ticket, message=note, internal=True, now=story.hours_ago(1), actor=agent)
    if end == "closed":
        close_ticket(ticket, now=story.hours_ago(hours * 0.5), actor=agent)
