"""Choosing a key's scopes: a table of resources with a box for reading and one for writing."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from unfold.widgets import CHECKBOX_CLASSES

from bizsuite.identity.roles import SCOPED

VERBS = ("read", "write")


class ScopesWidget(forms.CheckboxSelectMultiple):
    template_name = "team/scopes_widget.html"

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        chosen = set(value or ())
        context["widget"] |= {
            "classes": " ".join(CHECKBOX_CLASSES),
            "rows": [
                (
                    capfirst(resource.replace("-", " ")),
                    [
                        (f"{resource}:{verb}", verb, f"{resource}:{verb}" in chosen)
                        for verb in VERBS
                    ],
                )
                for resource in sorted(SCOPED)
            ],
        }
        return context


class ScopesField(forms.MultipleChoiceField):
    widget = ScopesWidget

    def __init__(self, **options: Any) -> None:
        choices = [
            (f"{resource}:{verb}", f"{resource}:{verb}")
            for resource in sorted(SCOPED)
            for verb in VERBS
        ]
        super().__init__(choices=choices, **options)
