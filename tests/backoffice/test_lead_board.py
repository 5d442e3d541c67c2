"""The board of leads and the page of a day's work."""

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from bizsuite.team.profile import update_organisation
from crm import leads, pipeline
from crm.models import Lead, Stage
from crm.pipeline import MOST_CARDS, columns
from tests.backoffice.staff import Staff, messages_of, staff_client, text_of
from tests.factories import SYSTEM, make_lead, make_user

LIST = "/admin/crm/lead/"
ADD = "/admin/crm/lead/add/"
BOARD = "/admin/crm/lead/board/"
MOVE = "/admin/crm/lead/board/move/"
MY_DAY = "/admin/crm/lead/my-day/"
DAY = datetime.timedelta(days=1)


@pytest.fixture
def seller(db) -> Staff:
    return staff_client(make_user(role=Role.SALES, name="Sam Seller"))


def page_of(lead: Lead, button: str = "change") -> str:
    return f"{LIST}{lead.pk}/{button}/"


def fresh(lead: Lead) -> Lead:
    return Lead.objects.get(pk=lead.pk)


class TestTheBoard:
    def test_it_counts_and_adds_up_each_stage(self, seller):
        make_lead(first_name="Ann", expected_value=Decimal("1000.50"))
        make_lead(first_name="Ben", expected_value=Decimal(500))
        make_lead(first_name="Cleo", stage="Qualified")

        columns_shown = seller.get(BOARD).context["columns"]

        shown = {each["stage"]: (each["count"], len(each["cards"])) for each in columns_shown}
        assert shown == {"New": (2, 2), "Contacted": (0, 0), "Qualified": (1, 1),
                         "Won": (0, 0), "Lost": (0, 0)}  # fmt: skip
        assert "1,500.50" in columns_shown[0]["value"]

    def test_a_long_column_shows_what_is_due_first_and_counts_all(self, seller):
        today = organisation().today()
        for number in range(MOST_CARDS + 2):
            make_lead(first_name=f"L{number}")
        due = make_lead(first_name="Due", next_action_date=today)

        [new, *_others] = columns(Lead.objects.current())

        assert (new.count, len(new.leads), new.hidden) == (MOST_CARDS + 3, MOST_CARDS, 3)
        assert new.leads[0] == due
        assert "3 more" in text_of(seller.get(BOARD))

    def test_more_cards_cost_no_more_queries(self, seller):
        def cost() -> int:
            with CaptureQueriesContext(connection) as queries:
                assert seller.get(BOARD).status_code == 200
            return len(queries)

        for stage in Stage.values:
            make_lead(owner=seller.user, stage=stage)
        with_one_each = cost()
        for stage in Stage.values * 2:
            make_lead(owner=make_user(), stage=stage)

        assert cost() == with_one_each

    def test_it_can_be_of_ones_own_leads(self, seller):
        make_lead(first_name="Mine", owner=seller.user)
        make_lead(first_name="Other")

        text = text_of(seller.get(f"{BOARD}?owner=me"))

        assert "Mine</a>" in text
        assert "Other</a>" not in text

    def test_a_button_moves_a_card_and_comes_back(self, seller):
        lead = make_lead()

        answer = seller.post(
            MOVE, {"lead": lead.pk, "stage": "Contacted", "version": 1, "owner": "me"}
        )

        assert (answer.status_code, answer["Location"]) == (302, f"{BOARD}?owner=me")
        assert fresh(lead).stage == "Contacted"
        assert lead.stage_moves.last().moved_by == "Sam Seller"

    def test_a_card_that_somebody_else_moved_stays_where_they_put_it(self, seller):
        lead = make_lead()
        leads.update_lead(lead, stage="Qualified", actor=SYSTEM)

        answer = seller.post(
            MOVE, {"lead": lead.pk, "stage": "Contacted", "version": 1}, follow=True
        )

        assert fresh(lead).stage == "Qualified"
        assert "changed since you read it" in messages_of(answer)[0]

    def test_losing_one_asks_why_and_comes_back(self, seller):
        lead = make_lead()

        asked = seller.post(MOVE, {"lead": lead.pk, "stage": "Lost", "version": 1, "owner": "me"})
        assert asked["Location"] == f"{page_of(lead, 'lose')}?back=board&owner=me"
        assert fresh(lead).stage == "New"
        answer = seller.send(asked["Location"], {"lost_reason": "Too dear"})

        assert answer["Location"] == f"{BOARD}?owner=me"
        assert fresh(lead).stage == "Lost"

    def test_a_version_that_is_no_number_is_not_asked_about(self, seller):
        lead = make_lead()

        seller.post(MOVE, {"lead": lead.pk, "stage": "Contacted", "version": "9" * 5000})

        assert fresh(lead).stage == "Contacted"

    @pytest.mark.parametrize(
        "sent", [{}, {"lead": "x", "stage": "New"}, {"lead": 999999, "stage": "New"}]
    )
    def test_what_is_not_there_is_not_moved(self, seller, sent):
        answer = seller.post(MOVE, sent, follow=True)

        assert messages_of(answer) == ["This lead is no longer there."]

    def test_a_converted_lead_does_not_move(self, seller):
        lead = make_lead()
        seller.send(page_of(lead, "convert"))

        answer = seller.post(MOVE, {"lead": lead.pk, "stage": "New"}, follow=True)

        assert "stays Won" in messages_of(answer)[-1]
        assert fresh(lead).stage == "Won"

    def test_who_only_reads_moves_nothing(self, viewer_in_admin):
        lead = make_lead()

        assert 'name="lead"' not in text_of(viewer_in_admin.get(BOARD))
        assert viewer_in_admin.post(MOVE, {"lead": lead.pk, "stage": "Won"}).status_code == 403
        assert viewer_in_admin.get(MOVE).status_code == 405
        assert fresh(lead).stage == "New"

    def test_support_sees_neither_page(self, db):
        support = staff_client(make_user(role=Role.SUPPORT))

        assert [support.get(page).status_code for page in (BOARD, MY_DAY)] == [403, 403]


