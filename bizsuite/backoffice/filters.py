"""Filters that several lists share."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class ArchivedFilter(admin.SimpleListFilter):
    """Archived records are out of the way unless asked for."""

    title = _("status")
    parameter_name = "archived"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("true", _("Archived")), ("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        """What Django calls "All" are the active ones here."""
        first, *others = super().choices(changelist)
        yield first | {"display": _("Active")}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if self.value() == "all":
            return queryset
        return queryset.filter(archived_at__isnull=self.value() != "true")
