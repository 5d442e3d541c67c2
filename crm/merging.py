"""Several leads turn out to be one."""

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction

from bizsuite.errors import Invalid
from bizsuite.events.recording import NewEvent, record_events
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from crm.leads import LeadConverted, log_stages, require_current, save_changes
from crm.models import Lead, LeadNote, Stage
from crm.rules import applied
from crm.serializers import LeadSerializer

# What a lead takes from the others where it has nothing itself. The names belong together.
FILLED = (
    "email",
    "phone",
    "company",
    "source",
    "description",
    "owner",
    "expected_value",
    "expected_close_date",
)
FILLED_TOGETHER = (("first_name", "last_name"), ("next_action", "next_action_date"))

MAX_METADATA = 50


@transaction.atomic
def merge_leads(
    lead: Lead, others: Sequence[Lead], *, now: datetime.datetime, actor: Actor
) -> Lead:
    """Make `others` a part of `lead`.

    What the lead does not have is filled in from them, the oldest first; their notes become its
    own. They keep their fields and stage history, are out of the lists and can no longer be
    changed. If one of them is a customer, the lead is that customer.
    Raises LeadMerged, LeadConverted (for two customers) and Invalid (nothing to merge).
    """
    distinct = {other.pk: other for other in others}
    if not distinct or lead.pk in distinct:
        raise Invalid({"lead_ids": "Name one or more other leads"})
    # In one order, so that two merges at the same moment wait for each other and not in a ring.
    for each in sorted([lead, *distinct.values()], key=lambda each: each.pk):
        lock(each)
        require_current(each)
    absorbed = [distinct[pk] for pk in sorted(distinct)]
    _take_over(lead, absorbed, now=now, actor=actor)
    LeadNote.objects.filter(lead__in=absorbed).change(lead=lead)
    ids = [each.pk for each in absorbed]
    Lead.objects.filter(merged_into__in=ids).change(merged_into=lead)
    Lead.objects.filter(pk__in=ids).change(merged_into=lead)
    lead.refresh()
    _record(lead, list(Lead.objects.filter(pk__in=ids).order_by("pk")), actor)
    return lead


def _take_over(
    lead: Lead, absorbed: Sequence[Lead], *, now: datetime.datetime, actor: Actor
) -> None:
    stage_before = lead.stage
    changes = applied(lead, {**_filled(lead, absorbed), **_customer_of(lead, absorbed)})
    # Even where nothing is filled in: its notes and possible duplicates are others now.
    save_changes(lead, changes)
    if lead.stage != stage_before:
        log_stages([(lead, stage_before)], now=now, actor=actor)


def _filled(lead: Lead, absorbed: Sequence[Lead]) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for names in (*((name,) for name in FILLED), *FILLED_TOGETHER):
        if any(getattr(lead, name) not in (None, "") for name in names):
            continue
        for other in absorbed:
            if any(_can_be_taken(getattr(other, name)) for name in names):
                filled |= {name: getattr(other, name) for name in names}
                break
    return filled | {"metadata": _metadata(lead, absorbed)}


def _can_be_taken(value: Any) -> bool:
    """Whether there is anything; of an owner, whether they still work here."""
    return value not in (None, "") and getattr(value, "is_active", True)


def _metadata(lead: Lead, absorbed: Sequence[Lead]) -> dict[str, str]:
    """Of all of them, the lead's own first; no more than the API takes."""
    metadata = dict(lead.metadata)
    for other in absorbed:
        for name, value in other.metadata.items():
            metadata.setdefault(name, value)
    return dict(list(metadata.items())[:MAX_METADATA])


def _customer_of(lead: Lead, absorbed: Sequence[Lead]) -> dict[str, Any]:
    """The customer that one of them became, for all of them."""
    converted = [each for each in (lead, *absorbed) if each.customer_id is not None]
    if len({each.customer_id for each in converted}) > 1:
        raise LeadConverted("These leads were converted to different customers.")
    if not converted or lead.customer_id is not None:
        return {}
    return {
        "customer": converted[0].customer,
        "converted_at": converted[0].converted_at,
        "stage": Stage.WON,
    }


def _record(lead: Lead, absorbed: Sequence[Lead], actor: Actor) -> None:
    leads = [*absorbed, lead]
    names = ["lead.merged"] * len(absorbed) + ["lead.updated"]
    shown = LeadSerializer(leads, many=True).data
    record_events(
        [NewEvent(name, each, data) for name, each, data in zip(names, leads, shown, strict=True)],
        actor=actor,
    )
