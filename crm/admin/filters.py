"""The filters of the staff's list of leads, and of their other pages."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bizsuite.backoffice.filters import OutOfTheWayFilter
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.identity.models import User
from crm.models import LeadQuerySet

MINE, NOBODYS = "me", "none"


def owned_by(leads: LeadQuerySet, owner: str, me: int) -> LeadQuerySet:
    """`leads` of whom a page's address names: me, none, a user's id; of everybody else all."""
    if owner == MINE:
        return leads.filter(owner_id=me)
    if owner == NOBODYS:
        return leads.filter(owner=None)
    if owner.isascii() and owner.isdigit() and len(owner) < 19:
        return leads.filter(owner_id=int(owner))
    return leads


class OwnerFilter(admin.SimpleListFilter):
    title = _("owner")
    parameter_name = "owner"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        colleagues = User.objects.filter(is_active=True).exclude(pk=request.user.pk)
        return [
            (MINE, _("Me")),
            (NOBODYS, _("Nobody")),
            *((str(user.pk), user.name) for user in colleagues.order_by("name", "id")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return owned_by(queryset, self.value() or "", request.user.pk)


class DueFilter(admin.SimpleListFilter):
    title = _("next action")
    parameter_name = "due"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("today", _("Today or overdue")),
            ("overdue", _("Overdue")),
            ("none", _("Nothing planned")),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        today = organisation_of(request).today()
        if self.value() == "today":
            return queryset.due(today)
        if self.value() == "overdue":
            return queryset.overdue(today)
        if self.value() == "none":
            return queryset.open().filter(next_action_date=None)
        return queryset


class MergedFilter(OutOfTheWayFilter):
    title = _("merged")
    parameter_name = "merged"
    shown_first = _("Current")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("true", _("Merged into another")), ("all", _("All"))]

    def out_of_the_way(self, queryset: Any) -> Any:
        return queryset.exclude(merged_into=None)

    def current(self, queryset: Any) -> Any:
        return queryset.current()
