"""A POST that is sent again has no second effect and gets the first one's answer."""

import datetime
import threading

import pytest
from django.db import connection
from django.utils import timezone

from bizsuite.api import idempotency
from bizsuite.api.models import IdempotentAnswer
from bizsuite.api.tasks import prune_idempotent_answers
from bizsuite.events.models import Event
from customers import views
from customers.models import Customer
from tests.api_client import ApiClient
from tests.concurrency import at_once
from tests.factories import make_draft, make_key

pytestmark = pytest.mark.django_db

JANE = {"account": "Jane"}


def keyed(key: str) -> dict:
    return {"headers": {"Idempotency-Key": key}}


def post(api, body=JANE, key: str = "order-1", path: str = "/customers"):
    return api.post(path, body, **keyed(key))


class TestRepeating:
    def test_a_repeat_gets_the_first_answer_and_has_no_effect(self, api):
        first = post(api)
        again = post(api)

        assert (first.status, again.status) == (201, 201)
        assert again.raw == first.raw
        assert again.headers["Location"] == first.headers["Location"]
        assert again.headers["ETag"] == first.headers["ETag"]
        assert again.headers["Content-Type"] == "application/json"
        assert "Idempotent-Replayed" not in first.headers
        assert again.headers["Idempotent-Replayed"] == "true"
        assert Customer.objects.count() == 1
        assert Event.objects.filter(type="customer.created").count() == 1

    def test_a_repeat_is_a_request_of_its_own(self, api):
        first, again = post(api), post(api)

        assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]
        remaining = [int(each.headers["X-RateLimit-Remaining"]) for each in (first, again)]
        assert remaining == [999, 998]

    def test_the_answer_stays_what_it_was_when_the_record_has_changed(self, api):
        first = post(api)
        api.patch(f"/customers/{first.data['id']}", {"account": "Joan"})

        assert post(api).raw == first.raw

    def test_without_a_key_every_request_counts(self, api):
        for _ in range(2):
            api.post("/customers", JANE)

        assert Customer.objects.count() == 2
        assert not IdempotentAnswer.objects.exists()

    def test_other_keys_are_other_requests(self, api):
        for key in ("order-1", "order-2", "ORDER-1"):
            post(api, key=key)

        assert Customer.objects.count() == 3

    def test_each_api_key_has_its_own(self, api):
        other = ApiClient(make_key()[1])
        first, second = post(api), post(other)

        assert "Idempotent-Replayed" not in second.headers
        assert first.data["id"] != second.data["id"]

    def test_actions_and_batches_have_it_too(self, api):
        draft = make_draft()
        issued = [post(api, {}, path=f"/invoices/{draft.pk}/issue") for _ in range(2)]
        batches = [
            post(api, {"customers": [JANE, JANE]}, "batch-1", "/batch/customers") for _ in range(2)
        ]

        assert [answer.status for answer in issued] == [200, 200]
        assert issued[0].raw == issued[1].raw
        assert batches[0].raw == batches[1].raw
        assert Customer.objects.filter(account="Jane").count() == 2

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET"])
    def test_other_methods_need_none(self, api, method):
        pk = post(api).data["id"]
        rows = IdempotentAnswer.objects.count()

        assert api.request(method, f"/customers/{pk}", **keyed("order-1")).status == 200
        assert IdempotentAnswer.objects.count() == rows


class TestRefusing:
    @pytest.mark.parametrize(
        ("body", "path"),
        [
            ({"account": "Joan"}, "/customers"),
            (JANE, "/customers?fields=id"),
            ({"customers": [JANE]}, "/batch/customers"),
        ],
    )
    def test_the_same_key_with_another_request_is_a_422(self, api, body, path):
        post(api)

        answer = post(api, body, path=path)

        assert (answer.status, answer.body["code"]) == (422, "idempotency_key_reused")
        assert Customer.objects.count() == 1

    @pytest.mark.parametrize("key", ["", "a" * 256, "a b", "ü", "a\x7f"])
    def test_a_key_that_cannot_be_kept_is_a_400(self, api, key):
        answer = post(api, key=key)

        assert list(answer.errors) == ["Idempotency-Key"]
        assert not Customer.objects.exists()

    def test_the_longest_key_is_taken(self, api):
        assert post(api, key="a" * 255).status == 201
        assert post(api, key="a" * 255).headers["Idempotent-Replayed"] == "true"

    def test_who_may_not_gets_no_kept_answer(self, api):
        key, text = make_key()
        client = ApiClient(text)
        post(client)
        type(key).objects.filter(pk=key.pk).update(scopes=["customers:read"])

        assert post(client).status == 403


