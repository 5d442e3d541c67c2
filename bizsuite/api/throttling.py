"""The rate limit: so many requests an hour per key, or per address without one."""

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpResponseBase

from bizsuite.api.clients import Client
from bizsuite.api.counters import request_counter
from bizsuite.identity.models import ApiKey

WINDOW_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class RateState:
    """limit and used: requests in the window. resets_at: epoch seconds when the window ends."""

    limit: int
    used: int
    resets_at: int

    @property
    def exceeded(self) -> bool:
        return self.used > self.limit

    def write_headers(self, response: HttpResponseBase, *, now: datetime.datetime) -> None:
        response["X-RateLimit-Limit"] = str(self.limit)
        response["X-RateLimit-Remaining"] = str(max(0, self.limit - self.used))
        response["X-RateLimit-Reset"] = str(self.resets_at)
        if self.exceeded:
            response["Retry-After"] = str(max(1, self.resets_at - int(now.timestamp())))


def count_request(key: ApiKey | None, client: Client, *, now: datetime.datetime) -> RateState:
    """Count one request of `key`, or of the client's address when it has none."""
    if key is not None:
        subject, limit = f"key:{key.pk}", key.rate_limit or settings.RATE_LIMIT_PER_HOUR
    else:
        subject, limit = f"address:{client.subject}", settings.RATE_LIMIT_PER_HOUR
    used, resets_at = request_counter().add(
        subject, now=int(now.timestamp()), window_seconds=WINDOW_SECONDS
    )
    return RateState(limit=limit, used=used, resets_at=resets_at)
