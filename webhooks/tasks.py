import time

from celery import shared_task
from django.utils import timezone

from bizsuite.events.models import Event
from bizsuite.events.recording import nudge
from bizsuite.events.relay import consume
from webhooks.dispatching import deliver_due
from webhooks.endpoints import DELIVER_TASK
from webhooks.erasing import give_up_erased
from webhooks.fan_out import fan_out_events
from webhooks.figures import prune_figures
from webhooks.pruning import Retention, prune_deliveries
from webhooks.retries import random
from webhooks.sending import HttpSender

CONSUMER = "webhooks"
PRUNE_TASK = "webhooks.tasks.prune"
# For how long one run prunes. Short, so that it keeps no process of the worker's from the events.
PRUNING_SECONDS = 2.0


@shared_task(ignore_result=True)
def fan_out() -> None:
    """Turn new events into deliveries, and wake the dispatcher if somebody wants them.

    A consumer of EVENT_CONSUMERS.
    """
    now = timezone.now()
    made = 0

    def handle(events: list[Event]) -> None:
        nonlocal made
        made += fan_out_events(events, now=now)
        give_up_erased(events, now=now)

    consume(CONSUMER, handle, now=now)
    if made:
        nudge(DELIVER_TASK)


@shared_task(ignore_result=True)
def deliver() -> None:
    """Send what is due. Woken after each fan-out, and by beat for the retries."""
    deliver_due(sender=HttpSender(), clock=timezone.now, random=random)


@shared_task(ignore_result=True)
def prune() -> None:
    """Forget what is old. What this run does not get to has another one, behind whatever waits."""
    now, until = timezone.now(), time.monotonic() + PRUNING_SECONDS
    prune_figures(now=now)
    for _ in prune_deliveries(Retention.configured(), now=now):
        if time.monotonic() >= until:
            nudge(PRUNE_TASK)
            return
