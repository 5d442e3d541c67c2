"""The levels of reminders, and what the next run would do."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.enums import ActionVariant

from billing.admin.forms import NOT_NEGATIVE, bounded
from billing.admin.mail_texts import TextForm, WritesTextsMixin
from billing.display import link_to
from billing.mailing.reminder_levels import (
    create_reminder_level,
    delete_reminder_level,
    update_reminder_level,
)
from billing.mailing.reminders import Planned, planned_reminders
from billing.mailing.words import REMINDER
from billing.models import ReminderLevel
from bizsuite.backoffice.display import badge, day, money, number
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.resource_admin import ResourceAdmin

PREVIEW_PAGE = "billing_reminders_preview"
SHOWN = 200


class ReminderLevelForm(TextForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("fee_amount", "fee_percent"):
            bounded(self, name, NOT_NEGATIVE)


@admin.register(ReminderLevel)
class ReminderLevelAdmin(WritesTextsMixin, ResourceAdmin):
    """When customers are reminded of what they owe, in which words, and what it costs them."""

    resource = "reminders"
    event_resource = "reminder_level"
    searchable = False
    form = ReminderLevelForm
    actions = ()
    delete_question = gettext_lazy("Only a level that was never used; others are switched off.")

    list_display = ("name", "shown_days", "state_badge", "fee", "count_sent")
    fieldsets = (
        (None, {"fields": (("name", "days"), "active")}),
        (gettext_lazy("Mail"), {"fields": ("subject", "body")}),
        (gettext_lazy("Late fee"), {"fields": (("fee_amount", "fee_percent"),)}),
    )

    def kind_on_page(self, record: ReminderLevel | None) -> str:
        return REMINDER

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReminderLevel]:
        return super().get_queryset(request).annotate(times_sent=Count("reminders"))

    @admin.display(description=gettext_lazy("when"), ordering="days")
    def shown_days(self, level: ReminderLevel) -> str:
        days = abs(level.days)
        if not days:
            return _("On the due date")
        if level.days < 0:
            text = ngettext("%(days)s day before", "%(days)s days before", days)
        else:
            text = ngettext("%(days)s day after", "%(days)s days after", days)
        return text % {"days": days}

    @admin.display(description=gettext_lazy("status"), ordering="active")
    def state_badge(self, level: ReminderLevel) -> SafeString:
        return badge(_("On"), "success") if level.active else badge(_("Off"), "quiet")

    @admin.display(description=gettext_lazy("late fee"))
    def fee(self, level: ReminderLevel) -> str:
        parts = [
            str(number(level.fee_amount, minimum_places=2)) if level.fee_amount else "",
            str(number(level.fee_percent, unit="%")) if level.fee_percent else "",
        ]
        return SafeString(" + ".join(filter(None, parts)) or "–")

    @admin.display(description=gettext_lazy("sent"), ordering="times_sent")
    def count_sent(self, level: Any) -> int:
        return level.times_sent

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> ReminderLevel:
        return create_reminder_level(actor=self.actor(request), **data)

    def update_record(
        self, request: HttpRequest, record: ReminderLevel, changes: dict[str, Any]
    ) -> None:
        update_reminder_level(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: ReminderLevel) -> bool:
        delete_reminder_level(record, actor=self.actor(request))
        return True

    # ── What the next run would do ───────────────────────────────────────────────
    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "next-run/", self.admin_site.admin_view(self.next_run_view), name=PREVIEW_PAGE
        )
        return [preview, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and "cl" in response.context_data:
            response.context_data["actions_list"] = [
                {
                    "title": _("What the next run would do"),
                    "icon": "preview",
                    "variant": ActionVariant.PRIMARY,
                    "attrs": {},
                    "path": reverse(f"admin:{PREVIEW_PAGE}"),
                }
            ]
            _say_if_switched_off(request)
        return response

    def next_run_view(self, request: HttpRequest) -> HttpResponse:
        if not (may(request, "read", self.resource) and may(request, "read", "invoices")):
            raise PermissionDenied
        _say_if_switched_off(request)
        plans = planned_reminders(now=timezone.now())
        # What will be sent first: what is passed over can wait.
        plans.sort(key=lambda plan: bool(plan.skipped))
        skipped = sum(bool(plan.skipped) for plan in plans)
        headers = [_("Invoice"), _("Customer"), _("Due"), _("Level"), _("To"), _("Late fee")]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("What the next run would do"),
            "figures": [(_("Would be sent"), len(plans) - skipped), (_("Passed over"), skipped)],
            "table": {
                "headers": [*headers, _("What happens")],
                "rows": [_row(plan) for plan in plans[:SHOWN]],
            },
            "omitted": max(0, len(plans) - SHOWN),
            "levels_url": self.list_url(),
        }
        return TemplateResponse(request, "billing/next_reminders.html", context)


def _row(plan: Planned) -> list[Any]:
    invoice = plan.invoice
    return [
        link_to(invoice),
        invoice.customer,
        day(invoice.due_date),
        plan.level,
        plan.to or "–",
        money(plan.fee, invoice.currency) if plan.fee else "–",
        plan.skipped or badge(_("A mail"), "success"),
    ]


def _say_if_switched_off(request: HttpRequest) -> None:
    if request.method == "GET" and not organisation_of(request).reminders_enabled:
        text = _(
            "Reminders are switched off: none is sent until an administrator switches them on in"
            " the settings."
        )
        messages.warning(request, text)
