"""Which events a reader of the feed asks for."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from bizsuite.api.filters import ApiFilter, IdFilter, InstantFilter, RecordFilter, WordFilter
from bizsuite.events.models import Event
from bizsuite.events.registry import event_types, matches, unknown_patterns
from bizsuite.feed.reading import public_types, require_readable

PATTERNS_LENGTH = 500


class _PatternsFormField(forms.CharField):
    def to_python(self, value: Any) -> list[str]:
        patterns = str(value).split(",") if value not in self.empty_values else []
        if unknown := unknown_patterns(patterns):
            raise ValidationError(f"Unknown events: {', '.join(unknown)}"[:PATTERNS_LENGTH])
        return patterns


class PatternsFilter(ApiFilter):
    """Takes what a webhook subscribes with: `invoice.paid`, `invoice.*`, separated by commas."""

    field_class = _PatternsFormField
    schema = {"type": "string", "minLength": 1, "example": "invoice.*,payment.received"}


class EventFilter(RecordFilter):
    # None is django-filter's way to drop an inherited filter.
    external_id = None
    updated_since = None
    type = PatternsFilter(
        method="filter_types",
        help_text="Names and patterns as webhooks take them: `invoice.paid`, `invoice.*`, "
        "separated by commas.",
    )
    resource = WordFilter(
        words=sorted({event_type.subject for event_type in public_types()}),
        method="filter_resource",
        help_text="Events of this kind of record.",
    )
    record_id = IdFilter(
        field_name="object_id", help_text="Events of the record with this id; with `resource`."
    )
    since = InstantFilter(
        field_name="occurred_at", lookup_expr="gte", help_text="At this instant or later."
    )
    until = InstantFilter(
        field_name="occurred_at", lookup_expr="lt", help_text="Before this instant."
    )

    class Meta:
        model = Event
        fields = ("type", "resource", "record_id", "since", "until")

    @property
    def names_one_record(self) -> bool:
        chosen = self.form.cleaned_data
        return bool(chosen["resource"] and chosen["record_id"])

    def filter_types(self, queryset: QuerySet, name: str, patterns: list[str]) -> QuerySet:
        chosen = [
            event_type
            for event_type in event_types()
            if any(matches(pattern, event_type) for pattern in patterns)
        ]
        require_readable(chosen, self.request._request.actor)
        return queryset.filter(type__in=[event_type.name for event_type in chosen])

    def filter_resource(self, queryset: QuerySet, name: str, subject: str) -> QuerySet:
        chosen = [event_type for event_type in public_types() if event_type.subject == subject]
        require_readable(chosen, self.request._request.actor)
        return queryset.filter(resource=subject)
