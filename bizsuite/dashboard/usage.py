"""What the API's keys are used for, as a page."""

import datetime
import zoneinfo
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import F, QuerySet
from django.db.models.functions import TruncDay
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from bizsuite.backoffice.display import moment
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.identity.models import ApiKey
from bizsuite.usage.models import HourlyUsage

BUSIEST = 25
DAY = 1
PERIODS = [
    (DAY, gettext_lazy("Last 24 hours")),
    (7, gettext_lazy("Last 7 days")),
    (30, gettext_lazy("Last 30 days")),
    (90, gettext_lazy("Last 90 days")),
]


class UsageForm(forms.Form):
    days = forms.TypedChoiceField(
        label=gettext_lazy("Period"), coerce=int, choices=PERIODS, widget=UnfoldAdminSelectWidget
    )
    key = forms.ModelChoiceField(
        label=gettext_lazy("API key"),
        queryset=ApiKey.objects.order_by("name", "id"),
        required=False,
        empty_label=gettext_lazy("All keys"),
        widget=UnfoldAdminSelectWidget,
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour or day. The heights are percent of the highest bar."""

    label: str
    answered: int
    refused: int
    answered_height: int
    refused_height: int


def usage_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """`context`: what every page of the site has."""
    if not may(request, "read", "keys"):
        raise PermissionDenied
    form = UsageForm({"days": 7, **request.GET.dict()})
    context |= {"title": _("API usage"), "form": form}
    if form.is_valid():
        days, key = form.cleaned_data["days"], form.cleaned_data["key"]
        zone = zoneinfo.ZoneInfo(organisation_of(request).timezone)
        steps = _steps(timezone.now().astimezone(zone), days)
        usage = HourlyUsage.objects.between(steps[0])
        if key is not None:
            usage = usage.filter(api_key=key)
        context |= {
            "figures": _figures(usage),
            "bars": _bars(usage, steps, by_hour=days == DAY),
            "keys": _keys(usage),
            "endpoints": _endpoints(usage),
        }
    return TemplateResponse(request, "dashboard/usage.html", context)


def _figures(usage: QuerySet) -> list[tuple[str, Any, str]]:
    totals = usage.totals()
    share = 100 * totals["refused"] / totals["total"] if totals["total"] else 0
    return [
        (_("Requests"), f"{totals['total']:,}", _("with a valid key")),
        (
            _("Refused"),
            f"{totals['refused']:,}",
            _("%(share).1f %% had a status of 400 or above") % {"share": share},
        ),
        (_("Keys in use"), f"{totals['keys']:,}", _("asked at least once")),
    ]


def _steps(now: datetime.datetime, days: int) -> list[datetime.datetime]:
    """When the hours of the last day begin, or the last days; the present one is the last."""
    if days == DAY:
        this_hour = now.astimezone(datetime.UTC).replace(minute=0, second=0, microsecond=0)
        hours = [this_hour - datetime.timedelta(hours=back) for back in reversed(range(24))]
        return [hour.astimezone(now.tzinfo) for hour in hours]
    today = now.date()
    dates = [today - datetime.timedelta(days=back) for back in reversed(range(days))]
    return [datetime.datetime.combine(date, datetime.time(), now.tzinfo) for date in dates]


def _bars(
    usage: QuerySet, steps: list[datetime.datetime], *, by_hour: bool
) -> dict[str, Any] | None:
    """None while there is nothing."""
    step = F("hour") if by_hour else TruncDay("hour", tzinfo=steps[0].tzinfo)
    sums = {row["step"]: row for row in usage.grouped(step=step).order_by()}
    found = [sums.get(step, {"total": 0, "refused": 0}) for step in steps]
    highest = max(max(row["total"] - row["refused"], row["refused"]) for row in found)
    if not highest:
        return None
    pattern = "H:i" if by_hour else "j M"
    return {
        "highest": f"{highest:,}",
        "bars": [
            Bar(
                label=date_format(step, pattern),
                answered=row["total"] - row["refused"],
                refused=row["refused"],
                answered_height=_height(row["total"] - row["refused"], highest),
                refused_height=_height(row["refused"], highest),
            )
            for step, row in zip(steps, found, strict=True)
        ],
    }


def _height(value: int, highest: int) -> int:
    return max(1, round(100 * value / highest)) if value else 0


def _keys(usage: QuerySet) -> dict[str, Any]:
    rows = list(usage.grouped("api_key").order_by("-total", "api_key"))
    keys = ApiKey.objects.select_related("user").in_bulk([row["api_key"] for row in rows])
    return {
        "headers": [_("Key"), _("User"), _("Requests"), _("Refused"), _("Last used")],
        "rows": [
            [
                _link(keys[row["api_key"]]),
                str(keys[row["api_key"]].user),
                _count(row["total"]),
                _count(row["refused"]),
                moment(row["last"]),
            ]
            for row in rows
        ],
    }


def _endpoints(usage: QuerySet) -> dict[str, Any]:
    rows = usage.grouped("endpoint").order_by("-total", "endpoint")[:BUSIEST]
    return {
        "headers": [_("Endpoint"), _("Requests"), _("Refused"), _("Last used")],
        "rows": [
            [
                format_html("<code>{}</code>", row["endpoint"]),
                _count(row["total"]),
                _count(row["refused"]),
                moment(row["last"]),
            ]
            for row in rows
        ],
    }


def _count(value: int) -> SafeString:
    return format_html('<span class="money">{}</span>', f"{value:,}")


def _link(key: ApiKey) -> SafeString:
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:identity_apikey_change", args=[key.pk]), key.name
    )
