"""Choosing what a webhook is told of: everything, a resource's events, or single ones."""

from itertools import groupby
from typing import Any

from django import forms
from django.utils.text import capfirst
from unfold.widgets import CHECKBOX_CLASSES

from bizsuite.events.registry import EventType, event_types

EVERYTHING = "*"


def public_types() -> list[EventType]:
    return [event_type for event_type in event_types() if event_type.public]


def grouped() -> list[tuple[str, list[EventType]]]:
    """The public events by resource."""

    def resource(event_type: EventType) -> str:
        return event_type.name.split(".")[0]

    return [(name, list(types)) for name, types in groupby(public_types(), key=resource)]


class PatternsWidget(forms.CheckboxSelectMultiple):
    template_name = "webhooks/patterns_widget.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        chosen = set(value or ())
        context["widget"] |= {
            "classes": " ".join(CHECKBOX_CLASSES),
            "everything": EVERYTHING in chosen,
            "groups": [
                {
                    "title": capfirst(resource.replace("_", " ")),
                    "all": f"{resource}.*",
                    "all_chosen": f"{resource}.*" in chosen,
                    "types": [(each, each.name in chosen) for each in types],
                }
                for resource, types in grouped()
            ],
        }
        return context


class PatternsField(forms.MultipleChoiceField):
    widget = PatternsWidget

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=_choices, **options)


def _choices() -> list[tuple[str, str]]:
    names = [each.name for each in public_types()]
    wholes = [f"{resource}.*" for resource, _types in grouped()]
    return [(name, name) for name in (EVERYTHING, *wholes, *names)]
