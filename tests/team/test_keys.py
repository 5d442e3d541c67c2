import datetime

import pytest
from django.utils import timezone

from bizsuite.crypto import decrypt
from bizsuite.errors import Forbidden, Invalid
from bizsuite.events.models import Event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import ApiKey
from bizsuite.identity.roles import Role
from bizsuite.team.keys import (
    KeyRevoked,
    create_api_key,
    create_signing_secret,
    restrict_api_key,
    revoke_api_key,
    stop_signing,
)
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
        ("allowed_networks", ("here",)),
        ("allowed_networks", ("203.0.113.7/33",)),
        ("allowed_networks", ("::ffff:203.0.113.0/120",)),
        ("allowed_networks", tuple(f"10.0.0.{n}" for n in range(101))),
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


def test_a_key_that_somebody_else_changed_meanwhile_is_revoked_as_its_next_version():
    key, _ = make_key()
    read_earlier = ApiKey.objects.get(pk=key.pk)
    restrict_api_key(key, expires_at=None, allowed_networks=["10.0.0.0/8"], actor=SYSTEM)

    revoke_api_key(read_earlier, actor=SYSTEM)

    events = Event.objects.filter(resource="api_key").order_by("id")
    assert list(events.values_list("type", "object_version")) == [
        ("api_key.created", 1),
        ("api_key.updated", 2),
        ("api_key.revoked", 3),
    ]


def test_the_secrets_of_two_keys_differ():
    user = make_user()
    texts = {create_api_key(user, name="K", actor=SYSTEM)[1] for _ in range(20)}

    assert len(texts) == 20


def test_networks_are_kept_in_one_spelling():
    key, _ = make_key(allowed_networks=[" 203.0.113.7", "2001:DB8:0::/32", "203.0.113.7/32"])

    assert key.allowed_networks == ["203.0.113.7/32", "2001:db8::/32"]


def test_an_address_with_the_length_of_its_network_is_explained():
    with pytest.raises(Invalid) as refusal:
        make_key(allowed_networks=["203.0.113.7/24"])

    assert refusal.value.errors == {
        "allowed_networks": "203.0.113.7/24 is an address within 203.0.113.0/24: "
        "write the network or the address alone"
    }


def test_a_signing_secret_is_kept_encrypted_and_recorded_without_itself():
    key, _ = make_key()

    secret = create_signing_secret(key, required=True, actor=SYSTEM)

    key.refresh_from_db()
    assert secret.startswith("bs_sign_")
    assert decrypt(key.encrypted_signing_secret) == secret
    row = ApiKey.objects.filter(pk=key.pk).values().get()
    assert not any(secret in str(value) for value in row.values())
    payload = Event.objects.get(type="api_key.updated").payload
    assert '"signature_required":true' in payload
    assert secret not in payload
    assert key.encrypted_signing_secret not in payload


def test_signing_stops_once():
    key, _ = make_key()
    create_signing_secret(key, required=True, actor=SYSTEM)

    stop_signing(key, actor=SYSTEM)
    stop_signing(key, actor=SYSTEM)

    assert (key.encrypted_signing_secret, key.signature_required) == ("", False)
    assert Event.objects.filter(type="api_key.updated").count() == 2


def test_restricting_as_it_is_changes_nothing():
    key, _ = make_key(allowed_networks=["203.0.113.0/24"])

    restrict_api_key(key, expires_at=None, allowed_networks=["203.0.113.0/24"], actor=SYSTEM)

    assert key.version == 1
    assert not Event.objects.filter(type="api_key.updated").exists()


def test_an_expired_keys_networks_can_be_changed_without_its_past_expiry_being_refused():
    key, _ = make_key()
    past = timezone.now() - datetime.timedelta(days=1)
    ApiKey.objects.filter(pk=key.pk).update(expires_at=past)
    key.refresh_from_db()

    restrict_api_key(key, expires_at=past, allowed_networks=["10.0.0.0/8"], actor=SYSTEM)

    assert (key.expires_at, key.allowed_networks) == (past, ["10.0.0.0/8"])


@pytest.mark.parametrize(
    "change",
    [
        lambda key, actor: restrict_api_key(
            key, expires_at=None, allowed_networks=["10.0.0.0/8"], actor=actor
        ),
        lambda key, actor: create_signing_secret(key, required=True, actor=actor),
    ],
)
class TestChangingAKey:
    def test_is_for_administrators_and_never_for_keys(self, change):
        key, _ = make_key()
        actors = [
            Actor(name="Other", role=Role.ACCOUNTANT, source="admin", user_id=1),
            Actor(name="Key", role=Role.ADMINISTRATOR, source="api", user_id=1, key_id=key.pk),
        ]
        for actor in actors:
            with pytest.raises(Forbidden):
                change(key, actor)
        key.refresh_from_db()
        assert (key.allowed_networks, key.signature_required) == ([], False)

    def test_that_is_revoked_is_refused(self, change):
        key, _ = make_key()
        revoke_api_key(key, actor=SYSTEM)

        with pytest.raises(KeyRevoked):
            change(key, SYSTEM)
        key.refresh_from_db()
        assert (key.allowed_networks, key.signature_required) == ([], False)
