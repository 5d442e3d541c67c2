"""What reaches the customer by mail, and what never does."""

import datetime
from email.message import Message

import pytest

from bizsuite.events.models import Event
from bizsuite.identity.models import organisation
from bizsuite.mail.models import OutgoingMail
from bizsuite.mail.sending import send_due
from bizsuite.team import profile
from customers import customers
from support import tickets
from support.customer_mails import mail_to_customer
from tests.factories import SYSTEM, make_customer, make_department, make_reply, make_ticket
from tests.mail.servers import MailServer

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2024, 1, 15, 10, tzinfo=datetime.UTC)


@pytest.fixture
def ticket():
    customer = make_customer(email="jane@example.com")
    return make_ticket(customer=customer, subject="Cannot sign in", now=NOW)


def sent() -> list[Message]:
    server = MailServer()
    send_due(clock=lambda: NOW, connect=server.connect)
    return [message.message() for message in server.taken]


def test_a_public_reply_is_mailed_with_the_tickets_number(ticket):
    profile.update_organisation(
        organisation(), name="Ünal & Co", email="hello@unal.example", actor=SYSTEM
    )

    reply = make_reply(ticket, message="Which key is it?", now=NOW)

    (mail,) = sent()
    assert mail["To"] == "jane@example.com"
    assert mail["Subject"] == "[TKT-2024-001] Cannot sign in"
    assert mail["Message-ID"] == reply.mail_message_id
    assert "hello@unal.example" in mail["From"]
    text = mail.get_payload(decode=True).decode()
    assert text == "Which key is it?\n\n-- \nsystem\nÜnal & Co"


def test_the_departments_address_comes_first():
    department = make_department("Sales", email="sales@example.com")
    customer = make_customer(email="jane@example.com")
    make_reply(make_ticket(customer=customer, department=department), now=NOW)

    assert "<sales@example.com>" in sent()[0]["From"]


def test_without_any_address_it_comes_from_the_installation(ticket):
    make_reply(ticket, now=NOW)

    assert sent()[0]["From"] == "support@localhost"


def test_mails_of_one_ticket_make_one_thread(ticket):
    first = make_reply(ticket, now=NOW)
    make_reply(ticket, author="customer", now=NOW)
    make_reply(ticket, internal=True, now=NOW)
    second = make_reply(ticket, now=NOW)
    make_reply(ticket, now=NOW)

    mails = sent()

    assert [mail["In-Reply-To"] for mail in mails] == [
        None,
        first.mail_message_id,
        second.mail_message_id,
    ]
    assert mails[2]["References"].split() == [first.mail_message_id, second.mail_message_id]


def test_what_staff_say_among_themselves_never_leaves(ticket):
    make_reply(ticket, internal=True, message="SECRET: he never pays.", now=NOW)
    make_reply(ticket, message="We are looking into it.", now=NOW)
    make_reply(ticket, author="customer", message="Thanks", now=NOW)
    tickets.close_ticket(ticket, actor=SYSTEM)

    mails = sent()

    assert len(mails) == OutgoingMail.objects.count() == 1
    assert "SECRET" not in mails[0].as_string()
    assert not OutgoingMail.objects.filter(body__contains="SECRET").exists()


@pytest.mark.parametrize("fields", [{"internal": True}, {"author": "customer"}])
def test_mailing_anything_else_is_a_mistake_of_ours(ticket, fields):
    reply = make_reply(ticket, now=NOW, **fields)

    with pytest.raises(ValueError, match="not for the customer"):
        mail_to_customer(reply, now=NOW)
    assert not OutgoingMail.objects.exists()


def test_a_customer_without_an_address_gets_none_and_nothing_fails(api):
    ticket = make_ticket(customer=make_customer(email=""))

    assert api.post(f"/tickets/{ticket.pk}/replies", {"message": "Hello"}).status == 201
    assert not OutgoingMail.objects.exists()


def test_an_address_that_cannot_be_one_does_not_keep_staff_from_replying(api, ticket):
    type(ticket.customer).objects.filter(pk=ticket.customer_id).change(email="not an address")

    assert api.post(f"/tickets/{ticket.pk}/replies", {"message": "Hello"}).status == 201

    assert OutgoingMail.objects.get().status == "failed"
    assert Event.objects.filter(type="mail.failed").count() == 1


def test_a_reply_that_is_refused_is_not_mailed(api, ticket):
    assert api.post(f"/tickets/{ticket.pk}/replies", {"message": ""}).status == 400

    assert not OutgoingMail.objects.exists()


def test_a_reply_that_is_sent_twice_with_one_key_is_mailed_once(api, ticket):
    path, key = f"/tickets/{ticket.pk}/replies", {"Idempotency-Key": "reply-1"}

    first = api.post(path, {"message": "Hello"}, headers=key)
    again = api.post(path, {"message": "Hello"}, headers=key)

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.data == first.data
    assert OutgoingMail.objects.count() == 1


def test_it_goes_where_the_customer_is_now(ticket):
    customers.update_customer(ticket.customer, email="new@example.com", actor=SYSTEM)
    make_reply(ticket, now=NOW)

    assert sent()[0]["To"] == "new@example.com"
