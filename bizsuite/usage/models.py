"""What keys are used for, added up by the hour."""

import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Count, Max, Q, Sum

from bizsuite.identity.models import ApiKey

ENDPOINT_LENGTH = 160
REFUSED_FROM = 400


class UsageQuerySet(models.QuerySet["HourlyUsage"]):
    def between(
        self, begins: datetime.datetime | None, ends: datetime.datetime | None = None
    ) -> Self:
        """The hours that begin at or after `begins` and before `ends`."""
        hours = self if begins is None else self.filter(hour__gte=begins)
        return hours if ends is None else hours.filter(hour__lt=ends)

    def totals(self) -> dict[str, int]:
        """total, refused (a status of 400 or above) and keys, in one query."""
        return self.aggregate(
            total=Sum("requests", default=0),
            refused=Sum("requests", filter=Q(status__gte=REFUSED_FROM), default=0),
            keys=Count("api_key", distinct=True),
        )

    def grouped(self, *columns: str, **expressions: Any) -> Any:
        """One row per group: total, refused and last, when it was last asked for."""
        return self.values(*columns, **expressions).annotate(
            total=Sum("requests"),
            refused=Sum("requests", filter=Q(status__gte=REFUSED_FROM), default=0),
            last=Max("last_at"),
        )


class HourlyUsage(models.Model):
    """How often a key's requests to an endpoint were answered with a status, in one hour.

    endpoint: method and route, such as `GET /api/v2/customers/{id}`; never an id or a query.
    """

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="usage")
    hour = models.DateTimeField(db_index=True)
    endpoint = models.CharField(max_length=ENDPOINT_LENGTH)
    status = models.PositiveSmallIntegerField()
    requests = models.PositiveBigIntegerField()
    last_at = models.DateTimeField()

    objects = UsageQuerySet.as_manager()

    class Meta:
        verbose_name = "usage"
        verbose_name_plural = "usage"
        constraints = [
            models.UniqueConstraint(
                fields=["api_key", "hour", "endpoint", "status"],
                name="usage_hourlyusage_counted_in_one_row",
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.status}: {self.requests}"
