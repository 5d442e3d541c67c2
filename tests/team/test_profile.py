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
    [("currency", "EURO"), ("timezone", "Nowhere"), ("email", "nonsense"), ("name", "x" * 201)],
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
