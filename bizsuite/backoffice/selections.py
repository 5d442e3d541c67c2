"""Asking before something is done to all that was chosen on a list."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

# Of a long selection: as many as tell a person whether it is the right one.
SHOWN_RECORDS = 20


def is_confirmed(request: HttpRequest) -> bool:
    return "confirmed" in request.POST


def ask_about_selection(
    model_admin: Any,
    request: HttpRequest,
    chosen: QuerySet[Any] | Sequence[str],
    *,
    action: str,
    title: Any,
    question: Any,
    button: Any,
    danger: bool = False,
) -> TemplateResponse:
    """The page that asks; its button posts the action once more, confirmed.

    action: the method's name. title: what will be done, and to how many. danger: cannot be undone.
    """
    records = list(chosen[: SHOWN_RECORDS + 1])
    return TemplateResponse(
        request,
        "backoffice/ask_about_selection.html",
        {
            **model_admin.admin_site.each_context(request),
            "opts": model_admin.opts,
            "title": button,
            "heading": title,
            "question": question,
            "action": action,
            "button": button,
            # Not `variant`, which the theme would take for its own badges too.
            "button_variant": "danger" if danger else "primary",
            "records": records[:SHOWN_RECORDS],
            "are_more": len(records) > SHOWN_RECORDS,
            "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "select_across": request.POST.get("select_across", "0"),
            "checkbox_name": ACTION_CHECKBOX_NAME,
            "cancel_url": request.get_full_path(),
            "media": model_admin.media,
        },
    )
