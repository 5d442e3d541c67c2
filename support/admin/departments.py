from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.archiving import ArchivableMixin
from bizsuite.backoffice.filters import ArchivedFilter
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataMixin
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ResourceAdmin
from support import departments
from support.models import Department
from support.serializers import DepartmentSerializer


@admin.register(Department)
class DepartmentAdmin(ArchivableMixin, MetadataMixin, ResourceAdmin):
    resource = "departments"
    serializer_class = DepartmentSerializer
    delete_question = gettext_lazy(
        "If tickets refer to it, it is archived instead: hidden, but kept."
    )

    list_display = ("name", "email", "state_badge")
    list_filter = (ArchivedFilter,)
    ordering = ("name", "id")
    fieldsets = ((None, {"fields": ("name", "email")}), FOR_OTHER_SYSTEMS)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Department:
        return departments.create_department(actor=self.actor(request), **data)

    def update_record(
        self, request: HttpRequest, record: Department, changes: dict[str, Any]
    ) -> None:
        departments.update_department(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: Department) -> bool:
        return departments.delete_department(record, actor=self.actor(request))

    def archive_record(self, request: HttpRequest, record: Department) -> None:
        departments.archive_department(record, actor=self.actor(request))

    def restore_record(self, request: HttpRequest, record: Department) -> None:
        departments.restore_department(record, actor=self.actor(request))


DepartmentAdmin.announce(
    RelatedList(
        gettext_lazy("Tickets"),
        "support_agent",
        "tickets",
        "support_ticket_changelist",
        "queue=all&department__id__exact",
    )
)
