"""Webhooks in the admin."""

import datetime
import re
from html import unescape

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bizsuite.backoffice.display import moment
from bizsuite.events.models import Event
from tests.backoffice.staff import form_values, messages_of, text_of
from tests.factories import SYSTEM
from tests.webhooks.factories import NOW, fan_out, happen, make_delivery, make_endpoint
from webhooks.admin.endpoints import EndpointAdmin
from webhooks.catching_up import catch_up
from webhooks.endpoints import update_endpoint
from webhooks.figures import Attempted, count_attempts
from webhooks.models import Delivery, WebhookEndpoint

LIST = "/admin/webhooks/webhookendpoint/"
DELIVERIES = "/admin/webhooks/delivery/"
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def resolved(monkeypatch) -> list[str]:
    """What every name resolves to; a test may put something else in."""
    addresses = ["93.184.215.14"]
    monkeypatch.setattr(EndpointAdmin, "resolve", staticmethod(lambda host: addresses))
    return addresses


def test_a_new_endpoint_shows_its_secret_once(administrator):
    page = administrator.send(
        f"{LIST}add/",
        {"url": "https://shop.example.com/hook", "events": ["invoice.*", "customer.created"]},
    )

    endpoint = WebhookEndpoint.objects.get()
    assert endpoint.events == ["invoice.*", "customer.created"]
    assert re.findall(r"whsec_[\w+/=]+", text_of(page)) == [endpoint.secret]
    assert "no-store" in page["Cache-Control"]
    assert Event.objects.get(type="webhook.created").source == "admin"
    assert endpoint.secret not in text_of(administrator.get(f"{LIST}{endpoint.pk}/change/"))


def test_a_private_destination_is_refused_at_the_url(administrator, resolved):
    resolved[:] = ["10.0.0.1"]

    answer = administrator.send(
        f"{LIST}add/", {"url": "https://inside.example.com/", "events": ["*"]}
    )

    assert "public address" in str(answer.context["adminform"].form.errors["url"])
    assert form_values(answer, "webhookendpoint_form")["events"] == "*"
    assert not WebhookEndpoint.objects.exists()


def test_a_url_of_the_wrong_form_is_refused_at_the_url(administrator):
    answer = administrator.send(f"{LIST}add/", {"url": "http://a.example.com/", "events": ["*"]})

    assert "https://" in str(answer.context["adminform"].form.errors["url"])
    assert not WebhookEndpoint.objects.exists()


