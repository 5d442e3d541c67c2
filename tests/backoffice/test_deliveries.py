"""What was sent to webhooks, in the admin: finding it, looking at it, sending it again."""

import datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bizsuite.events.models import Event
from tests.backoffice.staff import messages_of, text_of
from tests.factories import SYSTEM, make_customer
from tests.webhooks.factories import (
    FAILURE,
    Clock,
    Receiver,
    deliver,
    fan_out,
    happen,
    make_delivery,
    make_endpoint,
)
from webhooks.admin import deliveries
from webhooks.endpoints import update_endpoint
from webhooks.models import Delivery
from webhooks.sending import RESPONSE_LIMIT, Reply

DELIVERIES = "/admin/webhooks/delivery/"
MINUTE = datetime.timedelta(minutes=1)


def page_of(delivery: Delivery) -> str:
    return f"{DELIVERIES}{delivery.pk}/change/"


def sent(*answers: Reply, **event: Any) -> Delivery:
    """A delivery after one attempt for each answer."""
    delivery, clock = make_delivery(**event), Clock(timezone.now())
    for answer in answers:
        Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=clock.now)
        deliver(Receiver(answer), clock)
    delivery.refresh_from_db()
    return delivery


def give_up(delivery: Delivery, error: str = "timed out") -> None:
    Delivery.objects.filter(pk=delivery.pk).update(
        status="failed", next_attempt_at=None, failed_at=timezone.now(), error=error, attempts=10
    )


def shown(administrator, query: str = "") -> set[int]:
    """The deliveries on the list."""
    page = administrator.get(f"{DELIVERIES}{query}", follow=True)
    assert page.status_code == 200
    return {delivery.pk for delivery in page.context["cl"].result_list}


class TestTheList:
    def test_it_is_found_by_message_id_and_by_record(self, administrator):
        customer = make_customer()
        first = make_delivery(make_endpoint(), event="customer.updated", record=customer)
        other = make_delivery(first.endpoint)

        assert shown(administrator, f"?q={first.message_id}") == {first.pk}
        assert shown(administrator, f"?q=customer+{customer.pk}") >= {first.pk}
        assert other.pk not in shown(administrator, f"?q=customer:{customer.pk}")
        for nothing in (
            "msg_nothing",
            ":",
            "customer",
            "customer+99999999999999999999",
            "invoice+1",
        ):
            assert shown(administrator, f"?q={nothing}") == set(), nothing

    def test_it_is_filtered_by_status_webhook_event_and_day(self, administrator):
        endpoint, other = make_endpoint(), make_endpoint(url="https://other.example.com/")
        happen("customer.updated")
        of_one, of_other = fan_out(timezone.now())
        give_up(of_other)
        make_delivery(endpoint)

        assert shown(administrator, "?status__exact=failed") == {of_other.pk}
        assert of_one.pk not in shown(administrator, f"?endpoint__id__exact={other.pk}")
        assert shown(administrator, "?event=customer.updated") == {of_one.pk, of_other.pk}
        today = timezone.localdate().isoformat()
        recent = shown(administrator, f"?created_at_from={today}&created_at_to={today}")
        assert recent == {of_one.pk, of_other.pk}

    def test_no_query_of_a_url_is_on_it(self, administrator):
        make_delivery(make_endpoint(url="https://shop.example.com/hook?password=hunter2"))

        text = text_of(administrator.get(DELIVERIES))

        assert "shop.example.com" in text
        assert "hunter2" not in text

    def test_the_next_try_is_said_in_words(self, administrator):
        delivery = make_delivery()
        for next_attempt_at, words in (
            (timezone.now() + 12.5 * MINUTE, "in 12\xa0minutes"),
            (timezone.now() + datetime.timedelta(seconds=20), "in a moment"),
            (timezone.now() - MINUTE, ">now<"),
        ):
            Delivery.objects.update(next_attempt_at=next_attempt_at)
            assert words in text_of(administrator.get(DELIVERIES))
        update_endpoint(delivery.endpoint, active=False, actor=SYSTEM)
        assert "once switched on" in text_of(administrator.get(DELIVERIES))

    def test_a_hundred_cost_as_many_queries_as_one(self, administrator):
        endpoint = make_endpoint()
        make_delivery(endpoint)
        administrator.get(DELIVERIES)
        with CaptureQueriesContext(connection) as one:
            administrator.get(DELIVERIES)
        for _ in range(40):
            happen()
        fan_out(timezone.now())
        with CaptureQueriesContext(connection) as many:
            assert len(shown(administrator)) == 41

        assert len(many) == len(one)

    def test_without_any_it_says_so(self, administrator):
        assert "No deliveries yet" in text_of(administrator.get(DELIVERIES))


