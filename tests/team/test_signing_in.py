"""Guessing passwords: how far it gets, and whom it does not lock out."""

import datetime

import pytest
from django.http import HttpResponse
from django.test import Client

from bizsuite.api.counters import request_counter
from bizsuite.events.models import Event
from bizsuite.identity.models import User
from bizsuite.team import signing_in
from bizsuite.team.signing_in import unlock_sign_in
from tests.concurrency import at_once
from tests.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

TEN = datetime.datetime(2024, 1, 15, 10, 0, 0, tzinfo=datetime.UTC)


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now_is = TEN

        def now(self):
            return self.now_is

    clock = Clock()
    monkeypatch.setattr(signing_in, "timezone", clock)
    return clock


@pytest.fixture
def checked(monkeypatch) -> list[str]:
    """The passwords that were looked at."""
    passwords: list[str] = []
    check = User.check_password

    def counting(user: User, password: str) -> bool:
        passwords.append(password)
        return check(user, password)

    monkeypatch.setattr(User, "check_password", counting)
    return passwords


@pytest.fixture
def ada(db) -> User:
    return make_user(email="ada@example.com")


def sign_in(
    password: str = PASSWORD, *, name: str = "ada@example.com", address: str = "127.0.0.1"
) -> HttpResponse:
    browser = Client(SERVER_NAME="localhost", REMOTE_ADDR=address)
    return browser.post("/admin/login/", {"username": name, "password": password})


def guess(times: int, **where: str) -> list[int]:
    return [sign_in(f"wrong {number}", **where).status_code for number in range(times)]


def test_after_five_wrong_passwords_no_further_one_is_looked_at(ada, checked):
    assert guess(7) == [200] * 5 + [429] * 2

    refused = sign_in()

    assert refused.status_code == 429
    assert checked == [f"wrong {number}" for number in range(5)]
    assert "Too many attempts. Try again in 15 minutes" in refused.content.decode()
    assert 890 <= int(refused["Retry-After"]) <= 900


@pytest.mark.django_db(transaction=True)
def test_a_hundred_at_once_get_no_further(ada, checked):
    rounds = [at_once([lambda: sign_in("wrong").status_code] * 20) for _ in range(5)]
    statuses = [status for statuses in rounds for status in statuses]

    assert len(checked) == 5
    assert sorted(statuses) == [200] * 5 + [429] * 95


def test_the_name_in_another_spelling_is_the_same_name(ada, checked):
    guess(3)
    guess(2, name=" ADA@Example.com ")

    assert sign_in().status_code == 429
    assert len(checked) == 5


def test_letters_that_the_database_takes_for_others_are_not_further_names():
    names = [
        "iris@example.com",
        "ır\u0131s@example.com",
        "IRIS@EXAMPLE.COM",
        "iri\u017f@example.com",
    ]

    assert [guess(2, name=name) for name in names] == [
        [200, 200],
        [200, 200],
        [200, 429],
        [429, 429],
    ]


def test_from_elsewhere_the_same_person_still_signs_in(ada):
    guess(20)

    assert sign_in(address="127.0.0.2").status_code == 302


def test_others_at_the_address_still_sign_in(ada):
    make_user(email="ben@example.com")
    guess(20)

    assert sign_in(name="ben@example.com").status_code == 302


def test_one_password_on_many_names_ends_too(ada, checked):
    for number in range(50):
        sign_in("summer2024", name=f"user{number}@example.com")

    assert sign_in().status_code == 429
    assert sign_in(address="127.0.0.2").status_code == 302


def test_signing_in_begins_the_count_anew(ada):
    for _ in range(3):
        assert guess(4) == [200] * 4
        assert sign_in().status_code == 302


def test_signing_in_oneself_buys_no_more_guesses_on_others(ada, checked):
    for number in range(50):
        sign_in("summer2024", name=f"user{number}@example.com")
        if number % 10 == 0:
            assert sign_in().status_code == 302

    assert sign_in("summer2024", name="user99@example.com").status_code == 429


def test_unknown_names_lock_like_known_ones():
    assert guess(6, name="nobody@example.com") == [200] * 5 + [429]
    assert not Event.objects.exists()


def test_a_quarter_of_an_hour_later_it_works_again(ada, clock):
    guess(6)
    clock.now_is += datetime.timedelta(seconds=899)
    assert sign_in().status_code == 429

    clock.now_is += datetime.timedelta(seconds=1)
    assert sign_in().status_code == 302


def test_it_is_on_record_once(ada):
    guess(9, address="127.0.0.7")

    event = Event.objects.get(type="user.locked_out")
    assert (event.object_id, event.actor_name) == (ada.pk, "somebody at 127.0.0.7")


def test_an_inactive_user_is_braked_too(ada):
    User.objects.filter(pk=ada.pk).change(is_active=False)

    assert guess(6)[-1] == 429


def test_an_operator_unlocks_one_or_all(ada):
    make_user(email="ben@example.com")
    guess(6)
    guess(6, name="ben@example.com")

    unlock_sign_in("ADA@example.com")
    assert sign_in().status_code == 302
    assert sign_in(name="ben@example.com").status_code == 429

    unlock_sign_in()
    assert sign_in(name="ben@example.com").status_code == 302


def test_unlocking_gives_no_key_a_new_hour(ada):
    first = request_counter().add("key:1", now=1, window_seconds=60)
    unlock_sign_in()

    assert request_counter().add("key:1", now=1, window_seconds=60) == (2, first[1])


class TestBehindAProxy:
    @pytest.fixture(autouse=True)
    def _trusted(self, settings):
        settings.TRUSTED_PROXIES = ["10.1.1.1"]

    def send(self, password: str, forwarded: str, peer: str = "10.1.1.1") -> int:
        browser = Client(
            SERVER_NAME="localhost",
            REMOTE_ADDR=peer,
            HTTP_X_FORWARDED_FOR=forwarded,
            HTTP_X_FORWARDED_PROTO="https",
        )
        sent = {"username": "ada@example.com", "password": password}
        return browser.post("/admin/login/", sent).status_code

    def test_the_clients_own_address_counts(self, ada):
        assert [self.send("wrong", "203.0.113.9") for _ in range(6)] == [200] * 5 + [429]
        assert self.send(PASSWORD, "203.0.113.10") == 302

    def test_an_invented_address_does_not(self, ada):
        statuses = [self.send("wrong", f"198.51.100.{n}, 203.0.113.9") for n in range(6)]

        assert statuses == [200] * 5 + [429]
