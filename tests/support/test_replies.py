"""The conversation on a ticket, and what it does to the ticket."""

import datetime

import pytest

from bizsuite.events.models import Event
from bizsuite.events.registry import event_type, matches
from bizsuite.exact_json import decode
from bizsuite.identity.roles import Role
from support import tickets
from support.models import Reply, Ticket
from tests.api_client import ApiClient
from tests.factories import SYSTEM, make_customer, make_key, make_reply, make_ticket, make_user

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


def events(ticket: Ticket) -> list[str]:
    rows = Event.objects.filter(resource="ticket", object_id=ticket.pk).order_by("id")
    return list(rows.values_list("type", flat=True))[1:]


def state(ticket: Ticket) -> tuple[object, ...]:
    ticket.refresh()
    return ticket.status, ticket.waiting_since, ticket.first_response_at


def test_staff_answer_with_the_name_of_the_keys_user():
    user = make_user(name="Ben Okafor", role=Role.SUPPORT)
    client = ApiClient(make_key(user)[1])
    ticket = make_ticket()

    answer = client.post(f"/tickets/{ticket.pk}/replies", {"message": "Have you tried it off?"})

    assert answer.status == 201
    assert answer.data | {"created_at": 0, "updated_at": 0} == {
        "id": answer.data["id"],
        "ticket_id": ticket.pk,
        "author": "staff",
        "author_name": "Ben Okafor",
        "user_id": user.pk,
        "message": "Have you tried it off?",
        "internal": False,
        "attachments": [],
        "external_id": None,
        "metadata": {},
        "created_at": 0,
        "updated_at": 0,
    }
    location = f"/tickets/{ticket.pk}/replies/{answer.data['id']}"
    assert answer.headers["Location"] == f"/api/v2{location}"
    assert client.get(location).data == answer.data
    assert client.get(f"/tickets/{ticket.pk}/replies").data == [answer.data]


def test_the_first_answer_is_dated_and_makes_it_the_customers_turn():
    ticket = make_ticket(now=NOW)

    first = make_reply(ticket, now=NOW + HOUR)
    make_reply(ticket, now=NOW + 2 * HOUR)

    assert (ticket.created_at, first.created_at) == (NOW, NOW + HOUR)
    assert state(ticket) == ("Pending", None, NOW + HOUR)
    assert events(ticket) == ["ticket.replied", "ticket.replied"]


@pytest.mark.parametrize("closed", [False, True])
def test_a_customers_reply_makes_it_our_turn_again(closed):
    ticket = make_ticket(now=NOW)
    make_reply(ticket, now=NOW + HOUR)
    if closed:
        tickets.close_ticket(ticket, actor=SYSTEM)

    reply = make_reply(ticket, author="customer", now=NOW + 2 * HOUR)

    assert state(ticket) == ("Open", NOW + 2 * HOUR, NOW + HOUR)
    assert ticket.resolved_at is None
    assert (reply.author_name, reply.user_id) == ("Jane Smith", None)
    expected = ["ticket.replied", "ticket.closed", "ticket.replied", "ticket.reopened"]
    assert events(ticket) == (expected if closed else ["ticket.replied", "ticket.replied"])


def test_who_writes_twice_has_been_waiting_since_the_first_time():
    ticket = make_ticket(now=NOW)

    make_reply(ticket, author="customer", now=NOW + HOUR)

    assert state(ticket) == ("Open", NOW, None)


def test_a_note_among_staff_moves_nothing_and_is_no_response():
    ticket = make_ticket(now=NOW)

    make_reply(ticket, internal=True, now=NOW + HOUR)

    assert state(ticket) == ("Open", NOW, None)
    assert events(ticket) == ["ticket.noted"]


def test_a_late_word_of_staff_leaves_a_closed_ticket_closed():
    ticket = tickets.close_ticket(make_ticket(now=NOW), actor=SYSTEM, now=NOW)

    make_reply(ticket, message="Glad that it works.", now=NOW + HOUR)

    assert state(ticket) == ("Closed", None, NOW + HOUR)
    assert ticket.resolved_at == NOW


