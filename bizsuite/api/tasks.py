import time

from celery import shared_task
from django.utils import timezone

from bizsuite.api import idempotency
from bizsuite.api.counters import request_counter
from bizsuite.api.nonces import used_nonces


@shared_task(ignore_result=True)
def prune_rate_windows() -> None:
    """Drop windows that have ended; addresses come and go."""
    request_counter().prune(now=int(time.time()))


@shared_task(ignore_result=True)
def prune_nonces() -> None:
    """Drop nonces whose timestamp would be refused by now."""
    used_nonces().prune(now=int(time.time()))


@shared_task(ignore_result=True)
def prune_idempotent_answers() -> None:
    """Drop the answers that nobody may ask for again."""
    idempotency.prune(now=timezone.now())
