"""Waking the worker for webhooks. Hints only: the sweep finds whatever a lost one was about."""

from django.db import transaction

from bizsuite.events.recording import nudge

DELIVER_TASK = "webhooks.tasks.deliver"
FAN_OUT_TASK = "webhooks.tasks.fan_out"


def wake_dispatcher_after_commit() -> None:
    transaction.on_commit(lambda: nudge(DELIVER_TASK), robust=True)


def wake_catch_up_after_commit() -> None:
    transaction.on_commit(lambda: nudge(FAN_OUT_TASK), robust=True)
