"""What operators type: days and instants. Raises what argparse shows as a usage error."""

import argparse
import datetime

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime


def moment(text: str) -> datetime.datetime:
    """A day, meaning its beginning, or an instant; in UTC where no zone is given."""
    try:
        instant = parse_datetime(text)
        day = None if instant else parse_date(text)
    except ValueError:  # well-formed, but no such day
        instant = day = None
    if day:
        instant = datetime.datetime.combine(day, datetime.time())
    if instant is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no date like 2030-12-31")
    return instant if timezone.is_aware(instant) else instant.replace(tzinfo=datetime.UTC)


def day_count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 3660:
        raise argparse.ArgumentTypeError("must be a number of days from 1 to 3660")
    return int(text)
