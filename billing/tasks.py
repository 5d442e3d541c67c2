from celery import shared_task
from django.utils import timezone

from billing.currency import follow_organisation
from billing.invoices import announce_overdue
from billing.mailing.reminders import is_time_to_remind, send_reminders
from billing.quotes import expire_quotes
from billing.recurring_runs import generate_due
from bizsuite.events.relay import consume
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation

# A run ends after so many, so that other jobs have their turn; the next one goes on.
REMINDERS_AT_ONCE = 100


@shared_task(ignore_result=True)
def announce_overdue_invoices() -> None:
    """Say invoice.overdue of what has become overdue; run by beat every hour."""
    announce_overdue(today=organisation().today(), actor=Actor.system("worker"))


@shared_task(ignore_result=True)
def expire_past_quotes() -> None:
    """Store which quotes have expired and say so; run by beat every ten minutes."""
    expire_quotes(today=organisation().today(), actor=Actor.system("worker"))


@shared_task(ignore_result=True)
def generate_recurring_invoices() -> None:
    """Make the invoices that are due; run by beat every ten minutes. What is left the next does."""
    generate_due(now=timezone.now(), actor=Actor.system("worker"))


@shared_task(ignore_result=True)
def read_events() -> None:
    """Billing's reading of the events: the accounts follow the organisation's currency."""
    consume("billing", follow_organisation, now=timezone.now())


@shared_task(ignore_result=True)
def remind_customers() -> None:
    """Send the reminders that are due; run by beat every ten minutes, by day."""
    now = timezone.now()
    if is_time_to_remind(organisation(), now=now):
        send_reminders(now=now, actor=Actor.system("worker"), limit=REMINDERS_AT_ONCE)