class TestKeeping:
    def test_a_refusal_is_not_kept(self, api):
        assert post(api, {"account": ""}).status == 400
        assert not IdempotentAnswer.objects.exists()

        assert post(api, JANE).status == 201

    def test_a_failure_is_not_kept(self, api, monkeypatch):
        with monkeypatch.context() as patched:
            patched.setattr(views.customers, "create_customer", lambda **_: 1 / 0)
            assert post(api).status == 500
        assert not IdempotentAnswer.objects.exists()

        assert post(api).status == 201

    def test_the_answer_is_encrypted(self, api):
        post(api)

        row = IdempotentAnswer.objects.get()
        assert "Jane" not in row.encrypted_body
        assert "Jane" not in str(IdempotentAnswer.objects.values().get())
        assert b"Jane" in idempotency.replay(row).content

    def test_after_a_day_the_key_is_free_again(self, api):
        first = post(api)
        a_day_ago = timezone.now() - datetime.timedelta(hours=24)
        IdempotentAnswer.objects.update(created_at=a_day_ago)

        second = post(api, {"account": "Joan"})

        assert second.status == 201
        assert second.data["id"] != first.data["id"]
        assert IdempotentAnswer.objects.count() == 1

    def test_just_before_it_is_not(self, api):
        post(api)
        almost = timezone.now() - datetime.timedelta(hours=23, minutes=59)
        IdempotentAnswer.objects.update(created_at=almost)

        assert post(api).headers["Idempotent-Replayed"] == "true"

    def test_what_is_kept_no_longer_is_dropped(self, api):
        post(api, key="old")
        IdempotentAnswer.objects.update(created_at=timezone.now() - datetime.timedelta(days=2))
        post(api, key="new")

        prune_idempotent_answers()

        assert [row.key for row in IdempotentAnswer.objects.all()] == ["new"]


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
class TestAtTheSameMoment:
    def test_repeats_wait_for_the_first_and_get_its_answer(self, api):
        answers = at_once([lambda: post(api)] * 5)

        assert [answer.status for answer in answers] == [201] * 5
        assert len({answer.raw for answer in answers}) == 1
        assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 4
        assert Customer.objects.count() == 1
        assert Event.objects.filter(type="customer.created").count() == 1

    def test_when_the_first_fails_the_next_is_carried_out(self, api, monkeypatch):
        real = views.customers.create_customer
        turns = threading.Semaphore(1)

        def fail_once(**fields):
            if turns.acquire(blocking=False):
                raise ZeroDivisionError
            return real(**fields)

        monkeypatch.setattr(views.customers, "create_customer", fail_once)
        answers = at_once([lambda: post(api)] * 3)

        assert sorted(answer.status for answer in answers) == [201, 201, 500]
        assert Customer.objects.count() == 1

    def test_different_bodies_under_one_key_have_one_effect(self, api):
        bodies = [{"account": "Jane"}, {"account": "Joan"}]

        answers = at_once([lambda body=body: post(api, body) for body in bodies])

        assert sorted(answer.status for answer in answers) == [201, 422]
        assert Customer.objects.count() == 1

    @pytest.mark.skipif(
        "connection.vendor != 'postgresql'", reason="On SQLite writers wait for each other anyway."
    )
    def test_a_first_request_that_does_not_end_is_a_409(self, api, monkeypatch):
        inside, finish = threading.Event(), threading.Event()
        real = views.customers.create_customer

        def linger(**fields):
            inside.set()
            assert finish.wait(30)
            return real(**fields)

        def impatient():
            assert inside.wait(30)
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '200ms'")
            try:
                return post(api)
            finally:
                finish.set()

        monkeypatch.setattr(views.customers, "create_customer", linger)
        first, second = at_once([lambda: post(api), impatient])

        assert first.status == 201
        assert (second.status, second.body["code"]) == (409, "idempotency_key_in_flight")
        assert Customer.objects.count() == 1
