"""Tickets in the admin: the queues, a conversation, the reply box, files."""

import datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from bizsuite.events.models import Event
from bizsuite.identity.roles import Role
from bizsuite.mail.models import OutgoingMail
from support import attachments, tickets
from support.admin import conversation
from support.attachments import MAX_FILE_BYTES
from support.models import Reply, Ticket
from tests.backoffice.staff import Staff, form_values, messages_of, staff_client, text_of
from tests.factories import (
    SYSTEM,
    make_attachment,
    make_canned_reply,
    make_customer,
    make_department,
    make_reply,
    make_ticket,
    make_user,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/support/ticket/"


@pytest.fixture(autouse=True)
def _data_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


@pytest.fixture
def agent() -> Staff:
    return staff_client(make_user(role=Role.SUPPORT, name="Ben Okafor"))


def page_of(ticket: Ticket) -> str:
    return f"{LIST}{ticket.pk}/change/"


def subjects(agent: Staff, query: str = "") -> list[str]:
    page = agent.get(f"{LIST}{query}")
    return [row.subject for row in page.context["cl"].result_list]


class TestQueues:
    @pytest.fixture
    def _five(self, agent):
        now, hour = timezone.now(), datetime.timedelta(hours=1)
        make_ticket(subject="mine", assignee=agent.user, now=now - hour)
        make_ticket(subject="old", now=now - 3 * hour)
        make_ticket(subject="urgent", priority="Urgent", assignee=make_user(), now=now)
        tickets.await_customer(make_ticket(subject="pending", priority="Urgent"), actor=SYSTEM)
        tickets.close_ticket(make_ticket(subject="closed", priority="Urgent"), actor=SYSTEM)

    @pytest.mark.usefixtures("_five")
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", ["urgent", "old", "mine", "pending"]),
            ("?queue=mine", ["mine"]),
            ("?queue=unassigned", ["old", "pending"]),
            ("?queue=waiting", ["urgent", "old", "mine"]),
            ("?queue=pending", ["pending"]),
            ("?queue=closed", ["closed"]),
            ("?queue=all", ["closed", "pending", "urgent", "old", "mine"]),
            ("?q=closed", ["closed"]),
            ("?queue=waiting&q=closed", []),
            ("?priority__exact=Urgent", ["urgent", "pending"]),
        ],
    )
    def test_show_what_presses_most_first(self, agent, query, found):
        assert subjects(agent, query) == found

    @pytest.mark.usefixtures("_five")
    def test_say_how_much_is_in_them(self, agent):
        counts = {
            queue["link"].split("=")[1]: queue["count"]
            for queue in agent.get(LIST).context["queues"]
        }

        assert counts == {
            "unresolved": 4,
            "mine": 1,
            "unassigned": 2,
            "waiting": 3,
            "pending": 1,
            "closed": None,
            "all": None,
        }

    def test_cost_no_query_for_each_ticket(self, agent, django_assert_max_num_queries):
        for _ in range(12):
            make_ticket(assignee=make_user())

        with django_assert_max_num_queries(20):
            agent.get(LIST)


