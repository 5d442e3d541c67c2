"""When a failed delivery is tried again."""

import datetime
import secrets
from collections.abc import Callable

# A number from 0 (inclusive) to 1.
Random = Callable[[], float]

random: Random = secrets.SystemRandom().random

_SECOND = datetime.timedelta(seconds=1)
_MINUTE = datetime.timedelta(minutes=1)
_HOUR = datetime.timedelta(hours=1)
# Ten attempts in three days: soon enough for a hiccup, long enough for a weekend.
DELAYS = (
    5 * _SECOND,
    5 * _MINUTE,
    30 * _MINUTE,
    2 * _HOUR,
    5 * _HOUR,
    10 * _HOUR,
    14 * _HOUR,
    20 * _HOUR,
    24 * _HOUR,
)
LAST_STEP = len(DELAYS)
# Either way, so that a receiver that comes back is not hit by everything at the same moment.
JITTER = 0.2
# No two attempts at one message are further apart, give or take a busy worker's hour.
LONGEST_GAP = max(DELAYS) * (1 + JITTER) + _HOUR


def next_attempt(
    step: int, *, failed_at: datetime.datetime, random: Random
) -> datetime.datetime | None:
    """When to try again after the attempt at `step` (the first is 0); None when that was the last."""
    if step >= LAST_STEP:
        return None
    return failed_at + DELAYS[step] * (1 + JITTER * (2 * random() - 1))
