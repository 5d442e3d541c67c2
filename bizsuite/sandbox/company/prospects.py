"""Leads, as far as each has come."""

import datetime
from decimal import Decimal

from bizsuite.events.erasing import erase_events
from bizsuite.identity.roles import Role
from bizsuite.sandbox.company.names import LEADS
from bizsuite.sandbox.company.story import Story
from crm.conversion import convert_lead
from crm.leads import create_lead, create_leads, delete_lead, update_lead
from crm.models import Stage
from crm.notes import add_note


def find_leads(story: Story) -> None:
    seller = story.person(Role.SALES)
    leads = create_leads(
        [
            {
                "first_name": first_name,
                "last_name": last_name,
                "company": company,
                "email": email,
                "source": source,
                "description": wish,
                "owner": story.staff[Role.SALES],
                "expected_value": Decimal(value),
                "expected_close_date": story.today + datetime.timedelta(days=10 + 6 * number),
            }
            for number, (
                first_name,
                last_name,
                company,
                email,
                source,
                _,
                value,
                wish,
            ) in enumerate(LEADS)
        ],
        actor=seller,
    )
    for number, (lead, (*_, stage, _value, _wish)) in enumerate(zip(leads, LEADS, strict=True)):
        if stage == Stage.WON:
            convert_lead(lead, now=story.now, actor=seller)
        elif stage == Stage.LOST:
            update_lead(lead, stage=stage, lost_reason="Chose a cheaper offer", actor=seller)
        elif stage != Stage.NEW:
            # One is overdue, one is today's, the rest are to come.
            due = story.today + datetime.timedelta(days=number - 4)
            update_lead(
                lead, stage=stage, next_action="Call back", next_action_date=due, actor=seller
            )
            add_note(lead, text="Spoke on the phone; send examples.", now=story.now, actor=seller)
    _forget_somebody(story)


def _forget_somebody(story: Story) -> None:
    """One who asked to be forgotten: that there was somebody shows in the audit log, not who."""
    seller = story.person(Role.SALES)
    lead = create_lead(first_name="Robin", company="Gannet & Co", actor=seller)
    lead_id = lead.pk
    delete_lead(lead, actor=seller)
    erase_events(
        "lead",
        lead_id,
        reason="Asked by mail to be forgotten",
        actor=story.person(Role.ADMINISTRATOR),
    )