class TestConversation:
    def test_is_read_from_top_to_bottom_with_notes_apart(self, agent):
        ticket = make_ticket(message="First <b>of</b> all\n  indented")
        make_reply(ticket, message="SECRET note", internal=True)
        make_reply(ticket, message="An answer")
        make_attachment(ticket, name="error.txt")

        text = text_of(agent.get(page_of(ticket)))

        assert "First &lt;b&gt;of&lt;/b&gt; all\n  indented" in text
        assert text.index("First") < text.index("SECRET note") < text.index("An answer")
        assert text.count('<li class="message message-note">') == 1
        assert "error.txt" in text

    @pytest.mark.parametrize(
        ("status", "shown"),
        [
            ("queued", "On its way to the customer"),
            ("sent", "Mailed to the customer"),
            ("failed", "Not mailed"),
            ("pruned", "Mailed to the customer"),
        ],
    )
    def test_says_of_each_reply_what_became_of_its_mail(self, agent, status, shown):
        ticket = make_ticket(customer=make_customer(email="jane@example.com"))
        make_reply(ticket)
        times = {
            "queued": {},
            "sent": {"next_attempt_at": None, "sent_at": timezone.now()},
            "failed": {"next_attempt_at": None},
        }
        if status == "pruned":
            OutgoingMail.objects.all().delete()
        else:
            OutgoingMail.objects.update(status=status, **times[status])

        text = text_of(agent.get(page_of(ticket)))

        others = {"On its way to the customer", "Mailed to the customer", "Not mailed"} - {shown}
        assert shown in text
        assert not any(other in text for other in others)

    def test_a_long_one_shows_the_latest(self, agent, monkeypatch):
        monkeypatch.setattr(conversation, "SHOWN", 2)
        ticket = make_ticket()
        for number in range(5):
            make_reply(ticket, message=f"Message {number}")

        text = text_of(agent.get(page_of(ticket)))

        assert "3 earlier messages are not shown" in text
        assert "Message 2" not in text
        assert "Message 4" in text

    def test_who_may_only_read_gets_no_box_and_no_buttons(self, viewer_in_admin):
        ticket = make_ticket()
        make_reply(ticket, message="An answer")

        text = text_of(viewer_in_admin.get(page_of(ticket)))

        assert "An answer" in text
        assert "reply-form" not in text
        assert 'class="move"' not in text

    def test_canned_replies_are_filled_in_for_the_ticket(self, agent):
        make_canned_reply("Hello", text='Dear "{customer}", {agent}')
        ticket = make_ticket(customer=make_customer(account="Jané"))

        text = text_of(agent.get(page_of(ticket)))

        assert 'value="Dear &quot;Jané&quot;, Ben Okafor"' in text


