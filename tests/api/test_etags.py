"""A client that has a record need not fetch it again, nor overwrite what it has not seen."""

import datetime

import pytest

from bizsuite.events.models import Event
from bizsuite.identity.models import Organisation
from customers.models import Customer
from tests.concurrency import at_once
from tests.factories import make_customer, make_invoice

pytestmark = pytest.mark.django_db


@pytest.fixture
def address():
    return f"/customers/{make_customer(account='Jane').pk}"


def if_match(etag: str) -> dict:
    return {"headers": {"If-Match": etag}}


def if_none_match(etag: str) -> dict:
    return {"headers": {"If-None-Match": etag}}


class TestReading:
    def test_the_tag_stays_while_the_record_does(self, api, address):
        tags = {api.get(address).headers["ETag"] for _ in range(2)}

        assert len(tags) == 1

    def test_every_answer_that_shows_the_record_has_it(self, api):
        created = api.post("/customers", {"account": "Jane"})
        address = created.headers["Location"].removeprefix("/api/v2")

        assert api.get(address).headers["ETag"] == created.headers["ETag"]
        changed = api.patch(address, {"account": "Joan"})
        assert changed.headers["ETag"] != created.headers["ETag"]
        assert api.get(address).headers["ETag"] == changed.headers["ETag"]

    def test_what_the_client_has_is_not_sent_again(self, api, address):
        etag = api.get(address).headers["ETag"]

        for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
            answer = api.get(address, **if_none_match(sent))
            assert (answer.status, answer.raw) == (304, b"")
            assert answer.headers["ETag"] == etag
            assert "X-RateLimit-Remaining" in answer.headers
            assert "X-Request-ID" in answer.headers
            assert answer.headers["Cache-Control"] == "private, no-cache"

    @pytest.mark.parametrize("sent", ['"other"', "nonsense", "", '"1-"'])
    def test_anything_else_is_answered_in_full(self, api, address, sent):
        assert api.get(address, **if_none_match(sent)).status == 200

    def test_a_change_is_sent(self, api, address):
        etag = api.get(address).headers["ETag"]
        api.patch(address, {"account": "Joan"})

        answer = api.get(address, **if_none_match(etag))

        assert (answer.status, answer.data["account"]) == (200, "Joan")

    def test_what_changes_with_the_day_is_sent_too(self, api, monkeypatch):
        invoice = make_invoice(due_date=datetime.date(2024, 2, 15))
        address = f"/invoices/{invoice.pk}"
        overdue = api.get(address)
        assert overdue.data["overdue"] is True

        monkeypatch.setattr(Organisation, "today", lambda *_: datetime.date(2024, 2, 1))
        answer = api.get(address, **if_none_match(overdue.headers["ETag"]))

        assert (answer.status, answer.data["overdue"]) == (200, False)

    def test_other_fields_are_another_representation(self, api, address):
        etag = api.get(address).headers["ETag"]

        assert api.get(f"{address}?fields=id", **if_none_match(etag)).status == 200

    def test_lists_and_refusals_have_none(self, api, address):
        assert "ETag" not in api.get("/customers").headers
        assert "ETag" not in api.patch(address, {"account": 5}).headers
        assert "ETag" not in api.get("/customers/999999").headers


class TestWriting:
    @pytest.mark.parametrize("method", ["PUT", "PATCH"])
    def test_the_present_state_may_be_changed(self, api, address, method):
        etag = api.get(address).headers["ETag"]

        answer = api.request(method, address, {"account": "Joan"}, **if_match(etag))

        assert (answer.status, answer.data["account"]) == (200, "Joan")

    def test_a_tag_of_some_fields_names_the_state_as_well(self, api, address):
        etag = api.get(f"{address}?fields=id").headers["ETag"]

        assert api.patch(address, {"account": "Joan"}, **if_match(etag)).status == 200

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
    def test_a_state_that_is_gone_is_a_412_and_nothing_is_done(self, api, address, method):
        stale = api.get(address).headers["ETag"]
        api.patch(address, {"phone": "1"})
        events = Event.objects.count()

        body = {} if method == "DELETE" else {"account": "Joan"}
        answer = api.request(method, address, body, **if_match(stale))

        assert (answer.status, answer.body["code"]) == (412, "stale")
        assert Customer.objects.get().account == "Jane"
        assert Event.objects.count() == events

    def test_the_present_state_may_be_deleted(self, api, address):
        etag = api.get(address).headers["ETag"]

        assert api.delete(address, **if_match(etag)).status == 200

    @pytest.mark.parametrize("sent", ['"other"', "nonsense", "", '"11-0"', '"1"'])
    def test_any_other_tag_is_stale(self, api, address, sent):
        assert api.patch(address, {"account": "Joan"}, **if_match(sent)).status == 412

    def test_a_weak_tag_is_stale(self, api, address):
        etag = api.get(address).headers["ETag"]

        assert api.patch(address, {"account": "Joan"}, **if_match(f"W/{etag}")).status == 412

    def test_a_star_takes_any_state(self, api, address):
        assert api.patch(address, {"account": "Joan"}, **if_match("*")).status == 200

    def test_a_record_that_is_gone_is_a_404(self, api):
        assert api.patch("/customers/999999", {}, **if_match("*")).status == 404

    @pytest.mark.django_db(transaction=True, serialized_rollback=True)
    def test_of_many_changes_to_one_state_one_wins(self, api):
        address = f"/customers/{make_customer().pk}"
        etag = api.get(address).headers["ETag"]

        def change(number: int):
            return api.patch(address, {"phone": str(number)}, **if_match(etag))

        answers = at_once([lambda number=number: change(number) for number in range(4)])

        assert sorted(answer.status for answer in answers) == [200, 412, 412, 412]
        [won] = [answer for answer in answers if answer.status == 200]
        assert Customer.objects.get().phone == won.data["phone"]
        assert Customer.objects.get().version == 2
