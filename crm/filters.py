"""The filters of the list of leads."""

import datetime
from typing import Any

from django.db.models import QuerySet

from bizsuite.api.filters import (
    DateFilter,
    FlagFilter,
    IdFilter,
    RecordFilter,
    SearchFilter,
    TextFilter,
    WordFilter,
)
from bizsuite.identity.models import organisation
from crm.match_keys import email_key
from crm.models import Lead, LeadNote, Stage


class LeadFilter(RecordFilter):
    search = SearchFilter()
    stage = WordFilter(words=Stage.values)
    owner_id = IdFilter(field_name="owner_id")
    customer_id = IdFilter(field_name="customer_id")
    source = TextFilter(lookup_expr="iexact", max_length=100)
    email = TextFilter(method="filter_email", max_length=254)
    due = WordFilter(
        words=["today", "overdue"],
        method="filter_due",
        help_text="Open leads whose next action is for today or earlier; overdue: earlier.",
    )
    next_action_from = DateFilter(
        field_name="next_action_date", lookup_expr="gte", help_text="Next action: first day."
    )
    next_action_to = DateFilter(
        field_name="next_action_date", lookup_expr="lte", help_text="Next action: last day."
    )
    expected_close_from = DateFilter(
        field_name="expected_close_date", lookup_expr="gte", help_text="Expected close: first day."
    )
    expected_close_to = DateFilter(
        field_name="expected_close_date", lookup_expr="lte", help_text="Expected close: last day."
    )
    date_from = DateFilter(method="filter_from", help_text="First day of creation, inclusive.")
    date_to = DateFilter(method="filter_to", help_text="Last day of creation, inclusive.")
    merged = FlagFilter(
        method="filter_merged",
        help_text="true: those merged into another lead; else those that were not.",
    )

    class Meta:
        model = Lead
        fields = (
            "search",
            "stage",
            "owner_id",
            "customer_id",
            "source",
            "email",
            "due",
            "next_action_from",
            "next_action_to",
            "expected_close_from",
            "expected_close_to",
            "date_from",
            "date_to",
            "merged",
            "external_id",
            "updated_since",
        )

    def filter_email(self, queryset: Any, name: str, value: str) -> QuerySet:
        return queryset.filter(email_key=email_key(value))

    def filter_due(self, queryset: Any, name: str, value: str) -> QuerySet:
        today = organisation().today()
        return queryset.overdue(today) if value == "overdue" else queryset.due(today)

    def filter_from(self, queryset: Any, name: str, value: datetime.date) -> QuerySet:
        return queryset.filter(created_at__gte=organisation().start_of(value))

    def filter_to(self, queryset: Any, name: str, value: datetime.date) -> QuerySet:
        return queryset.filter(created_at__lt=organisation().end_of(value))

    def filter_merged(self, queryset: Any, name: str, value: bool) -> QuerySet:
        return queryset.filter(merged_into__isnull=not value)

    def filter_queryset(self, queryset: Any) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        return queryset.current() if self.form.cleaned_data["merged"] is None else queryset


class LeadNoteFilter(RecordFilter):
    class Meta:
        model = LeadNote
        fields = ("external_id", "updated_since")
