from typing import Any

from django.contrib import admin
from django.db.models import CharField, QuerySet, Value
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateFilter

from billing import exchange_rates
from billing.admin.currencies import CurrencyForm
from billing.admin.forms import bounded, positive
from billing.models import ExchangeRate
from billing.serializers import ExchangeRateSerializer
from bizsuite.backoffice.display import day, number
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.identity.models import organisation


class ExchangeRateForm(CurrencyForm, MetadataForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bounded(self, "rate", positive)
        if "currency" in self.fields:
            own = organisation().currency
            choices: Any = self.fields["currency"]
            choices.choices = [each for each in choices.choices if each[0] != own]
            choices.initial = None


@admin.register(ExchangeRate)
class ExchangeRateAdmin(MetadataMixin, ResourceAdmin):
    """What other currencies are worth. Documents keep the rate that they were made with."""

    resource = "exchange-rates"
    serializer_class = ExchangeRateSerializer
    form = ExchangeRateForm
    delete_question = gettext_lazy("Documents that were made with it keep it.")

    list_display = ("currency", "from_day", "worth")
    list_filter = ("currency", ("date", RangeDateFilter))
    date_hierarchy = "date"
    fieldsets = (
        (None, {"fields": ("currency", ("date", "rate"))}),
        FOR_OTHER_SYSTEMS,
    )

    @admin.display(description=gettext_lazy("from"), ordering="date")
    def from_day(self, rate: ExchangeRate) -> str:
        return day(rate.date)

    @admin.display(description=gettext_lazy("worth"), ordering="rate")
    def worth(self, rate: Any) -> SafeString | str:
        return number(rate.rate, unit=rate.own_currency)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ExchangeRate]:
        own = Value(organisation_of(request).currency, output_field=CharField())
        return super().get_queryset(request).annotate(own_currency=own)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"date": organisation_of(request).today()}
        return initial | super().get_changeform_initial_data(request)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> ExchangeRate:
        return exchange_rates.create_exchange_rate(actor=self.actor(request), **data)

    def update_record(
        self, request: HttpRequest, record: ExchangeRate, changes: dict[str, Any]
    ) -> None:
        exchange_rates.update_exchange_rate(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: ExchangeRate) -> bool:
        exchange_rates.delete_exchange_rate(record, actor=self.actor(request))
        return True
