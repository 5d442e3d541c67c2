from celery import shared_task
from django.utils import timezone

from billing.currency import follow_organisation
from billing.invoices import announce_overdue
from billing.quotes import expire_quotes
from bizsuite.events.relay import consume
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation


@shared_task(ignore_result=True)
def announce_overdue_invoices() -> None:
    """Say invoice.overdue of what has become overdue; run by beat every hour."""
    announce_overdue(today=organisation().today(), actor=Actor.system("worker"))


@shared_task(ignore_result=True)
def expire_past_quotes() -> None:
    """Store which quotes have expired and say so; run by beat every ten minutes."""
    expire_quotes(today=organisation().today(), actor=Actor.system("worker"))


@shared_task(ignore_result=True)
def read_events() -> None:
    """Billing's reading of the events: the accounts follow the organisation's currency."""
    consume("billing", follow_organisation, now=timezone.now())
