"""How webhooks and their deliveries look on the staff's pages."""

import datetime
from decimal import Decimal
from urllib.parse import urlsplit

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from bizsuite.backoffice.display import badge, moment
from bizsuite.money import format_decimal
from webhooks.figures import Figures
from webhooks.models import Delivery, DeliveryStatus, WebhookEndpoint

DELIVERY_TONES = {
    DeliveryStatus.PENDING: "info",
    DeliveryStatus.SUCCEEDED: "success",
    DeliveryStatus.FAILED: "danger",
}
# Below these a success rate is shown in red, or in orange.
ALARMING_RATE, WORRYING_RATE = Decimal(90), Decimal(99)
_MINUTE = datetime.timedelta(minutes=1)


def endpoint_badge(endpoint: WebhookEndpoint) -> SafeString:
    if not endpoint.active:
        return badge(_("Switched off"), "quiet")
    if endpoint.paused_at is not None:
        return badge(_("Paused"), "warning")
    if endpoint.failing_since is not None:
        return badge(_("Failing"), "danger")
    return badge(_("Active"), "success")


def delivery_badge(delivery: Delivery) -> SafeString:
    return badge(delivery.get_status_display(), DELIVERY_TONES[DeliveryStatus(delivery.status)])


def address(url: str) -> SafeString:
    """A URL's host, and its path in small below; the query, which may hold a password, is left
    to the page of the webhook."""
    parts = urlsplit(url)
    return two_lines(parts.netloc, parts.path.rstrip("/"))


def two_lines(first: str, second: str) -> SafeString:
    """The second, in small, says more about the first."""
    return format_html(
        '<span class="two-lines" title="{0} {1}"><strong>{0}</strong><small>{1}</small></span>',
        first,
        second,
    )


def success_rate(figures: Figures) -> SafeString | str:
    rate = figures.success_rate
    if rate is None:
        return "–"
    tone = "alarming" if rate < ALARMING_RATE else "worrying" if rate < WORRYING_RATE else "fine"
    return format_html('<span class="rate rate-{}">{} %</span>', tone, format_decimal(rate))


def duration(milliseconds: int | None) -> str:
    """`84 ms`, `1.3 s`."""
    if milliseconds is None:
        return "–"
    if milliseconds < 1000:
        return _("%(number)d ms") % {"number": milliseconds}
    return _("%(number)s s") % {"number": format_decimal(Decimal(milliseconds // 100) / 10)}


def in_words(instant: datetime.datetime | None, *, now: datetime.datetime) -> SafeString | str:
    """`in 12 minutes`, `3 hours ago`, with the exact time to point at."""
    if instant is None:
        return "–"
    return format_html('<span title="{}">{}</span>', moment(instant), _distance(instant, now))


def _distance(instant: datetime.datetime, now: datetime.datetime) -> str:
    if instant >= now + _MINUTE:
        return _("in %(time)s") % {"time": timesince(now, instant, depth=1)}
    if instant > now:
        return _("in a moment")
    if instant > now - _MINUTE:
        return _("just now")
    return _("%(time)s ago") % {"time": timesince(instant, now, depth=1)}


def next_try(delivery: Delivery, *, now: datetime.datetime) -> SafeString | str:
    """When a delivery is tried next, and why it may not be."""
    if delivery.next_attempt_at is None:
        return "–"
    if not delivery.endpoint.active:
        return _("once switched on")
    if delivery.endpoint.paused_at is not None:
        return _("once resumed")
    if delivery.leased_until is not None and delivery.leased_until > now:
        return _("being sent")
    if delivery.next_attempt_at <= now:
        return _("now")
    return in_words(delivery.next_attempt_at, now=now)
