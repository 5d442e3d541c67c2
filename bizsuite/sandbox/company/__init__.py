"""The demo's company, made by the same actions as everybody's data.

The same each time: one seed, and dates counted from today, so that there is always something
overdue, something due soon and a year to look back on.
"""

import datetime
import random
from pathlib import Path

from bizsuite.identity.actors import Actor
from bizsuite.identity.models import User, organisation
from bizsuite.identity.roles import Role
from bizsuite.sandbox.company.abroad import sell_abroad
from bizsuite.sandbox.company.conversations import open_tickets
from bizsuite.sandbox.company.letters import write_letters
from bizsuite.sandbox.company.prospects import find_leads
from bizsuite.sandbox.company.receivers import tell_others
from bizsuite.sandbox.company.sales import sell
from bizsuite.sandbox.company.spending import spend
from bizsuite.sandbox.company.story import Story
from bizsuite.sandbox.company.subscriptions import subscribe
from bizsuite.team.profile import update_organisation

ACTOR = Actor(name="Demo data", role=Role.ADMINISTRATOR, source="cli")
SEED = 20_240_115
LOGO = Path(__file__).with_name("logo.svg")

__all__ = ["ACTOR", "fill"]


def fill(staff: dict[str, User], *, now: datetime.datetime) -> None:
    """Found the company and let it have done business for a year. Call it in a transaction.

    staff: who works there, by role.
    """
    profile = update_organisation(
        organisation(),
        name="Harbour & Pine Studio",
        street="14 Quay Street",
        zip="BS1 4DJ",
        city="Bristol",
        country="GB",
        email="hello@harbourandpine.example",
        phone="+44 117 496 0100",
        website="www.harbourandpine.example",
        tax_id="GB123456789",
        registration_number="Registered in England 01234567",
        bank_name="Harbour Bank",
        bank_account="GB33BUKB20201555555555",
        bic="BUKBGB22",
        payment_instructions="Please name the reference, so that we find your payment.",
        footer="Directors: Ada Reyes, Ben Okafor",
        logo=LOGO.read_bytes(),
        currency="GBP",
        timezone="Europe/London",
        payment_terms_days=30,
        actor=ACTOR,
    )
    dice = random.Random(SEED)  # noqa: S311  nothing here is secret
    story = Story(today=profile.today(now), now=now, random=dice, actor=ACTOR, staff=staff)
    sell(story)
    subscribe(story)
    write_letters(story)
    spend(story)
    sell_abroad(story)
    open_tickets(story)
    find_leads(story)
    tell_others(story)
