import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from bizsuite.events.relay import relay_events

logger = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def relay() -> None:
    """Number what was committed and let everybody read it, in this very job: a job for each
    reader would make every event wait in the queue again.

    Woken after each commit, and by beat every few seconds for what lost hints were about.
    """
    relay_events(now=timezone.now())
    for path in settings.EVENT_CONSUMERS.values():
        try:
            import_string(path)()
        except Exception:  # one reader's fault must not keep the events from the others
            logger.exception("%s failed; it goes on there the next time", path)
