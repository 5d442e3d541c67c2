"""Bars by the hour, drawn as SVG here: no script, and a text that says the same."""

from collections.abc import Sequence

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webhooks.figures import Figures
from webhooks.statistics import Hour, added_up

# In the chart's own units; on the page it is as wide as its place.
BAR, GAP = 4, 1


def sparkline(hours: Sequence[Hour]) -> SafeString:
    """A row of small bars, for a list."""
    return _chart(hours, height=24, css_class="sparkline", labelled=False)


def week_chart(hours: Sequence[Hour]) -> SafeString:
    """The same at full width, where each bar says its hour."""
    return _chart(hours, height=120, css_class="week-chart", labelled=True)


def busiest(hours: Sequence[Hour]) -> int:
    """The most attempts in any hour."""
    return max((each.figures.attempts for each in hours), default=0)


def _chart(hours: Sequence[Hour], *, height: int, css_class: str, labelled: bool) -> SafeString:
    scale = height / max(busiest(hours), 1)
    bars = ((_bar(at, each, height, scale, labelled),) for at, each in enumerate(hours))
    return format_html(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img"'
        ' aria-label="{}">{}</svg>',
        css_class,
        len(hours) * (BAR + GAP),
        height,
        _told(hours),
        format_html_join("", "{}", bars),
    )


def _bar(at: int, hour: Hour, height: int, scale: float, labelled: bool) -> SafeString:
    """What succeeded stands on the ground, what failed on top of it; an empty hour is a dot."""
    figures, left = hour.figures, at * (BAR + GAP)
    if not figures.attempts:
        shapes = _rectangle("chart-empty", left, height - 1, 1)
    else:
        # One of many must be seen all the same.
        succeeded = max(figures.succeeded * scale, 1) if figures.succeeded else 0
        failed = max(figures.failed * scale, 1) if figures.failed else 0
        succeeded = min(succeeded, height - failed)
        shapes = _rectangle("chart-succeeded", left, height - succeeded, succeeded)
        shapes += _rectangle("chart-failed", left, height - succeeded - failed, failed)
    if not labelled:
        return shapes
    # The whole height can be pointed at, not only a bar of two pixels.
    ground = _rectangle("chart-ground", left, 0, height)
    label = f"{date_format(localtime(hour.hour), 'D j M, H:i')}: {_counted(figures)}"
    return format_html("<g><title>{}</title>{}{}</g>", label, ground, shapes)


def _rectangle(css_class: str, left: int, top: float, height: float) -> SafeString:
    if not height:
        return SafeString("")
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        css_class,
        left,
        f"{top:.1f}",
        BAR,
        f"{height:.1f}",
    )


def _told(hours: Sequence[Hour]) -> str:
    """The chart in words, for those who do not see it."""
    length = ngettext("In the last %(count)d hour", "In the last %(count)d hours", len(hours))
    return f"{length % {'count': len(hours)}}: {_counted(added_up(hours))}"


def _counted(figures: Figures) -> str:
    if not figures.attempts:
        return _("no attempts")
    attempts = ngettext("%(count)d attempt", "%(count)d attempts", figures.attempts)
    told = attempts % {"count": figures.attempts}
    if figures.failed:
        told += ", " + _("%(count)d failed") % {"count": figures.failed}
    return told
