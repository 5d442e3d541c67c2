"""What became of the attempts, hour by hour."""

from django.db import models
from django.db.models import Q

from webhooks.models.endpoints import WebhookEndpoint


class HourlyFigures(models.Model):
    """What became of one endpoint's attempts in one hour, tests left out.

    Added up as they are settled, so that a week of a busy endpoint is 168 rows to read and not a
    million attempts; and kept when those are pruned.
    """

    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="figures", db_index=False
    )
    # Its beginning. An attempt counts in the hour in which it was over.
    hour = models.DateTimeField(db_index=True)
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # {bucket: attempts}, of those that got an answer; see latencies.py.
    latencies = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="webhooks_figures_once_an_hour", fields=["endpoint", "hour"]
            ),
            models.CheckConstraint(
                name="webhooks_figures_of_attempts",
                condition=Q(succeeded__gt=0) | Q(failed__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint_id} {self.hour:%Y-%m-%d %H:%M}"
