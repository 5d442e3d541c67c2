"""How tickets look on the staff's pages."""

import datetime

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from bizsuite.backoffice.display import badge, moment
from support.models import Priority, Status, Ticket

STATUS_TONES = {Status.OPEN: "warning", Status.PENDING: "info", Status.CLOSED: "quiet"}
PRIORITY_TONES = {
    Priority.LOW: "quiet",
    Priority.MEDIUM: "info",
    Priority.HIGH: "warning",
    Priority.URGENT: "danger",
}
# From then on a waiting customer is shown in red.
LONG_WAIT = datetime.timedelta(hours=24)


def status_badge(ticket: Ticket) -> SafeString:
    return badge(ticket.get_status_display(), STATUS_TONES[Status(ticket.status)])


def priority_badge(ticket: Ticket) -> SafeString:
    return badge(ticket.get_priority_display(), PRIORITY_TONES[Priority(ticket.priority)])


def waiting(ticket: Ticket, *, now: datetime.datetime) -> SafeString | str:
    """How long it has been our turn, `3 hours`; red when that is long."""
    if ticket.waiting_since is None:
        return "–"
    since = ticket.waiting_since
    length = timesince(since, now, depth=1) if now - since >= datetime.timedelta(minutes=1) else ""
    return format_html(
        '<span class="{}" title="{}">{}</span>',
        "waiting waiting-long" if now - since >= LONG_WAIT else "waiting",
        moment(since),
        length or _("just now"),
    )


def initials(name: str) -> str:
    """Two letters at most, for the round sign beside a message."""
    words = [word for word in name.split() if word[0].isalnum()]
    letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
    return "".join(letters).upper() or "?"
