import datetime

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from bizsuite.usage.models import HourlyUsage


@shared_task(ignore_result=True)
def prune_usage() -> None:
    """Drop the hours that are kept no longer."""
    oldest = timezone.now() - datetime.timedelta(days=settings.USAGE_KEPT_DAYS)
    HourlyUsage.objects.filter(hour__lt=oldest).delete()
