"""record_event(): the one way to say that something happened."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from celery import current_app
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from kombu.exceptions import KombuError
from redis.exceptions import RedisError

from bizsuite.events.models import Event
from bizsuite.events.pacing import Paced
from bizsuite.events.registry import event_type
from bizsuite.events.sealing import seal_facts
from bizsuite.exact_json import encode
from bizsuite.identity.actors import Actor

logger = logging.getLogger(__name__)

RELAY_TASK = "bizsuite.events.tasks.relay"


class Versioned(Protocol):
    pk: Any
    version: int


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to record: its type, the record, and the record as the API shows it now."""

    type: str
    record: Versioned
    data: Mapping[str, Any]


def record_event(name: str, record: Versioned, *, data: Mapping[str, Any], actor: Actor) -> Event:
    """Record one event in the transaction that makes the change. See `record_events`."""
    return record_events([NewEvent(name, record, data)], actor=actor)[0]


def record_events(new_events: Sequence[NewEvent], *, actor: Actor) -> list[Event]:
    """Record events; consumers get them after the commit, and never without it.

    Raises RuntimeError outside a transaction: the change and its event stand or fall together.
    Raises KeyError for a type that no app declares.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("record_event() must run in the transaction that makes the change.")
    now = timezone.now()
    events = Event.objects.bulk_create(
        [_row(new, actor, now) for new in new_events], batch_size=500
    )
    _nudge_relay_after_commit()
    return events


def _row(new: NewEvent, actor: Actor, now: Any) -> Event:
    payload = encode(new.data)
    event = Event(
        type=event_type(new.type).name,
        resource=new.type.split(".")[0],
        object_id=new.record.pk,
        object_version=new.record.version,
        payload=payload.decode(),
        payload_sha256=hashlib.sha256(payload).hexdigest(),
        occurred_at=now,
        actor_name=actor.name,
        actor_user_id=actor.user_id,
        actor_key_id=actor.key_id,
        source=actor.source,
        request_id=actor.request_id,
        causation_depth=actor.causation_depth,
    )
    event.seal = seal_facts(event)
    return event


def _nudge_relay_after_commit() -> None:
    """Once per transaction, however many events it records."""
    queued = {function for _, function, *_ in connection.run_on_commit}
    if _nudge_relay not in queued:
        transaction.on_commit(_nudge_relay, robust=True)


def _nudge_relay() -> None:
    """At once, or together with what else is committed in the same tenth of a second."""
    _relay_hints.ask(pause_seconds=settings.EVENT_RELAY_PAUSE_SECONDS)


def nudge(task_name: str) -> None:
    """Wake a worker. Only a hint: the sweep finds whatever a lost hint was about."""
    try:
        current_app.send_task(task_name, retry=False, ignore_result=True, expires=60)
    except (KombuError, RedisError, OSError) as error:
        logger.warning("Could not wake a worker for %s: %s", task_name, error)


_relay_hints = Paced(lambda: nudge(RELAY_TASK))
