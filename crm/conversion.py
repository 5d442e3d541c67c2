"""A lead becomes a customer, once."""

import datetime
from typing import Any

from django.db import transaction

from bizsuite.errors import Forbidden
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from crm.leads import LeadConverted, log_stages, require_current
from crm.models import Lead, Stage
from crm.serializers import LeadSerializer
from customers import customers
from customers.models import NAME_LENGTH, Customer


@transaction.atomic
def convert_lead(
    lead: Lead, *, customer: Customer | None = None, now: datetime.datetime, actor: Actor
) -> tuple[Customer, bool]:
    """Make a customer of a lead, or link it to `customer`; the second part: whether it is new.

    The lead is Won from then on. Doing it again answers the same customer and changes nothing.
    Raises Forbidden if the actor may not write customers (to link: not read them),
    LeadConverted if the lead is another customer already, LeadMerged and CustomerArchived.
    """
    if not actor.may("read", "customers"):
        raise Forbidden("Converting a lead needs the right to read customers.")
    # Held until the end: of two at the same moment the second finds what the first has made.
    lock(lead)
    require_current(lead)
    if lead.customer is not None:
        if customer not in (None, lead.customer):
            raise LeadConverted(f"This lead is customer {lead.customer_id} already.")
        return lead.customer, False
    if customer is not None:
        # A deletion at the same moment waits, and then finds the lead.
        lock(customer)
        customers.require_active(customer)
    is_new = customer is None
    customer = customer or _new_customer(lead, actor)
    _win(lead, customer, now=now, actor=actor)
    return customer, is_new


def _new_customer(lead: Lead, actor: Actor) -> Customer:
    if not actor.may("write", "customers"):
        raise Forbidden(
            "Converting a lead to a new customer needs the right to write customers; "
            "name a customer_id to link it to one that is there."
        )
    return customers.create_customer(actor=actor, **customer_fields(lead))


def customer_fields(lead: Lead) -> dict[str, Any]:
    """What a customer made of this lead is given: a company with its contact, or a person."""
    # The longest first and last name together outgrow a customer's by the space between them.
    name = lead.name[:NAME_LENGTH]
    return {
        "account": lead.company or name,
        "contact_name": name if lead.company else "",
        "email": lead.email,
        "phone": lead.phone,
        "notes": lead.description,
    }


def _win(lead: Lead, customer: Customer, *, now: datetime.datetime, actor: Actor) -> None:
    stage_before = lead.stage
    won = Lead.objects.filter(pk=lead.pk, customer=None, merged_into=None).change(
        customer=customer, converted_at=now, stage=Stage.WON, lost_reason=""
    )
    if not won:
        raise LeadConverted("This lead has just been converted or merged.")
    lead.refresh()
    if stage_before != Stage.WON:
        log_stages([(lead, stage_before)], now=now, actor=actor)
    record_event("lead.converted", lead, data=LeadSerializer(lead).data, actor=actor)
