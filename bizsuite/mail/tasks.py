import datetime

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from bizsuite.mail.mails import prune_sent
from bizsuite.mail.sending import send_due


@shared_task(ignore_result=True)
def send() -> None:
    """Send what is due. Woken when a mail is queued, and by beat for the retries."""
    send_due(clock=timezone.now)


@shared_task(ignore_result=True)
def prune() -> None:
    """Forget mails sent long ago."""
    prune_sent(before=timezone.now() - datetime.timedelta(days=settings.MAIL_KEEP_DAYS))