def test_what_is_said_travels_with_the_event():
    ticket = make_ticket()

    reply = make_reply(ticket, message="Which version?")

    event = Event.objects.get(type="ticket.replied")
    ticket.refresh()
    payload = decode(event.payload.encode())
    assert payload["status"] == "Pending"
    assert (payload["reply"]["id"], payload["reply"]["message"]) == (reply.pk, "Which version?")
    assert event.object_version == ticket.version == 2


def test_a_note_never_leaves_as_a_webhook():
    make_reply(internal=True, message="He calls daily.")

    noted = Event.objects.get(type="ticket.noted")
    public = Event.objects.exclude(pk=noted.pk)
    assert not any(matches(pattern, event_type("ticket.noted")) for pattern in ("*", "ticket.*"))
    assert not any("He calls daily." in event.payload for event in public)


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"message": "This field is required"}),
        ({"message": "  "}, {"message": "This field is required"}),
        ({"message": 5}, {"message": "Must be text"}),
        ({"message": "x", "author": "robot"}, {"author": '"robot" is not a valid choice'}),
        (
            {"message": "x", "author": "customer", "internal": True},
            {"internal": "What a customer wrote cannot be internal"},
        ),
        ({"message": "x", "user_id": 1}, {"user_id": "This field is read-only"}),
        ({"message": "x", "internal": 1}, {"internal": "Must be true or false"}),
    ],
)
def test_a_wrong_reply_is_refused_and_moves_nothing(api, body, errors):
    ticket = make_ticket()

    assert api.post(f"/tickets/{ticket.pk}/replies", body).errors == errors
    assert not Reply.objects.exists()
    ticket.refresh()
    assert (ticket.status, ticket.version) == ("Open", 1)


def test_an_importer_runs_again_without_doubles(api):
    ticket = make_ticket()
    body = {"message": "From the old system", "author": "customer", "external_id": "old-1"}
    assert api.post(f"/tickets/{ticket.pk}/replies", body).status == 201

    again = api.post(f"/tickets/{ticket.pk}/replies", body)

    assert again.errors == {"external_id": "Another record has this value"}
    assert Reply.objects.count() == 1


def test_replies_are_listed_in_their_order_and_filtered(api):
    ticket = make_ticket()
    make_reply()
    for fields in ({}, {"author": "customer"}, {"internal": True}):
        make_reply(ticket, **fields)
    path = f"/tickets/{ticket.pk}/replies"

    rows = api.get(path).data

    assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
    assert len(rows) == 3
    assert [row["author"] for row in api.get(f"{path}?author=Customer").data] == ["customer"]
    assert len(api.get(f"{path}?internal=false").data) == 2


def test_there_are_no_replies_to_what_is_not_there(api):
    other = make_reply()
    ticket = make_ticket()

    assert api.get("/tickets/999/replies").status == 404
    assert api.post("/tickets/999/replies", {"message": "x"}).status == 404
    assert api.get(f"/tickets/{ticket.pk}/replies/{other.pk}").status == 404


def test_who_may_only_read_does_not_answer(viewer):
    ticket = make_ticket()

    assert viewer.get(f"/tickets/{ticket.pk}/replies").status == 200
    assert viewer.post(f"/tickets/{ticket.pk}/replies", {"message": "x"}).status == 403
    assert not Reply.objects.exists()


def test_what_was_said_outlives_whoever_said_it():
    user, customer = make_user(name="Ben Okafor"), make_customer()
    ticket = make_ticket(customer=customer)
    reply = make_reply(ticket)
    Reply.objects.filter(pk=reply.pk).change(user=user, author_name=user.name)

    type(user).objects.filter(pk=user.pk).delete()

    reply.refresh()
    ticket.refresh()
    assert (reply.user_id, reply.author_name) == (None, "Ben Okafor")
