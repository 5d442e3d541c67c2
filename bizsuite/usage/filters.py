import datetime

from django.db.models import QuerySet

from bizsuite.api.filters import DateFilter, IdFilter, InstantFilter, RecordFilter, TextFilter
from bizsuite.identity.models import organisation
from bizsuite.usage.models import ENDPOINT_LENGTH, HourlyUsage


class UsageFilter(RecordFilter):
    # None is django-filter's way to drop an inherited filter.
    external_id = None
    updated_since = None
    key_id = IdFilter(field_name="api_key_id", help_text="An API key's id.")
    endpoint = TextFilter(max_length=ENDPOINT_LENGTH, help_text="An endpoint as it is listed.")
    date_from = DateFilter(
        method="filter_from", help_text="Hours of this day and later, where the organisation is."
    )
    date_to = DateFilter(
        method="filter_to", help_text="Hours of this day and earlier, where the organisation is."
    )
    since = InstantFilter(
        field_name="hour", lookup_expr="gte", help_text="Hours that begin at this instant or later."
    )
    until = InstantFilter(
        field_name="hour", lookup_expr="lt", help_text="Hours that begin before this instant."
    )

    class Meta:
        model = HourlyUsage
        fields = ("key_id", "endpoint", "date_from", "date_to", "since", "until")

    def filter_from(self, queryset: QuerySet, name: str, value: datetime.date) -> QuerySet:
        return queryset.filter(hour__gte=organisation().start_of(value))

    def filter_to(self, queryset: QuerySet, name: str, value: datetime.date) -> QuerySet:
        return queryset.filter(hour__lt=organisation().end_of(value))
