import time

from celery import shared_task

from bizsuite.api.counters import request_counter


@shared_task(ignore_result=True)
def prune_rate_windows() -> None:
    """Drop windows that have ended; addresses come and go."""
    request_counter().prune(now=int(time.time()))