class TestSwitching:
    def test_it_is_paused_and_resumed(self, administrator):
        endpoint = make_endpoint()

        answer = press(administrator, endpoint, "pause")

        assert messages_of(answer) == ["The webhook is paused."]
        assert (endpoint.paused_reason, endpoint.active) == ("by_hand", True)
        assert buttons(answer) == {"Resume", "New secret", "Disable"}

        answer = press(administrator, endpoint, "resume")

        assert messages_of(answer) == ["The webhook is sent to again."]
        assert endpoint.paused_at is None
        assert buttons(answer) == {"Send test", "Replay", "Pause", "New secret", "Disable"}

    def test_it_is_disabled(self, administrator):
        endpoint = make_endpoint()

        answer = press(administrator, endpoint, "disable")

        assert (endpoint.active, endpoint.disabled_reason) == (False, "by_hand")
        assert "Switched off by a person" in text_of(answer)
        assert buttons(answer) == {"Enable", "New secret"}
        assert Event.objects.get(type="webhook.disabled").source == "admin"

    def test_one_that_missed_nothing_is_enabled_without_a_question(self, administrator):
        endpoint = make_endpoint(active=False)
        asked = administrator.get(f"{LIST}{endpoint.pk}/enable/")
        assert "missed" not in form_values(asked, "action-form")

        press(administrator, endpoint, "enable")

        assert endpoint.active

    @pytest.mark.parametrize(("answer", "sent"), [("send", 3), ("leave_out", 0)])
    def test_enabling_asks_what_is_to_become_of_what_it_missed(self, administrator, answer, sent):
        endpoint = self.one_that_missed_three(administrator)
        asked = administrator.get(f"{LIST}{endpoint.pk}/enable/")
        assert "Send it first, in order: 3 events since" in text_of(asked)
        assert form_values(asked, "action-form")["missed"] == "send"

        press(administrator, endpoint, "enable", missed=answer)

        assert (endpoint.active, endpoint.missed_from) == (True, None)
        assert list(catch_up(now=timezone.now())) == ([sent] if sent else [])
        assert Delivery.objects.count() == sent

    def test_enabling_without_an_answer_changes_nothing(self, administrator):
        endpoint = self.one_that_missed_three(administrator)

        page = press(administrator, endpoint, "enable")

        assert "missed" in page.context["form"].errors
        assert not endpoint.active

    def test_one_that_was_switched_on_over_the_api_can_still_have_it(self, administrator):
        endpoint = self.one_that_missed_three(administrator)
        update_endpoint(endpoint, active=True, actor=SYSTEM)
        page = administrator.get(page_of(endpoint))
        assert "What it missed" in buttons(page)
        assert "It missed something" in text_of(page)

        answer = press(administrator, endpoint, "make-up", missed="leave_out")

        assert messages_of(answer) == ["What it missed is left out."]
        assert endpoint.missed_from is None

    def test_a_second_pause_says_that_it_is_paused(self, administrator):
        endpoint = make_endpoint()
        press(administrator, endpoint, "pause")

        page = press(administrator, endpoint, "pause")

        assert page.context["form"].non_field_errors() == [
            f"Webhook {endpoint.pk} is paused already."
        ]
        assert Event.objects.filter(type="webhook.paused").count() == 1

    def one_that_missed_three(self, administrator) -> WebhookEndpoint:
        endpoint = make_endpoint()
        press(administrator, endpoint, "disable")
        for _ in range(3):
            happen()
        fan_out(timezone.now())
        endpoint.refresh_from_db()
        assert endpoint.missed_from is not None
        return endpoint


def test_a_replay_begins_where_it_went_wrong(administrator):
    endpoint = make_endpoint()
    since = timezone.now().replace(second=0, microsecond=0) - DAY
    WebhookEndpoint.objects.filter(pk=endpoint.pk).note_failing(since=since, last=since)
    happen()
    fan_out(timezone.now())

    asked = administrator.get(f"{LIST}{endpoint.pk}/replay/")
    answer = administrator.post(
        f"{LIST}{endpoint.pk}/replay/", form_values(asked, "action-form"), follow=True
    )

    assert asked.context["form"].initial["since"] == since
    assert messages_of(answer) == ["1 message queued."]


def test_the_form_changes_nothing_of_the_state(administrator):
    endpoint = make_endpoint()

    administrator.send(page_of(endpoint), {"events": ["invoice.*"], "active": ""})

    endpoint.refresh_from_db()
    assert (endpoint.active, endpoint.events) == (True, ["invoice.*"])


def test_the_head_of_a_page_is_short_and_without_the_query(administrator):
    long = make_endpoint(url=f"https://shop.example.com/{'a' * 200}?password=hunter2")

    asking = administrator.get(f"{LIST}{long.pk}/disable/").content.decode()

    assert str(long) == f"shop.example.com/{'a' * 42}…"
    assert str(long) in asking
    assert "hunter2" not in asking


