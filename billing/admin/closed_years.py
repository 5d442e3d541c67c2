from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing import closed_years
from billing.models import ClosedYear
from billing.serializers import ClosedYearSerializer
from bizsuite.backoffice.display import badge, day, money
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.identity.models import organisation


class ClosedYearForm(MetadataForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "last_day" in self.fields:
            self.fields["last_day"].help_text = _(
                "What the year earned, and whatever before it is not closed yet, becomes retained"
                " earnings. Nothing can be booked on or before this day then. The year that was"
                " closed last can be reopened."
            )


@admin.register(ClosedYear)
class ClosedYearAdmin(MetadataMixin, ResourceAdmin):
    """Closing a year is adding it here; the one closed last has a button that reopens it."""

    resource = "closed-years"
    event_resource = "closed_year"
    serializer_class = ClosedYearSerializer
    form = ClosedYearForm
    offers_change = False
    offers_delete = False
    actions = ()

    list_display = ("ended", "state_badge", "money_profit", "money_cash_profit")
    list_display_links = ("ended",)
    record_actions = ("reopen",)
    fieldsets = ((None, {"fields": ("ended",)}), FOR_OTHER_SYSTEMS)
    add_fieldsets = ((None, {"fields": ("last_day",)}), FOR_OTHER_SYSTEMS)

    @admin.display(description=gettext_lazy("year to"), ordering="last_day")
    def ended(self, year: ClosedYear) -> str:
        return day(year.last_day)

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, year: ClosedYear) -> SafeString:
        if year.reopened_at is None:
            return badge(_("Closed"), "success")
        return badge(_("Reopened"), "quiet")

    @admin.display(description=gettext_lazy("profit"), ordering="profit")
    def money_profit(self, year: ClosedYear) -> SafeString | str:
        return money(year.profit, year.currency)

    @admin.display(description=gettext_lazy("on the cash basis"), ordering="cash_profit")
    def money_cash_profit(self, year: ClosedYear) -> SafeString | str:
        return money(year.cash_profit, year.currency)

    def summary(self, request: HttpRequest, record: ClosedYear) -> list[tuple[Any, Any]]:
        return [
            (_("State"), self.state_badge(record)),
            (_("Profit"), money(record.profit, record.currency)),
            (_("On the cash basis"), money(record.cash_profit, record.currency)),
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"last_day": closed_years.next_year_end(organisation_of(request))}
        return initial | super().get_changeform_initial_data(request)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> ClosedYear:
        return closed_years.close_year(actor=self.actor(request), **data)

    @record_action(
        label=gettext_lazy("Reopen"),
        icon="lock_open",
        question=gettext_lazy(
            "Its closing is taken back by a reversal of the same day, and the books are closed"
            " until the day until which they were before. Close the year again when you are done."
        ),
        when=lambda year: (
            year.reopened_at is None and year.last_day == organisation().closed_year_end
        ),
        danger=True,
    )
    def reopen(self, request: HttpRequest, record: ClosedYear, data: dict[str, Any]) -> str:
        closed_years.reopen_year(record, actor=self.actor(request))
        return _("Reopened.")
