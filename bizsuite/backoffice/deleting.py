"""Deleting through actions, one record or a selection of them."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from bizsuite.backoffice.record_actions import ActionForm, RecordAction
from bizsuite.backoffice.selections import ask_about_selection, is_confirmed
from bizsuite.errors import DomainError

# Of a long selection: as many refusals as a person reads.
SHOWN_REFUSALS = 5


class DeletesThroughActions:
    """For admin classes. `delete_record(request, record)` calls the action and returns whether
    the record is gone; False if it was archived because others refer to it.
    """

    delete_question: Any = gettext_lazy("This cannot be undone.")
    kept_message: Any = gettext_lazy(
        "%(name)s is in use and has been archived instead: hidden, but kept."
    )

    def delete_record(self, request: HttpRequest, record: Any) -> bool:
        raise NotImplementedError(f"{type(self).__name__} deletes no records.")

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        record = self.get_object(request, unquote(object_id))
        if not self.has_delete_permission(request, record):
            raise PermissionDenied
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        action = RecordAction(
            name="delete",
            label=_("Delete %(name)s") % {"name": self.opts.verbose_name},
            icon="delete",
            question=self.delete_question,
            form_class=ActionForm,
            when=lambda record: True,
            danger=True,
            primary=False,
            resource=self.resource,
        )
        return self.ask_and_run(request, record, action, self._delete)

    def _delete(self, request: HttpRequest, record: Any, data: dict[str, Any]) -> HttpResponse:
        name = str(record)
        if self.delete_record(request, record):
            messages.success(request, _("%(name)s has been deleted.") % {"name": name})
        else:
            messages.warning(request, self.kept_message % {"name": name})
        return redirect(self.list_url())

    def list_url(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")

    @admin.action(
        description=gettext_lazy("Delete selected %(verbose_name_plural)s"), permissions=["delete"]
    )
    def delete_selected(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        if is_confirmed(request):
            self._delete_each(request, list(queryset))
            return HttpResponseRedirect(request.get_full_path())
        count = queryset.count()
        names = {
            "count": count,
            "name": self.opts.verbose_name,
            "names": self.opts.verbose_name_plural,
        }
        return ask_about_selection(
            self,
            request,
            queryset,
            action="delete_selected",
            title=ngettext("Delete %(count)d %(name)s?", "Delete %(count)d %(names)s?", count)
            % names,
            question=self.delete_question,
            button=_("Delete"),
            danger=True,
        )

    def _delete_each(self, request: HttpRequest, records: list[Any]) -> None:
        """Each by itself: one that is refused does not keep the others."""
        removed = archived = 0
        refused: list[str] = []
        for record in records:
            name = str(record)
            try:
                with transaction.atomic():
                    gone = self.delete_record(request, record)
            except DomainError as error:
                refused.append(f"{name}: {error.message}")
            else:
                removed, archived = removed + gone, archived + (not gone)
        if removed:
            text = ngettext("%(count)d deleted.", "%(count)d deleted.", removed)
            messages.success(request, text % {"count": removed})
        if archived:
            text = ngettext(
                "%(count)d is in use and has been archived instead.",
                "%(count)d are in use and have been archived instead.",
                archived,
            )
            messages.warning(request, text % {"count": archived})
        if refused:
            text = _("%(count)d could not be deleted. %(reasons)s")
            reasons = " ".join(refused[:SHOWN_REFUSALS])
            messages.error(request, text % {"count": len(refused), "reasons": reasons})