class TestTheList:
    def test_it_says_how_each_fares(self, administrator):
        well, failing, off = (
            make_endpoint(url=f"https://{name}.example.com/hook?password=hunter2")
            for name in ("well", "failing", "off")
        )
        attempt(well, 199)
        attempt(well, 1, succeeded=False)
        WebhookEndpoint.objects.filter(pk=failing.pk).note_failing(since=NOW, last=NOW)
        update_endpoint(off, active=False, actor=SYSTEM)
        happen()
        fan_out(timezone.now())

        page = administrator.get(LIST)

        rows = rows_of(page)
        assert rows[0] == ["well.example.com", "Active", "99.5 %", "20 ms", "1"]
        assert rows[1] == ["failing.example.com", "Failing", "–", "–", "1"]
        assert rows[2] == ["off.example.com", "Switched off", "–", "–", "0"]
        assert "In the last 24 hours: 200 attempts, 1 failed" in text_of(page)
        assert "hunter2" not in text_of(page)

    @pytest.mark.parametrize(
        ("state", "found"), [("well", 0), ("failing", 1), ("paused", 2), ("off", 3)]
    )
    def test_it_is_filtered_by_state(self, administrator, state, found):
        endpoints = [make_endpoint(url=f"https://e{each}.example.com/") for each in range(4)]
        rows = WebhookEndpoint.objects
        rows.filter(pk=endpoints[1].pk).note_failing(since=NOW, last=NOW)
        rows.filter(pk=endpoints[2].pk).note(paused_at=NOW, paused_reason="by_hand")
        update_endpoint(endpoints[3], active=False, actor=SYSTEM)

        shown = administrator.get(f"{LIST}?state={state}").context["cl"].result_list

        assert [each.pk for each in shown] == [endpoints[found].pk]

    def test_twenty_cost_as_many_queries_as_one(self, administrator):
        attempt(make_endpoint(), 3)
        administrator.get(LIST)
        with CaptureQueriesContext(connection) as one:
            administrator.get(LIST)
        for each in range(20):
            attempt(make_endpoint(url=f"https://e{each}.example.com/"), 3)
        with CaptureQueriesContext(connection) as many:
            administrator.get(LIST)

        assert len(many) == len(one)

    def test_without_any_it_says_what_they_are_for(self, administrator):
        text = text_of(administrator.get(LIST))

        assert "No webhooks yet" in text
        assert "tells another program" in text


class TestOnePage:
    def test_it_says_how_it_fares(self, administrator):
        endpoint = make_endpoint()
        attempt(endpoint, 9)
        attempt(endpoint, 1, succeeded=False)
        attempt(endpoint, 90, ago=3 * DAY)
        make_delivery(endpoint)

        page = administrator.get(page_of(endpoint))

        figures = {str(label): plain(value) for label, value in page.context["summary"]}
        assert figures["Succeeded, 24 hours"] == "90 % of 10 attempts"
        assert figures["Succeeded, 7 days"] == "99 % of 100 attempts"
        assert figures["Latency, 24 hours"] == "20 ms 95 % within 20 ms"
        assert figures["Pending"].startswith("1 the oldest")
        assert figures["Given up"] == "0"
        assert "In the last 168 hours: 100 attempts, 1 failed" in text_of(page)
        query = f"endpoint__id__exact={endpoint.pk}&amp;status__exact=pending"
        assert f'href="{DELIVERIES}?{query}"' in text_of(page)

    def test_a_new_one_says_what_to_do(self, administrator):
        text = text_of(administrator.get(page_of(make_endpoint())))

        assert "None yet." in text
        assert "week-chart" not in text

    def test_it_says_until_when_failing_is_borne(self, administrator):
        endpoint = make_endpoint()
        since = timezone.now() - DAY
        WebhookEndpoint.objects.filter(pk=endpoint.pk).note_failing(since=since, last=since)

        text = text_of(administrator.get(page_of(endpoint)))

        assert f"Nothing has arrived since {moment(since)}" in text
        assert f"until {moment(since + 5 * DAY)}" in text

    @pytest.mark.parametrize(
        ("reason", "says"),
        [("gone", "Ask those who run it for the right URL"), ("failing", "See with those who")],
    )
    def test_switched_off_it_says_why_and_what_to_do(self, administrator, reason, says):
        endpoint = make_endpoint()
        WebhookEndpoint.objects.filter(pk=endpoint.pk).change(
            active=False, disabled_at=NOW, disabled_reason=reason, missed_from=3, missed_since=NOW
        )

        text = text_of(administrator.get(page_of(endpoint)))

        assert says in text
        assert f"What happened since {moment(NOW)} was not sent" in text

    def test_paused_it_says_what_waits(self, administrator):
        endpoint = make_endpoint()
        make_delivery(endpoint)
        WebhookEndpoint.objects.filter(pk=endpoint.pk).change(
            paused_at=NOW, paused_reason="backlog"
        )

        text = text_of(administrator.get(page_of(endpoint)))

        assert "Too many deliveries were waiting" in text
        assert "1 delivery waits" in text
        assert "See first that the receiver keeps up" in text

    def test_the_chart_has_neither_script_nor_style(self, administrator):
        endpoint = make_endpoint()
        attempt(endpoint, 5)

        chart = str(administrator.get(page_of(endpoint)).context["chart"]["drawing"])

        assert chart.count("<title>") == 168
        assert "style=" not in chart
        assert "<script" not in chart


