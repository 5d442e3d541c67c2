import datetime

import pytest

from bizsuite.errors import Forbidden, Invalid
from bizsuite.events.models import Event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from bizsuite.identity.roles import Role
from bizsuite.team.profile import update_organisation
from tests.factories import SYSTEM

pytestmark = pytest.mark.django_db


def test_a_change_is_kept_and_recorded():
    profile = organisation()
    version = profile.version

    update_organisation(
        profile, name="Harbour Books", closed_until=datetime.date(2024, 1, 31), actor=SYSTEM
    )

    assert organisation().name == "Harbour Books"
    assert organisation().version == version + 1
    event = Event.objects.get(type="organisation.updated")
    assert event.object_version == version + 1
    assert '"closed_until":"2024-01-31"' in event.payload


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("currency", "EURO"),
        ("timezone", "Nowhere"),
        ("email", "nonsense"),
        ("name", "x" * 201),
        ("country", "XX"),
        ("country", "Germany"),
        ("website", "not a site"),
        ("website", "javascript:alert(1)"),
        ("bank_account", "DE89 3704 0044 0532 0130 01"),
        ("bank_account", "DE89 3704 0044 0532 0130"),
        ("bank_account", "ask Ann!"),
        ("bic", "COBADE"),
        ("bic", "COBA11FF"),
        ("footer", "x" * 501),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(name, value):
    before = getattr(organisation(), name)

    with pytest.raises(Invalid) as refusal:
        update_organisation(organisation(), actor=SYSTEM, **{name: value})

    assert list(refusal.value.errors) == [name]
    assert getattr(organisation(), name) == before


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.SALES, Role.SUPPORT, Role.VIEWER])
def test_only_administrators_change_it(role):
    with pytest.raises(Forbidden):
        update_organisation(
            organisation(), name="Mine", actor=Actor(name="x", role=role, source="admin")
        )
    assert organisation().name != "Mine"


@pytest.mark.parametrize(
    ("given", "kept", "iban"),
    [
        ("de89370400440532013000", "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("GB33 BUKB-2020-1555 5555 55", "GB33 BUKB 2020 1555 5555 55", "GB33BUKB20201555555555"),
        ("021000021 / 1234567890", "021000021 / 1234567890", ""),
        ("", "", ""),
    ],
)
def test_a_bank_account_is_kept_as_it_is_printed(given, kept, iban):
    profile = update_organisation(organisation(), bank_account=given, actor=SYSTEM)

    assert (profile.bank_account, profile.iban) == (kept, iban)


def test_codes_are_kept_in_capitals():
    profile = update_organisation(organisation(), bic="cobadeff xxx", country="de", actor=SYSTEM)

    assert (profile.bic, profile.country) == ("COBADEFFXXX", "DE")


def test_what_is_wrong_with_an_iban_is_said():
    with pytest.raises(Invalid) as refusal:
        update_organisation(
            organisation(), bank_account="DE89 3704 0044 0532 0130 01", actor=SYSTEM
        )

    assert "check digits do not fit" in refusal.value.errors["bank_account"]
