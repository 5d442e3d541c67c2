"""What can be done with a lead. See `conversion` and `merging` for how its life ends."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from bizsuite.errors import Conflict, Invalid, Stale
from bizsuite.events.recording import NewEvent, record_event, record_events
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import Organisation, organisation
from bizsuite.records import lock
from crm.duplicates import possible_duplicates
from crm.match_keys import region_of
from crm.models import Lead, StageMove
from crm.rules import applied, errors_of
from crm.serializers import REJECT, LeadSerializer


class DuplicateLead(Conflict):
    code = "duplicate_lead"


class LeadMerged(Conflict):
    code = "lead_merged"


class LeadConverted(Conflict):
    code = "lead_converted"


@transaction.atomic
def create_leads(new_leads: Sequence[Mapping[str, Any]], *, actor: Actor) -> list[Lead]:
    """Add leads, each from its fields; all of them or, on an error, none.

    A likely duplicate is added like any other, unless its `reject_duplicates` is true: then
    DuplicateLead is raised.
    """
    rejecting = [bool(fields.get(REJECT)) for fields in new_leads]
    if any(rejecting):
        _one_at_a_time()
    profile = organisation()
    leads = [_new_lead(fields, profile) for fields in new_leads]
    Lead.objects.bulk_create(leads)
    choosy = [lead for lead, reject in zip(leads, rejecting, strict=True) if reject]
    _refuse_duplicates(choosy, written=leads)
    log_stages([(lead, "") for lead in leads], now=timezone.now(), actor=actor)
    shown = LeadSerializer(leads, many=True).data
    record_events(
        [NewEvent("lead.created", lead, data) for lead, data in zip(leads, shown, strict=True)],
        actor=actor,
    )
    return leads


def create_lead(*, actor: Actor, **fields: Any) -> Lead:
    return create_leads([fields], actor=actor)[0]


@transaction.atomic
def update_lead(
    lead: Lead,
    *,
    actor: Actor,
    if_version: int | None = None,
    reject_duplicates: bool = False,
    **changes: Any,
) -> Lead:
    """Change the fields given. What is sent as it is already changes nothing.

    Every change of the stage is logged; a lead that leaves Lost loses its reason. A converted
    lead stays Won. Raises Stale if `if_version` is no longer the current one.
    """
    lock(lead)
    if reject_duplicates:
        _one_at_a_time()  # after the lead, as where an If-Match or a batch has locked it already
    if if_version not in (None, lead.version):
        raise Stale("This lead has been changed since you read it.")
    stage_before = lead.stage
    changes = applied(lead, changes)
    if not changes:
        return lead  # a merged one too: an import that is run again says what it said before
    require_current(lead)
    if lead.customer_id is not None and "stage" in changes:
        raise LeadConverted(f"This lead is customer {lead.customer_id} and stays Won.")
    save_changes(lead, changes)
    if reject_duplicates:
        _refuse_duplicates([lead], written=[lead])
    if "stage" in changes:
        log_stages([(lead, stage_before)], now=timezone.now(), actor=actor)
    record_event("lead.updated", lead, data=LeadSerializer(lead).data, actor=actor)
    return lead


@transaction.atomic
def delete_lead(lead: Lead, *, actor: Actor) -> None:
    """Remove a lead with its notes and history, and what was merged into it.

    A customer that it became stays.
    """
    lock(lead)
    removed = [*Lead.objects.filter(merged_into=lead).order_by("pk"), lead]
    shown = LeadSerializer(removed, many=True).data
    Lead.objects.filter(pk=lead.pk).delete()
    for each in removed:
        each.version += 1
    record_events(
        [NewEvent("lead.deleted", each, data) for each, data in zip(removed, shown, strict=True)],
        actor=actor,
    )


def require_current(lead: Lead) -> None:
    """Raises LeadMerged: what happens to a merged lead happens to the one it is a part of."""
    if lead.merged_into_id is not None:
        raise LeadMerged(f"This lead was merged into lead {lead.merged_into_id}.")


def save_changes(lead: Lead, changes: Mapping[str, Any]) -> None:
    """Write what `applied()` set on a locked lead. Raises Invalid if it may not be like that."""
    profile = organisation()
    if errors := errors_of(lead, changes, currency=profile.currency):
        raise Invalid(errors)
    Lead.objects.filter(pk=lead.pk).change(**changes, **lead.derived(region_of(profile.timezone)))
    lead.refresh()


def log_stages(moved: Sequence[tuple[Lead, str]], *, now: datetime.datetime, actor: Actor) -> None:
    """Write down that leads came to their present stage. moved: each with the stage it left."""
    StageMove.objects.bulk_create(
        StageMove(
            lead=lead,
            from_stage=before,
            to_stage=lead.stage,
            reason=lead.lost_reason,
            moved_at=now,
            moved_by=actor.name,
            user_id=actor.user_id,
        )
        for lead, before in moved
    )


def _new_lead(fields: Mapping[str, Any], profile: Organisation) -> Lead:
    given = {name: value for name, value in fields.items() if name != REJECT}
    lead = Lead(**given)
    if errors := errors_of(lead, given, currency=profile.currency):
        raise Invalid(errors)
    for name, value in lead.derived(region_of(profile.timezone)).items():
        setattr(lead, name, value)
    return lead


def _one_at_a_time() -> None:
    """Make those who refuse duplicates wait for each other: each must see what the other wrote."""
    list(Organisation.objects.select_for_update().filter(pk=organisation().pk))


def _refuse_duplicates(leads: Sequence[Lead], *, written: Sequence[Lead]) -> None:
    """Raises DuplicateLead if one of `leads` is likely the same as another.

    Called after the write and before the commit, when the others `written` with it count too.
    """
    same_as = possible_duplicates(leads)
    new = {lead.pk for lead in written}
    for lead in leads:
        if same := same_as[lead.pk]:
            known = [str(pk) for pk in same if pk not in new]
            others = f"lead {', '.join(known)}" if known else "another lead of this batch"
            raise DuplicateLead(f"{lead} is likely a duplicate of {others}.")
