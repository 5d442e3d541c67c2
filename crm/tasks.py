from celery import shared_task
from django.utils import timezone

from bizsuite.events.relay import consume
from crm.phone_keys import follow_organisation


@shared_task(ignore_result=True)
def read_events() -> None:
    """The leads' reading of the events: their telephone numbers follow the organisation."""
    consume("crm", follow_organisation, now=timezone.now())
