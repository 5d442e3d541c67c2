"""What is written down about a lead."""

import datetime
from collections.abc import Mapping

from django.db import transaction

from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from crm.leads import require_current
from crm.models import Lead, LeadNote
from crm.serializers import LeadNoteSerializer


@transaction.atomic
def add_note(
    lead: Lead,
    *,
    text: str,
    now: datetime.datetime,
    noted_at: datetime.datetime | None = None,
    external_id: str | None = None,
    metadata: Mapping[str, str] | None = None,
    actor: Actor,
) -> LeadNote:
    """Add a note. noted_at: when it was so, if that was not now.

    Notes are not changed afterwards: they are what somebody knew then.
    """
    # A merge at the same moment would leave the note behind.
    lock(lead)
    require_current(lead)
    note = LeadNote.objects.create(
        lead=lead,
        text=text,
        noted_at=noted_at or now,
        author=actor.name,
        user_id=actor.user_id,
        external_id=external_id,
        metadata=dict(metadata or {}),
    )
    record_event("lead_note.created", note, data=LeadNoteSerializer(note).data, actor=actor)
    return note