def press(administrator, endpoint: WebhookEndpoint, button: str, **data: str):
    answer = administrator.post(f"{LIST}{endpoint.pk}/{button}/", data, follow=True)
    endpoint.refresh_from_db()
    return answer


def buttons(page) -> set[str]:
    """Those of the page's header, its menu opened."""
    shown = [*page.context["actions_detail"]]
    inside = [each for button in shown for each in button.get("items", [])]
    return {str(each["title"]) for each in (*shown, *inside) if "items" not in each}


def page_of(endpoint: WebhookEndpoint) -> str:
    return f"{LIST}{endpoint.pk}/change/"


def attempt(endpoint, count: int, *, succeeded: bool = True, ago: datetime.timedelta = 0 * DAY):
    one = Attempted(endpoint.pk, succeeded=succeeded, answered=True, duration_ms=20)
    count_attempts([one] * count, now=timezone.now() - ago)


def plain(value: object) -> str:
    """What is read, without the tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", str(value))).split())


def rows_of(page) -> list[list[str]]:
    """Of the list: host, status, success, latency, what is pending."""
    model_admin, shown = page.context["cl"].model_admin, page.context["cl"].result_list
    columns = ("where", "state_badge", "count_success", "count_latency", "count_pending")
    return [
        [plain(getattr(model_admin, column)(each)).removesuffix(" /hook") for column in columns]
        for each in shown
    ]


def test_a_new_secret_is_shown_once(administrator):
    endpoint = make_endpoint()
    before = endpoint.secret

    page = administrator.post(f"{LIST}{endpoint.pk}/rotate-secret/")

    endpoint.refresh_from_db()
    assert endpoint.secret != before
    assert endpoint.secret in text_of(page)
    assert "no-store" in page["Cache-Control"]


def test_a_test_is_sent(administrator):
    endpoint = make_endpoint()

    answer = administrator.post(f"{LIST}{endpoint.pk}/send-test/")

    delivery = Delivery.objects.get(endpoint=endpoint)
    assert answer["Location"] == f"{DELIVERIES}{delivery.pk}/change/"
    assert "webhook.tested" in text_of(administrator.get(DELIVERIES))


def test_an_endpoint_leads_to_its_deliveries(administrator):
    delivery = make_delivery()
    other = make_delivery(endpoint=make_endpoint(url="https://other.example.com/"))

    link = f"{DELIVERIES}?endpoint__id__exact={delivery.endpoint_id}"
    assert link in text_of(administrator.get(f"{LIST}{delivery.endpoint_id}/change/"))
    text = text_of(administrator.get(link))
    assert f"{DELIVERIES}{delivery.pk}/change/" in text
    assert f"{DELIVERIES}{other.pk}/change/" not in text
