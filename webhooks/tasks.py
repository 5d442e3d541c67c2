import time

from celery import shared_task
from django.utils import timezone

from bizsuite.events.recording import nudge
from bizsuite.events.stopping import worker_is_stopping
from webhooks.catching_up import catch_up
from webhooks.dispatching import deliver_due
from webhooks.figures import prune_figures
from webhooks.hints import DELIVER_TASK, FAN_OUT_TASK
from webhooks.pruning import Retention, prune_deliveries
from webhooks.reading import fetch_events, read_events
from webhooks.retries import random
from webhooks.sending import HttpSender
from webhooks.supply import LINGER_SECONDS, Supply

PRUNE_TASK = "webhooks.tasks.prune"
# For how long one run prunes. Short, so that it keeps no process of the worker's from the events.
PRUNING_SECONDS = 2.0
# And one of the catch-up.
CATCHING_UP_SECONDS = 2.0


@shared_task(ignore_result=True)
def fan_out() -> None:
    """Turn new events into deliveries, go on with what is behind, and wake the dispatcher if
    there is something to send.

    A consumer of EVENT_CONSUMERS.
    """
    now, until = timezone.now(), time.monotonic() + CATCHING_UP_SECONDS
    made = read_events(now=now)
    for due in catch_up(now=now):
        made += due
        if time.monotonic() >= until:
            nudge(FAN_OUT_TASK)
            break
    if made:
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
