"""Query parameters: typed, declared once per list, refused when they are wrong or unknown."""

import datetime
import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import rest_framework as django_filters

from bizsuite.api.fields import MAX_ID, parse_date
from bizsuite.errors import Invalid
from bizsuite.money import is_currency

_INSTANT = re.compile(
    r"(?P<local>[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?)"
    r"(?P<offset>Z|[-+ ][0-9]{2}:?[0-9]{2})"
)


class _IdFormField(forms.Field):
    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if not re.fullmatch(r"[0-9]{1,19}", value) or not 0 < int(value) <= MAX_ID:
            raise ValidationError("Must be an id")
        return int(value)


class _DateFormField(forms.Field):
    def to_python(self, value: Any) -> datetime.date | None:
        if value in self.empty_values:
            return None
        parsed = parse_date(value)
        if parsed is None:
            raise ValidationError("Must be a date in the form YYYY-MM-DD")
        return parsed


class _InstantFormField(forms.Field):
    def to_python(self, value: Any) -> datetime.datetime | None:
        if value in self.empty_values:
            return None
        match = _INSTANT.fullmatch(value)
        try:
            if match is None:
                raise ValueError
            # A + that nobody encoded arrives as a space.
            offset = match["offset"].replace(" ", "+")
            parsed = datetime.datetime.fromisoformat(match["local"] + offset)
            return parsed.astimezone(datetime.UTC)
        except (ValueError, OverflowError):
            raise ValidationError("Must be an instant such as 2024-01-15T10:00:00Z") from None


class _FlagFormField(forms.Field):
    def to_python(self, value: Any) -> bool | None:
        if value in self.empty_values:
            return None
        if value not in ("true", "false"):
            raise ValidationError("Must be true or false")
        return bool(value == "true")


class _WordFormField(forms.Field):
    """One of some words, in any case."""

    def __init__(self, *, words: list[str], **kwargs: Any) -> None:
        self.words = {word.casefold(): word for word in words}
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> str | None:
        if value in self.empty_values:
            return None
        if value.casefold() not in self.words:
            raise ValidationError(f"Must be one of: {', '.join(self.words.values())}")
        return self.words[value.casefold()]


class _TextFormField(forms.CharField):
    def to_python(self, value: Any) -> str | None:
        text = super().to_python(value)
        if text and "\x00" in text:
            raise ValidationError("Must not contain NUL characters")
        return text


class _CurrencyFormField(forms.Field):
    def to_python(self, value: Any) -> str | None:
        if value in self.empty_values:
            return None
        if not is_currency(value):
            raise ValidationError("Must be an ISO 4217 currency code, such as EUR")
        return str(value)


class ApiFilter(django_filters.Filter):
    """schema: what the parameter takes, in OpenAPI's words."""

    schema: Mapping[str, Any]


class IdFilter(ApiFilter):
    field_class = _IdFormField
    schema = {"type": "integer", "minimum": 1, "maximum": MAX_ID}


class DateFilter(ApiFilter):
    field_class = _DateFormField
    schema = {"type": "string", "format": "date"}


class InstantFilter(ApiFilter):
    field_class = _InstantFormField
    schema = {"type": "string", "format": "date-time"}


class FlagFilter(ApiFilter):
    field_class = _FlagFormField
    schema = {"type": "boolean"}


class WordFilter(ApiFilter):
    """Takes one of `words` in any case, and filters by the word as declared."""

    field_class = _WordFormField

    @property
    def schema(self) -> Mapping[str, Any]:
        return {"type": "string", "enum": list(self.extra["words"])}


class CurrencyFilter(ApiFilter):
    field_class = _CurrencyFormField
    schema = {"type": "string", "minLength": 3, "maxLength": 3, "example": "EUR"}


class TextFilter(ApiFilter):
    field_class = _TextFormField

    @property
    def schema(self) -> Mapping[str, Any]:
        longest = self.extra.get("max_length")
        return {"type": "string", "minLength": 1} | ({"maxLength": longest} if longest else {})


class SearchFilter(TextFilter):
    """Asks the queryset's own `search()`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"max_length": 200, "help_text": "Words to look for."} | kwargs)

    def filter(self, queryset: Any, value: str | None) -> QuerySet:
        return queryset.search(value) if value else queryset


class RecordFilter(django_filters.FilterSet):
    """The filters that every list has."""

    external_id = TextFilter(max_length=255)
    updated_since = InstantFilter(
        field_name="updated_at",
        lookup_expr="gte",
        help_text="Changed at or after this instant. Overlap by a minute: commits reorder.",
    )

    def filter_queryset(self, queryset: QuerySet) -> QuerySet:
        """An empty value (`?status=`) is a mistake and not "no filter"."""
        empty = {
            name: "Must not be empty" for name in self.form.fields if self.data.get(name) == ""
        }
        if empty:
            raise Invalid(empty)
        return super().filter_queryset(queryset)


class ArchivableFilter(RecordFilter):
    """The filters of records that are archived once documents refer to them."""

    search = SearchFilter()
    archived = FlagFilter(
        method="filter_archived", help_text="true: the archived ones; else the active ones."
    )

    def filter_archived(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(archived_at__isnull=not value)

    def filter_queryset(self, queryset: Any) -> QuerySet:
        queryset = super().filter_queryset(queryset)
        return queryset.active() if self.form.cleaned_data["archived"] is None else queryset
