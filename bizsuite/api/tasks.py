import time

from celery import shared_task
from django.utils import timezone

from bizsuite.api import idempotency
from bizsuite.api.counters import request_counter


@shared_task(ignore_result=True)
def prune_rate_windows() -> None:
    """Drop windows that have ended; addresses come and go."""
    request_counter().prune(now=int(time.time()))


@shared_task(ignore_result=True)
def prune_idempotent_answers() -> None:
    """Drop the answers that nobody may ask for again."""
    idempotency.prune(now=timezone.now())
