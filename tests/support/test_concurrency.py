"""Two at the same ticket, and many new tickets, at the same moment."""

from functools import partial

import pytest

from bizsuite.errors import Conflict
from bizsuite.events.models import Event
from bizsuite.numbering.models import NumberSeries
from support import replies, tickets
from support.models import Ticket
from tests.concurrency import at_once
from tests.factories import SYSTEM, make_customer, make_ticket

pytestmark = pytest.mark.django_db(transaction=True)


def test_numbers_have_neither_gaps_nor_doubles():
    customer = make_customer()

    def open_three() -> list[Ticket]:
        return [make_ticket(customer=customer) for _ in range(3)]

    opened = [ticket for batch in at_once([open_three] * 4) for ticket in batch]

    counted = sorted(int(ticket.number.rsplit("-", 1)[1]) for ticket in opened)
    assert counted == list(range(1, 13))
    assert NumberSeries.objects.get(prefix="TKT").last == 12


def test_a_ticket_is_closed_once():
    ticket = make_ticket()

    def close() -> bool:
        try:
            tickets.close_ticket(Ticket.objects.get(pk=ticket.pk), actor=SYSTEM)
        except Conflict:
            return False
        return True

    assert sorted(at_once([close] * 4)) == [False, False, False, True]
    assert Event.objects.filter(type="ticket.closed").count() == 1


def test_whoever_is_first_the_customers_word_is_not_lost():
    """Closed and answered at once: either it is open, or it was closed after the answer."""
    ticket = make_ticket()

    def row() -> Ticket:
        return Ticket.objects.get(pk=ticket.pk)

    def answer() -> None:
        replies.add_reply(row(), message="Still broken", author="customer", actor=SYSTEM)

    at_once([answer, lambda: tickets.close_ticket(row(), actor=SYSTEM)])

    last = Event.objects.filter(resource="ticket").latest("id").type
    assert row().status == ("Closed" if last == "ticket.closed" else "Open")
    assert row().version == 3


def test_the_first_response_is_one_instant():
    ticket = make_ticket()
    say = partial(replies.add_reply, message="On it", actor=SYSTEM)

    at_once([lambda: say(Ticket.objects.get(pk=ticket.pk))] * 3)

    first = Ticket.objects.get(pk=ticket.pk)
    assert (first.status, first.version) == ("Pending", 4)
    assert first.first_response_at is not None
