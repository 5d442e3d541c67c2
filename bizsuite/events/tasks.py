from celery import shared_task
from django.conf import settings
from django.utils import timezone

from bizsuite.events.recording import nudge
from bizsuite.events.relay import relay_events


@shared_task(ignore_result=True)
def relay() -> None:
    """Number what was committed and wake whoever reads it."""
    if relay_events(now=timezone.now()):
        for task_name in settings.EVENT_CONSUMERS.values():
            nudge(task_name)


@shared_task(ignore_result=True)
def sweep() -> None:
    """Find what lost hints were about: run by beat every few seconds."""
    relay_events(now=timezone.now())
    for task_name in settings.EVENT_CONSUMERS.values():
        nudge(task_name)
