"""How webhooks fare, on the staff's pages."""

import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from unfold.views import ChangeList

from webhooks.admin.charts import busiest, week_chart
from webhooks.admin.display import duration, in_words, success_rate
from webhooks.figures import Figures
from webhooks.models import WebhookEndpoint
from webhooks.statistics import DAY_HOURS, Queue, Statistics, statistics_of


class ChangeListWithStatistics(ChangeList):
    """Each webhook of the page with its `statistics` of the last day, asked for all at once."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        shown: list[Any] = list(self.result_list)
        found = statistics_of([each.pk for each in shown], now=timezone.now(), hours=DAY_HOURS)
        for endpoint in shown:
            endpoint.statistics = found[endpoint.pk]
        self.result_list = shown


def figures_of(
    endpoint: WebhookEndpoint, statistics: Statistics, *, now: datetime.datetime
) -> list[tuple[Any, Any]]:
    """For the top of a webhook's page."""
    day, week, queue = statistics.last_24_hours, statistics.last_7_days, statistics.queue
    figures: list[tuple[Any, Any]] = [
        (_("Succeeded, 24 hours"), _rate(day)),
        (_("Succeeded, 7 days"), _rate(week)),
        (_("Latency, 24 hours"), _latency(day)),
        (_("Pending"), _pending(endpoint, queue, now)),
        (_("Given up"), _deliveries_link(endpoint, "failed", queue.failed)),
    ]
    if queue.next_attempt_at is not None and endpoint.active and endpoint.paused_at is None:
        when = in_words(max(queue.next_attempt_at, now), now=now)
        figures.append((_("Next try"), _("now") if queue.next_attempt_at <= now else when))
    return figures


def chart_of(statistics: Statistics) -> dict[str, Any] | None:
    """The week's chart with the days under it; None when nothing was sent."""
    top = busiest(statistics.hours)
    if not top:
        return None
    times = [localtime(each.hour) for each in statistics.hours]
    midnights = [
        {"day": time, "left": round(100 * at / len(times), 2)}
        for at, time in enumerate(times)
        if time.hour == 0
    ]
    return {"drawing": week_chart(statistics.hours), "top": top, "midnights": midnights}


def _rate(figures: Figures) -> SafeString | str:
    if not figures.attempts:
        return "–"
    of = ngettext("of %(count)d attempt", "of %(count)d attempts", figures.attempts)
    return _noted(success_rate(figures), of % {"count": figures.attempts})


def _latency(figures: Figures) -> SafeString | str:
    if figures.p95_ms is None:
        return "–"
    within = _("95 %% within %(time)s") % {"time": duration(figures.p95_ms)}
    return _noted(duration(figures.p50_ms), within)


def _pending(endpoint: WebhookEndpoint, queue: Queue, now: datetime.datetime) -> SafeString | int:
    link = _deliveries_link(endpoint, "pending", queue.pending)
    if queue.oldest_pending_at is None:
        return link
    oldest = in_words(queue.oldest_pending_at, now=now)
    return _noted(link, format_html(_("the oldest {}"), oldest))


def _noted(value: SafeString | str | int, note: str) -> SafeString:
    return format_html('{} <small class="figure-note">{}</small>', value, note)


def _deliveries_link(endpoint: WebhookEndpoint, status: str, count: int) -> SafeString | int:
    if not count:
        return count
    query = urlencode({"endpoint__id__exact": endpoint.pk, "status__exact": status})
    url = f"{reverse('admin:webhooks_delivery_changelist')}?{query}"
    return format_html('<a href="{}">{}</a>', url, count)
