from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.display import archived_badge
from bizsuite.backoffice.filters import ArchivedFilter
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataMixin
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ResourceAdmin
from support import departments
from support.models import Department
from support.serializers import DepartmentSerializer


@admin.register(Department)
class DepartmentAdmin(MetadataMixin, ResourceAdmin):
    resource = "departments"
    serializer_class = DepartmentSerializer
    delete_question = gettext_lazy(
        "If tickets refer to it, it is archived instead: hidden, but kept."
    )

    list_display = ("name", "email", "state_badge")
    list_filter = (ArchivedFilter,)
    ordering = ("name", "id")
    record_actions = ("archive", "restore")
    fieldsets = ((None, {"fields": ("name", "email")}), FOR_OTHER_SYSTEMS)

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, department: Department) -> SafeString:
        return archived_badge(department.archived_at)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Department:
        return departments.create_department(actor=self.actor(request), **data)

    def update_record(
        self, request: HttpRequest, record: Department, changes: dict[str, Any]
    ) -> None:
        departments.update_department(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: Department) -> bool:
        return departments.delete_department(record, actor=self.actor(request))

    @record_action(
        label=gettext_lazy("Archive"),
        icon="archive",
        question=gettext_lazy("Hidden from lists and new tickets, but kept. You can restore it."),
        when=lambda department: department.archived_at is None,
    )
    def archive(self, request: HttpRequest, record: Department, data: dict[str, Any]) -> str:
        departments.archive_department(record, actor=self.actor(request))
        return _("%(name)s has been archived.") % {"name": record}

    @record_action(
        label=gettext_lazy("Restore"),
        icon="unarchive",
        question=gettext_lazy("Back into the lists, and open for new tickets."),
        when=lambda department: department.archived_at is not None,
    )
    def restore(self, request: HttpRequest, record: Department, data: dict[str, Any]) -> str:
        departments.restore_department(record, actor=self.actor(request))
        return _("%(name)s has been restored.") % {"name": record}


DepartmentAdmin.announce(
    RelatedList(
        gettext_lazy("Tickets"),
        "support_agent",
        "tickets",
        "support_ticket_changelist",
        "queue=all&department__id__exact",
    )
)
