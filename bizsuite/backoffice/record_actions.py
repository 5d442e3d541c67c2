"""Buttons on a record's page: each asks first, on a page of its own, then calls an action."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from unfold.enums import ActionVariant

from bizsuite.backoffice.forms import show_refusal
from bizsuite.backoffice.permissions import may
from bizsuite.errors import DomainError

# In a page's header, the menu for the others included.
MOST_BUTTONS = 4


class ActionForm(forms.Form):
    """What a button asks for; by itself nothing but "are you sure?"."""

    def __init__(self, *args: Any, record: Any, **kwargs: Any) -> None:
        self.record = record
        super().__init__(*args, **kwargs)


def _always(record: Any) -> bool:
    return True


@dataclass(frozen=True)
class RecordAction:
    """One button.

    label: on the button and as the page's title. question: what will happen, in a sentence or two.
    when: whether the record's state offers it. danger: cannot be undone. primary: what comes next,
    usually. resource: whose right to write it needs, if not the page's own.
    """

    name: str
    label: Any
    icon: str
    question: Any
    form_class: type[ActionForm]
    when: Callable[[Any], bool]
    danger: bool
    primary: bool
    resource: str

    @property
    def variant(self) -> ActionVariant:
        """In the page's header. What is dangerous stays quiet there and is red where it asks."""
        return ActionVariant.PRIMARY if self.primary else ActionVariant.DEFAULT


def record_action(
    *,
    label: Any,
    icon: str,
    question: Any = "",
    form_class: type[ActionForm] = ActionForm,
    when: Callable[[Any], bool] = _always,
    danger: bool = False,
    primary: bool = False,
    resource: str = "",
) -> Callable[[Any], Any]:
    """Make a method `(self, request, record, data) -> message or response` a button.

    The method calls the action and lets its refusals through: they are shown on the page.
    """

    def mark(method: Any) -> Any:
        method.record_action = RecordAction(
            method.__name__, label, icon, question, form_class, when, danger, primary, resource
        )
        return method

    return mark


def within_reach(actions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Buttons for a page's header: the first few, and a menu with the rest where they are many.

    A row of ten is wider than the page; what comes next usually stands first.
    """
    if len(actions) <= MOST_BUTTONS:
        return actions
    more = {
        "title": _("More"),
        "icon": "more_horiz",
        "variant": ActionVariant.DEFAULT,
        "attrs": {},
        "method_name": "more",
        "items": actions[MOST_BUTTONS - 1 :],
    }
    return [*actions[: MOST_BUTTONS - 1], more]


class RecordActionsMixin:
    """For admin classes: `record_actions` names the methods, in the order of their buttons."""

    record_actions: tuple[str, ...] = ()

    def _record_action(self, name: str) -> RecordAction:
        return getattr(self, name).record_action

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<int:object_id>/{name.replace('_', '-')}/",
                self.admin_site.admin_view(self.record_action_view),
                {"name": name},
                name=self._url_name(name),
            )
            for name in self.record_actions
        ]
        return own + super().get_urls()

    def _url_name(self, name: str) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_{name}"

    def may_run(self, request: HttpRequest, action: RecordAction) -> bool:
        return may(request, "write", action.resource or self.resource)

    def offered_actions(self, request: HttpRequest, record: Any) -> list[dict[str, Any]]:
        """The buttons for this user and this record, as the page's header shows them."""
        actions = [self._record_action(name) for name in self.record_actions]
        return [
            {
                "title": action.label,
                "icon": action.icon,
                "variant": action.variant,
                "attrs": {},
                "path": reverse(f"admin:{self._url_name(action.name)}", args=[record.pk]),
            }
            for action in actions
            if self.may_run(request, action) and action.when(record)
        ]

    def record_action_view(self, request: HttpRequest, object_id: int, name: str) -> HttpResponse:
        action = self._record_action(name)
        if not self.may_run(request, action):
            raise PermissionDenied
        record = self.get_object(request, str(object_id))
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, str(object_id))
        return self.ask_and_run(request, record, action, getattr(self, name))

    def ask_and_run(
        self, request: HttpRequest, record: Any, action: RecordAction, method: Callable[..., Any]
    ) -> HttpResponse:
        """Ask on GET; on POST run, and ask again if the action refused."""
        sent = (request.POST, request.FILES) if request.method == "POST" else (None, None)
        form = action.form_class(*sent, record=record)
        if form.is_valid():
            try:
                with transaction.atomic():
                    outcome = method(request, record, form.cleaned_data)
            except DomainError as refusal:
                show_refusal(form, refusal)
            else:
                if isinstance(outcome, HttpResponse):
                    return outcome
                messages.success(request, outcome)
                return redirect(self.url_of(record))
        return TemplateResponse(
            request,
            "backoffice/record_action.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": action.label,
                "subtitle": str(record),
                "original": record,
                "action": action,
                "form": form,
                "cancel_url": self.url_of(record),
                "media": self.media + form.media,
            },
        )

    def url_of(self, record: Any) -> str:
        return self.url_of_id(record.pk)

    def url_of_id(self, pk: int) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[pk])