class TestReplying:
    def reply(self, agent: Staff, ticket: Ticket, **sent: object):
        """As the box on the ticket's page sends it."""
        page = agent.get(page_of(ticket))
        values = form_values(page, "reply-form")
        return agent.post(f"{LIST}{ticket.pk}/reply/", values | sent)

    def test_goes_to_the_customer_in_the_agents_name(self, agent):
        ticket = make_ticket(customer=make_customer(email="jane@example.com"))

        answer = self.reply(agent, ticket, message="Try again, please.")

        assert answer.status_code == 302
        reply = Reply.objects.get()
        assert (reply.author, reply.author_name, reply.internal) == ("staff", "Ben Okafor", False)
        assert OutgoingMail.objects.get().to_address == "jane@example.com"
        ticket.refresh()
        assert ticket.status == "Pending"
        shown = agent.get(page_of(ticket))
        assert messages_of(shown) == ["On its way to jane@example.com."]

    def test_a_note_stays_in_the_house(self, agent):
        ticket = make_ticket(customer=make_customer(email="jane@example.com"))

        self.reply(agent, ticket, message="Odd one.", kind="internal")

        assert Reply.objects.get().internal
        assert not OutgoingMail.objects.exists()
        ticket.refresh()
        assert ticket.status == "Open"

    def test_what_a_customer_said_is_recorded_as_theirs(self, agent):
        ticket = tickets.close_ticket(make_ticket(), actor=SYSTEM)

        self.reply(agent, ticket, message="It is broken again.", kind="customer")

        assert (Reply.objects.get().author, Reply.objects.get().user_id) == ("customer", None)
        ticket.refresh()
        assert ticket.status == "Open"

    def test_and_closing_is_one_step(self, agent):
        ticket = make_ticket()

        self.reply(agent, ticket, message="Done.", then_close="on")

        ticket.refresh()
        assert (ticket.status, ticket.first_response_at is not None) == ("Closed", True)
        events = Event.objects.filter(resource="ticket").order_by("id")
        assert [event.type for event in events][1:] == ["ticket.replied", "ticket.closed"]

    def test_brings_its_files(self, agent):
        ticket = make_ticket()
        files = [SimpleUploadedFile("a.txt", b"A"), SimpleUploadedFile("..\\b.html", b"<b>")]

        self.reply(agent, ticket, message="See there", files=files)

        names = [attachment.name for attachment in Reply.objects.get().attachments.all()]
        assert names == ["a.txt", "b.html"]

    def test_what_is_refused_comes_back_as_it_was_typed(self, agent):
        ticket = make_ticket()
        large = SimpleUploadedFile("large.bin", b"x" * (MAX_FILE_BYTES + 1))

        page = self.reply(agent, ticket, message="A long story", kind="internal", files=[large])

        assert page.status_code == 200
        text = text_of(page)
        assert "large.bin is larger than 5 MB." in text
        assert "A long story" in text
        assert '<option value="internal" selected>' in text
        assert 'enctype="multipart/form-data"' in text
        assert not Reply.objects.exists()

    def test_an_empty_one_is_refused(self, agent):
        ticket = make_ticket()

        assert self.reply(agent, ticket, message=" ").status_code == 200
        assert not Reply.objects.exists()

    def test_a_file_too_much_for_the_ticket_is_refused_with_its_reason(self, agent, monkeypatch):
        monkeypatch.setattr(attachments, "MAX_TICKET_BYTES", 1)
        ticket = make_ticket()

        page = self.reply(agent, ticket, message="x", files=[SimpleUploadedFile("a.txt", b"two")])

        assert "The files of a ticket may have at most" in text_of(page)
        assert not Reply.objects.exists()

    def test_what_a_colleague_wrote_meanwhile_is_said_once_and_then_it_is_sent(self, agent):
        ticket = make_ticket()
        page = agent.get(page_of(ticket))
        make_reply(ticket, message="I have it already.")
        path = f"{LIST}{ticket.pk}/reply/"

        warned = agent.post(path, form_values(page, "reply-form") | {"message": "Mine"})

        assert "system wrote meanwhile: “I have it already.”" in text_of(warned)
        assert Reply.objects.count() == 1
        again = agent.send_from(warned, path, form="action-form")
        assert again.status_code == 302
        assert Reply.objects.latest("id").message == "Mine"


class TestMoving:
    @pytest.mark.parametrize(
        ("start", "button", "end"),
        [
            ("Open", "wait", "Pending"),
            ("Open", "close", "Closed"),
            ("Closed", "reopen", "Open"),
        ],
    )
    def test_one_press_moves_it(self, agent, start, button, end):
        ticket = make_ticket()
        if start == "Closed":
            tickets.close_ticket(ticket, actor=SYSTEM)
        path = f"{LIST}{ticket.pk}/{button}/"
        assert f'action="{path}"' in text_of(agent.get(page_of(ticket)))

        assert agent.post(path).status_code == 302

        ticket.refresh()
        assert ticket.status == end

    def test_a_press_too_late_says_why(self, agent):
        ticket = make_ticket()
        tickets.close_ticket(ticket, actor=SYSTEM)

        page = agent.post(f"{LIST}{ticket.pk}/close/")

        assert f"Ticket {ticket.number} is Closed." in text_of(page)
        assert Event.objects.filter(type="ticket.closed").count() == 1

    def test_it_becomes_mine(self, agent):
        ticket = make_ticket()
        path = f"{LIST}{ticket.pk}/assign-to-me/"

        agent.send(path, form="action-form")

        ticket.refresh()
        assert ticket.assignee == agent.user
        assert "assign-to-me" not in text_of(agent.get(page_of(ticket)))

    def test_who_takes_it_second_hears_of_the_first(self, agent, administrator):
        ticket = make_ticket()
        path = f"{LIST}{ticket.pk}/assign-to-me/"
        as_seen = {"seen_assignee": ""}
        administrator.post(path, as_seen)

        late = agent.post(path, as_seen)

        assert "has been given to Ada Reyes meanwhile" in text_of(late)
        ticket.refresh()
        assert ticket.assignee == administrator.user
        agent.post(path, {"seen_assignee": administrator.user.pk})
        ticket.refresh()
        assert ticket.assignee == agent.user