class TestMyDay:
    def test_it_has_what_is_late_today_and_coming(self, seller):
        today = organisation().today()
        for name, days in (("Late", -1), ("Now", 0), ("Soon", 7), ("Later", 8)):
            make_lead(first_name=name, owner=seller.user, next_action_date=today + days * DAY)
        make_lead(first_name="Other", next_action_date=today)
        make_lead(first_name="Done", owner=seller.user, next_action_date=today, stage="Won")

        sections = seller.get(MY_DAY).context["sections"]

        shown = {title: [task["lead"].first_name for task in tasks] for title, tasks in sections}
        assert shown == {"Overdue": ["Late"], "Today": ["Now"], "The next seven days": ["Soon"]}

    def test_what_is_late_does_not_crowd_out_today(self, seller, monkeypatch):
        monkeypatch.setattr(pipeline, "MOST_TASKS", 2)
        today = organisation().today()
        for days in (-3, -2, -1, 0):
            make_lead(owner=seller.user, next_action_date=today + days * DAY)

        page = seller.get(MY_DAY)

        shown = [(title, len(tasks)) for title, tasks in page.context["sections"]]
        assert shown == [("Overdue", 2), ("Today", 1)]
        assert '<span class="board-count">2+</span>' in text_of(page)

    def test_today_is_where_the_organisation_is(self, seller):
        update_organisation(organisation(), timezone="Pacific/Kiritimati", actor=SYSTEM)
        there = organisation().today()
        make_lead(owner=seller.user, next_action_date=there)

        [(title, _tasks)] = seller.get(MY_DAY).context["sections"]

        assert title == "Today"

    def test_a_day_with_nothing_to_do_says_so(self, seller):
        assert "Nothing is due today" in text_of(seller.get(MY_DAY))

    def test_logging_a_contact_comes_back_to_it(self, seller):
        lead = make_lead(owner=seller.user, next_action_date=organisation().today())
        page = text_of(seller.get(f"{MY_DAY}?owner=all"))
        address = f"{page_of(lead, 'log-contact')}?back=my-day&owner=all"
        assert address.replace("&", "&amp;") in page

        assert seller.send(address, {"note": "Called"})["Location"] == f"{MY_DAY}?owner=all"

    def test_a_whole_telephone_number_can_be_dialled(self, seller):
        today = organisation().today()
        make_lead(owner=seller.user, next_action_date=today, phone="+49 (0)30 123456")
        make_lead(owner=seller.user, next_action_date=today, phone="030 1234567")

        assert text_of(seller.get(MY_DAY)).count('href="tel:') == 1

    def test_the_home_page_counts_it_for_who_has_leads(self, seller):
        assert MY_DAY not in text_of(seller.get("/admin/")).split("</nav>")[-1]
        make_lead(owner=seller.user, next_action_date=organisation().today() - DAY)

        [card, *_others] = seller.get("/admin/").context["cards"]

        assert (card.value, card.alarming, card.link) == (1, True, MY_DAY)
        assert card.note == "leads to get in touch with, 1 overdue"

    def test_the_sidebar_marks_one_page(self, seller):
        def marked(page: str) -> list[str]:
            groups = seller.get(page).context["sidebar_navigation"]
            return [
                str(item["title"])
                for group in groups
                for item in group["items"]
                if item.get("active")
            ]

        assert marked(BOARD) == ["Pipeline"]
        assert marked(MY_DAY) == ["My day"]
        assert marked(LIST) == marked(ADD) == ["Leads"]
        assert marked("/admin/") == ["Home"]