class TestOnePage:
    def test_it_shows_the_request_as_it_was_sent(self, administrator):
        endpoint = make_endpoint(url="https://shop.example.com/hook?token=abc")
        event = happen(data={"id": 7, "balance": "1500.00"})
        receiver = Receiver()
        fan_out()
        deliver(receiver, Clock(timezone.now()))

        page = administrator.get(page_of(Delivery.objects.get(event=event)))

        url, headers, _body = receiver.received[0]
        text = text_of(page)
        assert page.context["sent"].url == url == endpoint.url
        assert page.context["sent"].headers == headers
        assert headers["webhook-signature"] in text
        assert "&quot;balance&quot;: &quot;1500.00&quot;" in text
        assert endpoint.secret not in text

    def test_it_shows_each_attempt_the_last_one_first(self, administrator):
        delivery = sent(FAILURE, Reply(None, "No complete answer within 15 seconds"), Reply(200))

        page = administrator.get(page_of(delivery))

        answers = page.context["answers"]
        assert [(each.attempt.number, each.status, each.succeeded) for each in answers] == [
            (3, "200 OK", True),
            (2, "No answer", False),
            (1, "500 Internal Server Error", False),
        ]
        text = text_of(page)
        assert "No complete answer within 15 seconds" in text
        assert ">sorry<" in text

    def test_before_the_first_attempt_it_says_that_it_will_be_sent(self, administrator):
        text = text_of(administrator.get(page_of(make_delivery())))

        assert "Not sent yet" in text
        assert "webhook-signature" not in text

    def test_it_leads_to_the_record_and_to_the_webhook(self, administrator):
        customer = make_customer()
        delivery = make_delivery(event="customer.updated", record=customer)

        text = text_of(administrator.get(page_of(delivery)))

        assert f'href="/admin/customers/customer/{customer.pk}/change/"' in text
        assert f'href="/admin/webhooks/webhookendpoint/{delivery.endpoint_id}/change/"' in text

    @pytest.mark.parametrize(
        ("body", "is_shown", "is_not"),
        [
            (b"</pre><script>alert(1)</script>", "&lt;script&gt;alert(1)", "<script>alert(1)"),
            (b"\x1b[31mred", "\u241b[31mred", "\x1b"),
            ("a\u202egnp.exe is fine to open".encode(), "a\ufffdgnp.exe", "\u202e"),
            (bytes(range(256)) * 8, "is not text (2", "\x01"),
            (b"x" * RESPONSE_LIMIT, "The first 4000 of 65536 characters", "x" * 4001),
            (b"", "had no body", "Response body"),
        ],
        ids=["markup", "terminal", "direction", "binary", "long", "empty"],
    )
    def test_a_hostile_answer_does_no_harm(self, administrator, body, is_shown, is_not):
        delivery = sent(Reply(500, "The receiver answered 500", body))

        text = text_of(administrator.get(page_of(delivery)))

        assert is_shown in text
        assert is_not not in text

    def test_headers_of_an_answer_are_text_too(self, administrator):
        headers = {"server": "<img src=x onerror=alert(1)>"}
        delivery = sent(Reply(500, "The receiver answered 500", b"", headers=headers))

        text = text_of(administrator.get(page_of(delivery)))

        assert "&lt;img src=x" in text
        assert "<img src=x" not in text

    def test_it_has_no_script_of_its_own(self, administrator):
        tags = _Tags()
        tags.feed(text_of(administrator.get(page_of(sent(FAILURE)))))

        assert all("src" in attributes for attributes in tags.scripts)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[dict[str, str | None]] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.scripts.append(dict(attributes))


