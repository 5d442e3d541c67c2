import datetime

import pytest
from django.utils import timezone

from bizsuite.errors import Forbidden, Invalid
from bizsuite.events.models import Event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import ApiKey
from bizsuite.identity.roles import Role
from bizsuite.team.keys import create_api_key, revoke_api_key
from tests.factories import SYSTEM, make_key, make_user

pytestmark = pytest.mark.django_db


def test_a_key_is_recorded_without_its_secret():
    key, text = make_key(scopes=("invoices:write", "customers:read", "customers:read"))

    assert key.scopes == ["customers:read", "invoices:write"]
    payload = Event.objects.get(type="api_key.created").payload
    assert key.public_id in payload
    assert text.rpartition("_")[2] not in payload
    assert key.secret_hash not in payload


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "x" * 101),
        ("scopes", ("customers:delete",)),
        ("scopes", ("keys:write",)),
        ("rate_limit", 0),
        ("rate_limit", -1),
        ("rate_limit", 10**10),
        ("expires_at", datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)),
    ],
)
def test_what_is_wrong_is_named_and_no_key_is_made(name, value):
    with pytest.raises(Invalid) as refusal:
        make_key(**{name: value})

    assert list(refusal.value.errors) == [name]
    assert not ApiKey.objects.exists()


def test_a_key_cannot_make_keys():
    key, _ = make_key()
    actor = Actor(
        name="Program", role=Role.ADMINISTRATOR, source="api", user_id=key.user_id, key_id=key.pk
    )

    with pytest.raises(Forbidden):
        create_api_key(key.user, name="Another", actor=actor)
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.SALES, Role.SUPPORT, Role.VIEWER])
def test_only_administrators_make_and_revoke_keys(role):
    key, _ = make_key()
    actor = Actor(name="Other", role=role, source="admin", user_id=1)

    with pytest.raises(Forbidden):
        create_api_key(key.user, name="Another", actor=actor)
    with pytest.raises(Forbidden):
        revoke_api_key(key, actor=actor)
    assert ApiKey.objects.get().revoked_at is None


def test_revoking_twice_changes_nothing_the_second_time():
    key, _ = make_key()
    first = revoke_api_key(key, actor=SYSTEM).revoked_at

    again = revoke_api_key(key, actor=SYSTEM)

    assert again.revoked_at == first
    assert first <= timezone.now()
    assert Event.objects.filter(type="api_key.revoked").count() == 1


def test_the_secrets_of_two_keys_differ():
    user = make_user()
    texts = {create_api_key(user, name="K", actor=SYSTEM)[1] for _ in range(20)}

    assert len(texts) == 20
