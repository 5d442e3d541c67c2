"""Telephone numbers are read again when the organisation says in which country it is."""

import pytest
from django.utils import timezone

from bizsuite.events.relay import relay_events
from bizsuite.identity.models import organisation
from bizsuite.team.profile import update_organisation
from crm import phone_keys
from crm.models import Lead
from crm.tasks import read_events
from tests.factories import SYSTEM, make_lead

pytestmark = pytest.mark.django_db


def say(**changes: str) -> None:
    """The organisation changes, and everybody who follows the events hears of it."""
    update_organisation(organisation(), actor=SYSTEM, **changes)
    relay_events(now=timezone.now())
    read_events()


def key_of(lead: Lead) -> str:
    return Lead.objects.get(pk=lead.pk).phone_key


def test_numbers_without_a_country_are_read_as_the_new_ones(api):
    national, abroad = make_lead(phone="030 123456"), make_lead(phone="+1 212 555 0100")
    later = make_lead(phone="+49 30 123456")
    assert api.get(f"/leads/{later.pk}").data["possible_duplicates"] == []

    say(timezone="Europe/Berlin")

    assert (key_of(national), key_of(abroad)) == ("+4930123456", "+12125550100")
    assert api.get(f"/leads/{later.pk}").data["possible_duplicates"] == [national.pk]


def test_nothing_that_a_lead_shows_is_another(api):
    lead = make_lead(phone="030 123456")
    before = api.get(f"/leads/{lead.pk}")

    say(timezone="Europe/Berlin")

    after = api.get(f"/leads/{lead.pk}")
    assert (after.data, after.headers["ETag"]) == (before.data, before.headers["ETag"])


def test_they_follow_from_one_country_to_the_next():
    lead = make_lead(phone="030 123456")
    say(timezone="Europe/Berlin")

    say(timezone="Europe/Vienna")

    assert key_of(lead).startswith("+43")


def test_a_new_name_is_no_reason_to_read_them(monkeypatch):
    say(timezone="Europe/Berlin")
    monkeypatch.setattr(phone_keys, "read_numbers_anew", lambda: pytest.fail("for nothing"))

    say(name="Harbour Books Ltd")


def test_many_are_read_some_at_a_time(monkeypatch):
    monkeypatch.setattr(phone_keys, "LEADS_AT_ONCE", 2)
    leads = [make_lead(phone=f"030 12345{number}") for number in range(5)]

    say(timezone="Europe/Berlin")

    assert [key_of(lead) for lead in leads] == [f"+493012345{number}" for number in range(5)]
