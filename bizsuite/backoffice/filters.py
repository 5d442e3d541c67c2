"""Filters that several lists share."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str

from bizsuite.backoffice.middleware import organisation_of


class OutOfTheWayFilter(admin.SimpleListFilter):
    """Some records are shown only when asked for; a subclass says which.

    shown_first: what those are called that are shown at first.
    """

    shown_first: Any

    def out_of_the_way(self, queryset: Any) -> QuerySet:
        raise NotImplementedError

    def current(self, queryset: Any) -> QuerySet:
        raise NotImplementedError

    def choices(self, changelist: Any) -> Any:
        """What Django calls "All" are not all here."""
        first, *others = super().choices(changelist)
        yield first | {"display": self.shown_first}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "all":
            return queryset
        if self.value() == "true":
            return self.out_of_the_way(queryset)
        return self.current(queryset)


class ArchivedFilter(OutOfTheWayFilter):
    title = _("status")
    parameter_name = "archived"
    shown_first = _("Active")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("true", _("Archived")), ("all", _("All"))]

    def out_of_the_way(self, queryset: QuerySet) -> QuerySet:
        return queryset.exclude(archived_at=None)

    def current(self, queryset: QuerySet) -> QuerySet:
        return queryset.filter(archived_at=None)


class DaysFilter(RangeDateFilter):
    """Instants by the days that they lie in where the organisation is, both inclusive.

    The theme's own filter takes a day for its first moment in UTC: the last day was left out.
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        profile, name = organisation_of(request), self.parameter_name
        first = parse_date_str(self.used_parameters.get(f"{name}_from"))
        last = parse_date_str(self.used_parameters.get(f"{name}_to"))
        if first is not None:
            queryset = queryset.filter(**{f"{name}__gte": profile.start_of(first)})
        if last is not None:
            queryset = queryset.filter(**{f"{name}__lt": profile.end_of(last)})
        return queryset
