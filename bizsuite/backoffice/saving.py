"""Saving through actions: what is typed goes to the same action as the API's request body."""

from typing import Any

from django import forms
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from bizsuite.backoffice import history
from bizsuite.backoffice.display import moment
from bizsuite.backoffice.forms import ItemFormSet
from bizsuite.errors import Conflict, DomainError, Stale

VERSION_FIELD = "if_version"


class SavesThroughActions:
    """For admin classes. Two hooks do the writing, like the API's mixins:

    `create_record(request, data)` calls the action and returns the record, and
    `update_record(request, record, changes)` gets only what the person changed.
    """

    event_resource: str

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Any:
        raise NotImplementedError(f"{type(self).__name__} adds no records.")

    def update_record(self, request: HttpRequest, record: Any, changes: dict[str, Any]) -> None:
        raise NotImplementedError(f"{type(self).__name__} changes no records.")

    # ── Django's way in ──────────────────────────────────────────────────────────
    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Make the page again when the action refuses, with what was typed and why not.

        Nothing is left of the first attempt: Django runs it in a transaction.
        """
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            request.refusal = error
        except IntegrityError:
            request.refusal = Conflict(
                _(
                    "This cannot be saved: another record, maybe a new one, already has such a value."
                )
            )
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form_class = super().get_form(request, obj, change=change, **kwargs)
        form_class.refusal = getattr(request, "refusal", None)
        form_class.lists = tuple(inline.formset.data_name for inline in self._item_inlines())
        return form_class

    def get_formsets_with_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        for formset_class, inline in super().get_formsets_with_inlines(request, obj):
            if issubclass(formset_class, ItemFormSet):
                formset_class.refusal = getattr(request, "refusal", None)
            yield formset_class, inline

    def _item_inlines(self) -> list[Any]:
        return [inline for inline in self.inlines if issubclass(inline.formset, ItemFormSet)]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Nothing yet: `save_related` is the first to know the items too."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        data = self.submitted_data(form, formsets, change=change)
        if change:
            record = self._unchanged_since_read(request, form.instance.pk)
            if data:
                self.update_record(request, record, data)
        else:
            form.instance.pk = self.create_record(request, data).pk
        form.instance.refresh_from_db()

    def submitted_data(self, form: Any, formsets: Any, *, change: bool) -> dict[str, Any]:
        """What the action gets: on a change only what was changed, on adding what was filled in."""
        if change:
            names = [name for name in form.changed_data if name in form.cleaned_data]
        else:
            names = [
                name for name, value in form.cleaned_data.items() if value not in (None, "", {})
            ]
        data = {form.renamed.get(name, name): form.cleaned_data[name] for name in names}
        for formset in formsets:
            if isinstance(formset, ItemFormSet) and (formset.has_changed() or not change):
                data[formset.data_name] = formset.items()
        return data

    # ── Two people at the same record ────────────────────────────────────────────
    def _unchanged_since_read(self, request: HttpRequest, pk: Any) -> Any:
        """The record, locked; Stale if it is not as the form was made from it."""
        record = self.model._default_manager.select_for_update().get(pk=pk)
        if request.POST.get(VERSION_FIELD) != str(record.version):
            raise Stale(self._what_happened_meanwhile(request, record))
        return record

    def _what_happened_meanwhile(self, request: HttpRequest, record: Any) -> str:
        read = request.POST.get(VERSION_FIELD, "")
        entry = (
            history.changes_since(self.event_resource, record.pk, int(read), labels=self._labels())
            if read.isdigit()
            else None
        )
        sentences = [_("Somebody changed this while you were editing it.")]
        if entry is not None:
            sentences = [
                _("%(name)s changed this at %(time)s, while you were editing it.")
                % {"name": entry.event.actor_name, "time": moment(entry.event.occurred_at)}
            ]
            if entry.changes:
                listed = "; ".join(
                    f"{change.label}: {change.after or '–'}" for change in entry.changes
                )
                sentences.append(_("It is now: %(changes)s.") % {"changes": listed})
        sentences.append(_("What you typed is below. Saving again overwrites their change."))
        return " ".join(sentences)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["if_version"] = self._version_to_send(request, kwargs.get("obj"))
        return super().render_change_form(request, context, *args, **kwargs)

    def _version_to_send(self, request: HttpRequest, record: Any) -> str:
        """The version that this page was made from.

        After a refusal it stays, or the second attempt would overwrite what the person has not
        seen; once they have been told, the current one is what they decide about.
        """
        told = isinstance(getattr(request, "refusal", None), Stale)
        if request.method == "POST" and not told:
            return request.POST.get(VERSION_FIELD, "")
        return str(getattr(record, "version", ""))

    # ── The events are the history; Django's own log is not kept ─────────────────
    def construct_change_message(self, *args: Any, **kwargs: Any) -> str:
        return ""

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        pass

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        pass
