"""A quote's page: the customer answers the version that they have read, once."""

import datetime
import json

import pytest
from django.test import Client

from billing import quotes
from billing.models import Quote
from bizsuite.events.models import Event
from tests.billing.books import event_types, last_event_id
from tests.billing.test_hosted_pages import path_of, text_of
from tests.factories import SYSTEM, make_customer, make_link, make_quote, make_version, new_item

pytestmark = pytest.mark.django_db

TODAY = datetime.date.today()
YESTERDAY = TODAY - datetime.timedelta(days=1)
NAME = "Ann Meier"


@pytest.fixture
def browser() -> Client:
    """As people have it: Django's own check against forged forms is on."""
    return Client(enforce_csrf_checks=True)


def make_sent(*arguments, **fields) -> Quote:
    return quotes.send_quote(make_quote(*arguments, **fields), actor=SYSTEM)


def stored(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


def in_state(state: str) -> Quote:
    quote = make_sent("100.00")
    if state == "Accepted":
        quotes.accept_quote(quote, actor=SYSTEM)
    if state == "Declined":
        quotes.decline_quote(quote, actor=SYSTEM)
    if state == "Expired":
        quotes.update_quote(quote, valid_until=YESTERDAY, actor=SYSTEM)
    if state == "Converted":
        quotes.convert_quote(quote, actor=SYSTEM)
    if state == "Revised":
        make_version(quote)
    return stored(quote)


def said(answer: str, *, revision: int = 1, name: str = NAME, reason: str = "") -> dict:
    return {"answer": answer, "revision": revision, "name": name, "reason": reason}


class TestAnswering:
    def test_accepting_keeps_who_when_and_from_where(self, browser):
        quote = make_sent("100.00")
        path, before = path_of(make_link(quote)), last_event_id()

        response = browser.post(path + "/answer", said("accept"), REMOTE_ADDR="127.0.0.9")

        assert (response.status_code, response["Location"]) == (303, path)
        quote = stored(quote)
        assert (quote.status, quote.answered_by, quote.answered_from) == (
            "Accepted",
            NAME,
            "127.0.0.9",
        )
        assert quote.accepted_at is not None
        assert event_types(after=before) == ["quote.accepted"]
        event = Event.objects.get(type="quote.accepted")
        assert (event.actor_name, event.source) == ("Ann Meier (customer)", "link")
        payload = json.loads(event.payload)
        assert (payload["answered_by"], payload["answered_from"]) == (NAME, "127.0.0.9")
        assert path.removeprefix("/d/") not in event.payload
        assert "Accepted by Ann Meier on" in text_of(browser.get(path))

    def test_declining_keeps_the_reason(self, browser):
        quote = make_sent()
        path = path_of(make_link(quote))

        browser.post(path + "/answer", said("decline", reason="Too <dear>"))

        quote = stored(quote)
        assert (quote.status, quote.decline_reason, quote.answered_by) == (
            "Declined",
            "Too <dear>",
            NAME,
        )
        assert "Declined by Ann Meier on" in text_of(browser.get(path))

    def test_the_address_is_the_one_that_a_trusted_proxy_saw(self, browser, settings):
        settings.TRUSTED_PROXIES = ["127.0.0.1"]
        quote = make_sent()

        browser.post(
            path_of(make_link(quote)) + "/answer",
            said("accept"),
            headers={"x-forwarded-for": "6.6.6.6, 203.0.113.9", "x-forwarded-proto": "https"},
        )

        assert stored(quote).answered_from == "203.0.113.9"

    @pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\x00b", "\u202e\u200b"])
    def test_a_name_is_needed_and_what_was_typed_stays(self, browser, name):
        quote = make_sent()
        path, before = path_of(make_link(quote)), last_event_id()

        response = browser.post(path + "/answer", said("decline", name=name, reason="Too dear"))

        assert response.status_code == 400
        assert "Too dear" in text_of(response)
        assert 'aria-invalid="true"' in text_of(response)
        assert stored(quote).status == "Sent"
        assert event_types(after=before) == []

    def test_a_name_is_one_line_that_reads_as_it_is_written(self, browser):
        """Else a customer could write lines of their own, or backwards, into the history."""
        quote = make_sent()
        name = "Jane\nAccepted by \u202eeoD nhoJ"

        browser.post(path_of(make_link(quote)) + "/answer", said("accept", name=name))

        assert stored(quote).answered_by == "Jane Accepted by eoD nhoJ"

    @pytest.mark.parametrize(
        "forged", [{"answer": "convert"}, {"revision": "0"}, {"revision": "x"}, {"answer": ""}]
    )
    def test_what_the_page_does_not_send_is_refused(self, browser, forged):
        quote = make_sent()

        response = browser.post(path_of(make_link(quote)) + "/answer", said("accept") | forged)

        assert response.status_code == 400
        assert stored(quote).status == "Sent"

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    def test_another_sites_form_is_refused(self, browser, site):
        quote = make_sent()

        response = browser.post(
            path_of(make_link(quote)) + "/answer",
            said("accept"),
            headers={"sec-fetch-site": site},
        )

        assert response.status_code == 403
        assert stored(quote).status == "Sent"

    def test_our_own_page_posts_without_referrer_origin_or_cookie(self, browser):
        quote = make_sent()

        response = browser.post(
            path_of(make_link(quote)) + "/answer",
            said("accept"),
            headers={"origin": "null", "sec-fetch-site": "same-origin"},
        )

        assert response.status_code == 303
        assert not response.cookies


# Each state of a quote with what the page offers, and what becomes of an answer all the same.
STATES = {
    "Sent": (True, {"accept": 303, "decline": 303}),
    "Accepted": (False, {"accept": 303, "decline": 409}),
    "Declined": (False, {"accept": 409, "decline": 303}),
    "Expired": (False, {"accept": 409, "decline": 409}),
    "Converted": (False, {"accept": 409, "decline": 409}),
    "Revised": (False, {"accept": 409, "decline": 409}),
}


class TestStates:
    @pytest.mark.parametrize("state", STATES)
    def test_only_one_that_waits_offers_an_answer(self, browser, state):
        response = browser.get(path_of(make_link(in_state(state))))

        assert response.status_code == 200
        assert ("<form" in text_of(response)) == STATES[state][0]

    @pytest.mark.parametrize(
        ("state", "answer"), [(state, answer) for state in STATES for answer in STATES[state][1]]
    )
    def test_each_answer_in_each_state(self, browser, state, answer):
        quote = in_state(state)
        path, before = path_of(make_link(quote)), last_event_id()
        status, version = quote.status, quote.version

        response = browser.post(path + "/answer", said(answer))

        assert response.status_code == STATES[state][1][answer]
        if state == "Sent":
            assert event_types(after=before) == [f"quote.{answer.rstrip('e')}ed"]
        else:
            assert event_types(after=before) == []
            assert (stored(quote).status, stored(quote).version) == (status, version)
        if response.status_code == 409:
            assert 'role="alert"' in text_of(response)

    def test_a_double_click_says_it_once(self, browser):
        quote = make_sent()
        path, before = path_of(make_link(quote)), last_event_id()

        first, second = (browser.post(path + "/answer", said("accept")) for _ in range(2))

        assert (first.status_code, second.status_code) == (303, 303)
        assert event_types(after=before) == ["quote.accepted"]

    def test_a_draft_of_a_new_version_is_not_shown_but_the_one_before(self, browser):
        quote = make_sent("100.00")
        path = path_of(make_link(quote))
        quotes.update_quote(quote, items=[new_item("90.00")], actor=SYSTEM)

        shown = text_of(browser.get(path))

        assert "$100.00" in shown
        assert "$90.00" not in shown
        assert "We are working on a new version" in shown

    @pytest.mark.parametrize("answer", ["accept", "decline"])
    def test_a_version_that_nobody_was_sent_cannot_be_answered(self, browser, answer):
        """Its number is easy to guess, and a form easy to forge."""
        quote = make_sent("100.00")
        path = path_of(make_link(quote))
        quotes.update_quote(quote, items=[new_item("90.00")], actor=SYSTEM)
        before = last_event_id()

        response = browser.post(path + "/answer", said(answer, revision=2))

        assert response.status_code == 409
        assert "is being revised, so your answer was not taken" in text_of(response)
        assert (stored(quote).status, stored(quote).answered_by) == ("Draft", "")
        assert event_types(after=before) == []

    def test_who_answers_an_old_version_sees_the_new_one_and_is_asked_again(self, browser):
        quote = make_sent("100.00")
        path = path_of(make_link(quote))
        quotes.update_quote(quote, items=[new_item("90.00")], actor=SYSTEM)
        quotes.send_quote(quote, actor=SYSTEM)

        response = browser.post(path + "/answer", said("accept", revision=1))

        shown = text_of(response)
        assert response.status_code == 409
        assert "has changed since you opened it" in shown
        assert "Accept for $90.00" in shown
        assert stored(quote).status == "Sent"
        assert browser.post(path + "/answer", said("accept", revision=2)).status_code == 303

    def test_a_quote_that_became_an_unsent_draft_again_shows_nothing(self, browser):
        quote = make_quote()
        quotes.convert_quote(quote, actor=SYSTEM)
        path = path_of(make_link(stored(quote)))
        Quote.objects.filter(pk=quote.pk).change(status="Draft", invoice=None)

        assert browser.get(path).status_code == 404
        assert browser.post(path + "/answer", said("accept")).status_code == 404

    def test_another_customers_quote_is_out_of_reach(self, browser):
        mine, theirs = make_sent(), make_sent(customer=make_customer(account="Berta"))
        make_link(theirs)

        browser.post(path_of(make_link(mine)) + "/answer", said("accept") | {"id": theirs.pk})

        assert (stored(mine).status, stored(theirs).status) == ("Accepted", "Sent")
