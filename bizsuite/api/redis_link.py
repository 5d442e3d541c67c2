"""Asking Redis without being held up by it."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import redis

logger = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class RedisLink:
    """Base of what is kept in Redis and has a stand-in for the time it is away."""

    PAUSE_SECONDS = 1.0

    def __init__(self, url: str, *, prefix: str) -> None:
        self._prefix = prefix
        self._client = redis.Redis.from_url(
            url, socket_connect_timeout=0.2, socket_timeout=0.5, retry=None
        )
        self._away_until = 0.0

    def ask(self, question: Callable[[], Answer], *, otherwise: Callable[[], Answer]) -> Answer:
        """What Redis answers; while it is away, what `otherwise` does."""
        if time.monotonic() >= self._away_until:
            try:
                return question()
            except redis.RedisError as error:
                # Not asked again for a moment, so that not every request waits for the timeout.
                self._away_until = time.monotonic() + self.PAUSE_SECONDS
                logger.warning("Redis does not answer; the database stands in: %s", error)
        return otherwise()
