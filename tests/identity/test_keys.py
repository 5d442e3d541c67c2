"""Finding the key of a request, and keys that are none."""

import datetime
import ipaddress

import pytest
from django.test import RequestFactory
from django.utils import timezone

from bizsuite.identity.keys import find_key, presented_key
from bizsuite.identity.models import ApiKey, User
from bizsuite.team.keys import revoke_api_key
from tests.factories import SYSTEM, make_key

NOW = timezone.now()
HERE = ipaddress.ip_address("127.0.0.1")


def request_with(**headers: str):
    return RequestFactory().get("/", headers=headers)


class TestPresenting:
    @pytest.mark.parametrize(
        ("headers", "key"),
        [
            ({"Authorization": "Bearer abc"}, "abc"),
            ({"Authorization": "bearer  abc "}, "abc"),
            ({"X-API-Key": " abc "}, "abc"),
            ({"Authorization": "Bearer abc", "X-API-Key": "other"}, "abc"),
            ({"Authorization": "Basic abc", "X-API-Key": "other"}, "other"),
            ({"Authorization": "abc"}, ""),
            ({}, ""),
        ],
    )
    def test_either_header_carries_it(self, headers, key):
        assert presented_key(request_with(**headers)) == key


@pytest.mark.django_db
class TestFinding:
    def test_a_key_brings_its_user_in_one_query(self, django_assert_num_queries):
        key, text = make_key()

        with django_assert_num_queries(1):
            found = find_key(text, now=NOW, address=HERE)
            assert found == key
            assert found.user == key.user

    def test_the_database_holds_neither_key_nor_secret(self):
        key, text = make_key()
        secret = text.rpartition("_")[2]

        row = ApiKey.objects.filter(pk=key.pk).values().get()
        assert not any(secret in str(value) for value in row.values())
        assert text == f"bs_live_{key.public_id}_{secret}"
        assert len(secret) == 32

    @pytest.mark.parametrize(
        "alter",
        [
            lambda text: "",
            lambda text: text[:-1],
            lambda text: text + "0",
            lambda text: text.upper(),
            lambda text: text.replace("bs_live", "bs_test"),
            lambda text: text[:-1] + ("0" if text[-1] != "0" else "1"),
            lambda text: text.replace("_", "-"),
            lambda text: f" {text}",
            lambda text: f"{text}\n",
        ],
    )
    def test_anything_else_finds_nothing(self, alter):
        _, text = make_key()

        assert find_key(alter(text), now=NOW, address=HERE) is None

    def test_what_cannot_be_a_key_is_not_even_looked_up(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert find_key("x" * 100_000, now=NOW, address=HERE) is None
            assert find_key("bs_live_' OR 1=1 --", now=NOW, address=HERE) is None

    def test_another_keys_secret_does_not_fit(self):
        (first, text), (_, other) = make_key(), make_key()
        mixed = f"bs_live_{first.public_id}_{other.rpartition('_')[2]}"

        assert find_key(text, now=NOW, address=HERE) == first
        assert find_key(mixed, now=NOW, address=HERE) is None

    def test_another_pepper_makes_every_key_unknown(self, settings):
        _, text = make_key()
        settings.API_KEY_PEPPER = "another"

        assert find_key(text, now=NOW, address=HERE) is None

    def test_an_expiry_holds_to_the_moment(self):
        end = NOW + datetime.timedelta(hours=1)
        key, text = make_key(expires_at=end)

        assert find_key(text, now=end - datetime.timedelta(microseconds=1), address=HERE) == key
        assert find_key(text, now=end, address=HERE) is None

    def test_a_revoked_key_is_unknown_at_once(self):
        key, text = make_key()
        revoke_api_key(key, actor=SYSTEM)

        assert find_key(text, now=NOW, address=HERE) is None

    def test_the_keys_of_a_disabled_user_stop(self):
        key, text = make_key()
        User.objects.filter(pk=key.user_id).change(is_active=False)

        assert find_key(text, now=NOW, address=HERE) is None

    def test_keys_of_a_sandbox_are_told_apart(self, settings):
        settings.ENVIRONMENT = "sandbox"
        key, text = make_key()

        assert text.startswith("bs_test_")
        assert find_key(text, now=NOW, address=HERE) == key