class TestSendingAgain:
    def test_one_is_sent_again(self, administrator):
        delivery = make_delivery()
        give_up(delivery)
        assert "timed out" in text_of(administrator.get(DELIVERIES))

        answer = administrator.post(f"{DELIVERIES}{delivery.pk}/resend/", follow=True)

        assert messages_of(answer) == ["The message is on its way again."]
        delivery.refresh_from_db()
        assert delivery.status == "pending"
        assert Event.objects.get(type="webhook.resent").source == "admin"

    def test_chosen_ones_are_sent_again(self, administrator):
        endpoint = make_endpoint()
        first, second, third = [make_delivery(endpoint) for _ in range(3)]
        for delivery in (first, second, third):
            give_up(delivery)

        answer = resend(administrator, first, second)

        assert messages_of(answer) == ["2 messages are on their way again."]
        assert statuses() == {first.pk: "pending", second.pk: "pending", third.pk: "failed"}
        assert Event.objects.filter(type="webhook.resent", source="admin").count() == 2

    def test_before_several_are_sent_again_it_says_what_arrived_already(self, administrator):
        endpoint = make_endpoint()
        arrived = make_delivery(endpoint)
        deliver(Receiver(), Clock())
        failed = make_delivery(endpoint)
        give_up(failed)

        page = text_of(administrator.post(DELIVERIES, choosing(arrived, failed)))

        assert "Send 2 messages again?" in page
        assert "1 of them arrived already: its receiver gets it a second time." in page
        assert f"customer {arrived.event.object_id} → {endpoint}: Succeeded" in page
        assert statuses() == {arrived.pk: "succeeded", failed.pk: "failed"}
        assert not Event.objects.filter(type="webhook.resent").exists()

    def test_one_that_is_refused_does_not_hold_the_others_back(self, administrator):
        endpoint, other = make_endpoint(), make_endpoint(url="https://other.example.com/")
        happen()
        of_one, of_off = fan_out()
        give_up(of_one)
        give_up(of_off)
        update_endpoint(other, active=False, actor=SYSTEM)

        answer = resend(administrator, of_one, of_off)

        assert messages_of(answer) == [
            "1 message is on its way again.",
            f"Webhook {other.pk} is disabled: enable it first.",
        ]
        assert statuses() == {of_one.pk: "pending", of_off.pk: "failed"}
        assert endpoint.active

    def test_more_than_a_person_chooses_are_left_to_a_replay(self, administrator, monkeypatch):
        monkeypatch.setattr(deliveries, "MOST_AT_ONCE", 1)
        endpoint = make_endpoint()
        both = [make_delivery(endpoint) for _ in range(2)]
        for delivery in both:
            give_up(delivery)

        answer = resend(administrator, *both)

        assert "at most 1 messages" in messages_of(answer)[0]
        assert set(statuses().values()) == {"failed"}

    def test_a_viewer_gets_neither_list_nor_page_nor_buttons(self, viewer_in_admin):
        delivery = make_delivery()
        give_up(delivery)

        for path in (DELIVERIES, page_of(delivery)):
            assert viewer_in_admin.get(path).status_code == 403
        assert resend(viewer_in_admin, delivery).status_code == 403
        assert statuses() == {delivery.pk: "failed"}


def resend(staff, *chosen: Delivery):
    return staff.post(DELIVERIES, choosing(*chosen) | {"confirmed": "1"}, follow=True)


def choosing(*chosen: Delivery) -> dict[str, Any]:
    return {"action": "resend_chosen", "_selected_action": [each.pk for each in chosen]}


def statuses() -> dict[int, str]:
    return dict(Delivery.objects.values_list("pk", "status"))
