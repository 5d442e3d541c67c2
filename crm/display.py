"""How leads look on the staff's pages."""

import datetime

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from bizsuite.backoffice.display import badge, day
from crm.models import Lead, Stage

TONES = {
    Stage.NEW: "quiet",
    Stage.CONTACTED: "info",
    Stage.QUALIFIED: "warning",
    Stage.WON: "success",
    Stage.LOST: "danger",
}


def stage_badge(lead: Lead) -> SafeString:
    if lead.merged_into_id is not None:
        return badge(_("Merged"), "quiet")
    return badge(lead.get_stage_display(), TONES[Stage(lead.stage)])


def due_day(lead: Lead, today: datetime.date) -> SafeString | str:
    """The next action's day, in red when it has passed and the lead is still open."""
    if lead.next_action_date is None:
        return ""
    if lead.is_open and lead.next_action_date < today:
        return format_html('<span class="money-owed">{}</span>', day(lead.next_action_date))
    return _("Today") if lead.next_action_date == today else day(lead.next_action_date)


def url_of(lead_id: int) -> str:
    return reverse("admin:crm_lead_change", args=[lead_id])


def link_to(lead: Lead) -> SafeString:
    return format_html('<a class="link" href="{}">{}</a>', url_of(lead.pk), lead)
