"""When a failed delivery is tried again."""

import datetime
import re
import secrets
from collections.abc import Callable
from email.utils import parsedate_to_datetime

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
# No two attempts at one message are further apart, give or take a busy worker's hour, unless the
# receiver asks for more.
LONGEST_GAP = max(DELAYS) * (1 + JITTER) + _HOUR


def next_attempt(
    step: int,
    *,
    failed_at: datetime.datetime,
    random: Random,
    asked_for: datetime.datetime | None = None,
) -> datetime.datetime | None:
    """When to try again after the attempt at `step` (the first is 0); None when that was the last.

    asked_for: when the receiver would like it (`Retry-After`): later than the schedule if it says
    so, up to twice the wait, and never sooner.
    """
    if step >= LAST_STEP:
        return None
    scheduled = failed_at + DELAYS[step] * (1 + JITTER * (2 * random() - 1))
    if asked_for is None:
        return scheduled
    return max(scheduled, min(asked_for, failed_at + 2 * DELAYS[step]))


def retry_after(value: str, *, now: datetime.datetime) -> datetime.datetime | None:
    """The instant that a `Retry-After` header names, in seconds or as a date (RFC 9110, 10.2.3);
    None for what is neither."""
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return now + min(int(text), _FOREVER_SECONDS) * _SECOND
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # the latter for years and hours of twenty digits
        return None
    # A date in the old forms may come without a zone; by the rule it means GMT.
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


_SECONDS = re.compile("[0-9]{1,10}", re.ASCII)
# Beyond any wait of the schedule, and within the calendar.
_FOREVER_SECONDS = 10**8
