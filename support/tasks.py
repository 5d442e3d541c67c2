from celery import shared_task
from django.utils import timezone

from support.unused_files import sweep_files


@shared_task(ignore_result=True)
def sweep_unused_files() -> None:
    """Remove files that nothing refers to any more."""
    sweep_files(now=timezone.now())
