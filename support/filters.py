"""The filters of support's lists."""

import datetime

from django.db.models import QuerySet

from bizsuite.api.filters import (
    ArchivableFilter,
    DateFilter,
    FlagFilter,
    IdFilter,
    RecordFilter,
    SearchFilter,
    WordFilter,
)
from bizsuite.identity.models import organisation
from support.models import Author, Department, Priority, Reply, Status, Ticket

COMMON = ("external_id", "updated_since")


class DepartmentFilter(ArchivableFilter):
    class Meta:
        model = Department
        fields = ("search", "archived", *COMMON)


class TicketFilter(RecordFilter):
    search = SearchFilter()
    status = WordFilter(words=Status.values)
    priority = WordFilter(words=Priority.values)
    department_id = IdFilter(field_name="department_id")
    customer_id = IdFilter(field_name="customer_id")
    assignee_id = IdFilter(field_name="assignee_id")
    assigned = FlagFilter(method="filter_assigned", help_text="false: those of nobody.")
    date_from = DateFilter(method="filter_from", help_text="First day of creation, inclusive.")
    date_to = DateFilter(method="filter_to", help_text="Last day of creation, inclusive.")

    class Meta:
        model = Ticket
        fields = (
            "search", "status", "priority", "department_id", "customer_id", "assignee_id",
            "assigned", "date_from", "date_to", *COMMON,
        )  # fmt: skip

    def filter_assigned(self, queryset: QuerySet, name: str, value: bool) -> QuerySet:
        return queryset.filter(assignee__isnull=not value)

    def filter_from(self, queryset: QuerySet, name: str, value: datetime.date) -> QuerySet:
        return queryset.filter(created_at__gte=organisation().start_of(value))

    def filter_to(self, queryset: QuerySet, name: str, value: datetime.date) -> QuerySet:
        return queryset.filter(created_at__lt=organisation().end_of(value))


class ReplyFilter(RecordFilter):
    author = WordFilter(words=Author.values)
    internal = FlagFilter(help_text="true: notes among staff; false: what the customer may see.")

    class Meta:
        model = Reply
        fields = ("author", "internal", *COMMON)
