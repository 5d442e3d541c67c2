from celery import shared_task
from django.utils import timezone

from bizsuite.sandbox import resetting


@shared_task(ignore_result=True)
def reset_if_due() -> None:
    """At midnight, or as soon after as the machine is on."""
    resetting.reset_if_due(now=timezone.now())
