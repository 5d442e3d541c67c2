from typing import Any

from django.db.models import QuerySet

from bizsuite.api.filters import FlagFilter, RecordFilter, SearchFilter, TextFilter
from customers.models import Customer


class CustomerFilter(RecordFilter):
    search = SearchFilter()
    email = TextFilter(lookup_expr="iexact")
    archived = FlagFilter(
        method="filter_archived", help_text="true: the archived ones; else the active ones."
    )

    class Meta:
        model = Customer
        fields = ("search", "email", "archived", "external_id", "updated_since")

    def filter_archived(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(archived_at__isnull=not value)

    def filter_queryset(self, queryset: Any) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        asked = self.form.cleaned_data["archived"]
        return queryset.active() if asked is None else queryset