class TestChanging:
    def test_a_ticket_is_opened_by_hand(self, agent):
        customer = make_customer()

        answer = agent.send(
            f"{LIST}add/", {"customer": customer.pk, "subject": "Called", "message": "Help"}
        )

        ticket = Ticket.objects.get()
        assert answer["Location"] == page_of(ticket)
        assert (ticket.department_id, ticket.priority, ticket.assignee) == (1, "Medium", None)

    def test_what_is_beside_the_conversation_is_saved(self, agent):
        ticket, other = make_ticket(), make_department()

        agent.send(
            page_of(ticket),
            {"priority": "High", "department": other.pk, "assignee": agent.user.pk},
            form="ticket_form",
        )

        ticket.refresh()
        assert (ticket.priority, ticket.department, ticket.assignee) == ("High", other, agent.user)
        assert Event.objects.filter(type="ticket.updated").count() == 1

    def test_only_who_is_there_can_be_chosen(self, agent):
        gone = make_user(name="Gone Away")
        ticket = make_ticket(assignee=gone)
        type(gone).objects.filter(pk=gone.pk).change(is_active=False)

        assert "Gone Away" in text_of(agent.get(page_of(ticket)))
        assert "Gone Away" not in text_of(agent.get(f"{LIST}add/"))

    def test_its_history_tells_every_move(self, agent):
        ticket = make_ticket()
        make_reply(ticket)
        tickets.close_ticket(ticket, actor=SYSTEM)

        text = text_of(agent.get(f"{LIST}{ticket.pk}/history/"))

        for title in ("Created", "Replied", "Closed"):
            assert f"<strong>{title}</strong>" in text


class TestFiles:
    def test_are_saved_and_not_shown(self, agent):
        ticket = make_ticket()
        attachment = make_attachment(ticket, name="page.html", content=b"<script>")

        answer = agent.get(f"{LIST}{ticket.pk}/files/{attachment.pk}/")

        assert answer.content == b"<script>"
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"] == 'attachment; filename="page.html"'
        assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert answer["X-Content-Type-Options"] == "nosniff"

    def test_are_nobodys_who_is_not_signed_in_or_asks_for_another_tickets(self, agent, nobody):
        attachment = make_attachment()
        path = f"{LIST}{attachment.ticket_id}/files/{attachment.pk}/"

        assert nobody.get(path)["Location"].startswith("/admin/login/")
        for ticket_id in (make_ticket().pk, 10**20):
            assert agent.get(f"{LIST}{ticket_id}/files/{attachment.pk}/").status_code == 404


def test_a_customers_page_leads_to_their_tickets(agent):
    ticket = make_ticket()
    make_ticket(subject="of another")

    text = text_of(agent.get(f"/admin/customers/customer/{ticket.customer_id}/change/"))

    link = f"{LIST}?queue=all&amp;customer__id__exact={ticket.customer_id}"
    assert link in text
    assert "Unresolved tickets" in text
    assert subjects(agent, link.removeprefix(LIST).replace("&amp;", "&")) == ["Cannot sign in"]


def test_the_home_page_says_who_waits_and_what_was_not_sent(administrator, agent):
    assert "Tickets waiting for us" not in text_of(administrator.get("/admin/"))
    make_ticket(now=timezone.now() - datetime.timedelta(days=3))
    ticket = make_ticket(customer=make_customer(email="jane@example.com"))
    type(ticket.customer).objects.filter(pk=ticket.customer_id).change(email="nonsense")
    make_reply(ticket)

    home = administrator.get("/admin/")

    cards = {card.label: card for card in home.context["cards"]}
    assert cards["Tickets waiting for us"].value == 1
    assert cards["Tickets waiting for us"].alarming
    assert cards["Mails not sent"].value == 1
    assert "Mails not sent" not in text_of(agent.get("/admin/"))
