"""Canned replies: written once, and filled in for a ticket when somebody picks one."""

import re
from typing import Any

from django.db import transaction

from bizsuite.errors import Stale
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.records import lock
from support.models import CannedReply, Ticket
from support.serializers import CannedReplySerializer

_PLACEHOLDER = re.compile(r"\{(customer|ticket|subject|agent)\}")


@transaction.atomic
def create_canned_reply(*, actor: Actor, **fields: Any) -> CannedReply:
    canned = CannedReply.objects.create(**fields)
    return _recorded("canned_reply.created", canned, actor)


@transaction.atomic
def update_canned_reply(
    canned: CannedReply, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> CannedReply:
    """Change the fields given. What was picked before stays as it was."""
    lock(canned)
    if if_version not in (None, canned.version):
        raise Stale("This canned reply has been changed since you read it.")
    changes = {name: value for name, value in changes.items() if getattr(canned, name) != value}
    if not changes:
        return canned
    CannedReply.objects.filter(pk=canned.pk).change(**changes)
    canned.refresh()
    return _recorded("canned_reply.updated", canned, actor)


@transaction.atomic
def delete_canned_reply(canned: CannedReply, *, actor: Actor) -> None:
    lock(canned)
    CannedReply.objects.filter(pk=canned.pk).delete()
    canned.version += 1
    _recorded("canned_reply.deleted", canned, actor)


def filled_in(canned: CannedReply, ticket: Ticket, *, agent: str) -> str:
    """The text with what its placeholders stand for. Other braces stay as they are."""
    values = {
        "customer": ticket.customer.contact_name or ticket.customer.account,
        "ticket": ticket.number,
        "subject": ticket.subject,
        "agent": agent,
    }
    # All in one pass, so that a customer named "{agent}" stays who they are.
    return _PLACEHOLDER.sub(lambda match: values[match[1]], canned.text)


def _recorded(event: str, canned: CannedReply, actor: Actor) -> CannedReply:
    record_event(event, canned, data=CannedReplySerializer(canned).data, actor=actor)
    return canned
