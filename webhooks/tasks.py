import time

from celery import shared_task
from django.utils import timezone

from bizsuite.events.recording import nudge
from bizsuite.events.stopping import worker_is_stopping
from webhooks.dispatching import deliver_due
from webhooks.endpoints import DELIVER_TASK
from webhooks.figures import prune_figures
from webhooks.pruning import Retention, prune_deliveries
from webhooks.reading import fetch_events, read_events
from webhooks.retries import random
from webhooks.sending import HttpSender
from webhooks.supply import LINGER_SECONDS, Supply

PRUNE_TASK = "webhooks.tasks.prune"
# For how long one run prunes. Short, so that it keeps no process of the worker's from the events.
PRUNING_SECONDS = 2.0


@shared_task(ignore_result=True)
def fan_out() -> None:
    """Turn new events into deliveries, and wake the dispatcher if somebody wants them.

    A consumer of EVENT_CONSUMERS.
    """
    if read_events(now=timezone.now()):
        nudge(DELIVER_TASK)


@shared_task(ignore_result=True)
def deliver() -> None:
    """Send what is due, and what happens while that goes on. Woken after a fan-out, and by beat
    for the retries."""
    supply = Supply(
        lambda: fetch_events(now=timezone.now()),
        ends=worker_is_stopping,
        linger_seconds=LINGER_SECONDS,
    )
    deliver_due(sender=HttpSender(), clock=timezone.now, random=random, supply=supply)


@shared_task(ignore_result=True)
def prune() -> None:
    """Forget what is old. What this run does not get to has another one, behind whatever waits."""
    now, until = timezone.now(), time.monotonic() + PRUNING_SECONDS
    prune_figures(now=now)
    for _ in prune_deliveries(Retention.configured(), now=now):
        if time.monotonic() >= until:
            nudge(PRUNE_TASK)
            return
