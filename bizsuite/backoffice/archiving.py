"""Records that are archived where they cannot be removed: the badge, the buttons, the way back."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.display import archived_badge
from bizsuite.backoffice.record_actions import record_action


class ArchivableMixin:
    """For a ResourceAdmin. `archive_record` and `restore_record` call the actions."""

    record_actions = ("archive", "restore")

    def archive_record(self, request: HttpRequest, record: Any) -> None:
        raise NotImplementedError

    def restore_record(self, request: HttpRequest, record: Any) -> None:
        raise NotImplementedError

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, record: Any) -> SafeString:
        return archived_badge(record.archived_at)

    @record_action(
        label=gettext_lazy("Archive"),
        icon="archive",
        question=gettext_lazy(
            "Hidden from lists and no longer offered, but kept. You can restore it."
        ),
        when=lambda record: record.archived_at is None,
    )
    def archive(self, request: HttpRequest, record: Any, data: dict[str, Any]) -> str:
        self.archive_record(request, record)
        return _("%(name)s has been archived.") % {"name": record}

    @record_action(
        label=gettext_lazy("Restore"),
        icon="unarchive",
        question=gettext_lazy("Back into the lists, and offered again."),
        when=lambda record: record.archived_at is not None,
    )
    def restore(self, request: HttpRequest, record: Any, data: dict[str, Any]) -> str:
        self.restore_record(request, record)
        return _("%(name)s has been restored.") % {"name": record}
