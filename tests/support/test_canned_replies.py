"""Canned replies are filled in for the ticket at hand."""

import pytest

from bizsuite.events.models import Event
from support import canned_replies
from tests.factories import SYSTEM, make_canned_reply, make_customer, make_ticket

pytestmark = pytest.mark.django_db


def test_what_it_names_is_filled_in_and_other_braces_stay():
    canned = make_canned_reply(
        text="Hello {customer}, about {ticket} ({subject}): {x} {} – {agent}"
    )
    ticket = make_ticket(customer=make_customer(account="Acme", contact_name="Jane"))

    text = canned_replies.filled_in(canned, ticket, agent="Ada")

    assert text == f"Hello Jane, about {ticket.number} (Cannot sign in): {{x}} {{}} – Ada"


def test_a_customers_name_is_not_filled_in_itself():
    canned = make_canned_reply(text="Hello {customer}")
    ticket = make_ticket(customer=make_customer(account="{agent}"))

    assert canned_replies.filled_in(canned, ticket, agent="Ada") == "Hello {agent}"


def test_each_change_is_told_once():
    canned = make_canned_reply()
    canned_replies.update_canned_reply(canned, text="New", actor=SYSTEM)
    canned_replies.update_canned_reply(canned, text="New", actor=SYSTEM)
    canned_replies.delete_canned_reply(canned, actor=SYSTEM)

    told = Event.objects.filter(resource="canned_reply").order_by("id")
    assert [event.type for event in told] == [
        "canned_reply.created",
        "canned_reply.updated",
        "canned_reply.deleted",
    ]
