"""Editing a record's metadata as rows of name and value."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError as SerializerError
from unfold.widgets import INPUT_CLASSES

from bizsuite.api.exceptions import flat_errors
from bizsuite.api.fields import MetadataField as ApiMetadataField
from bizsuite.backoffice.forms import RecordForm

EMPTY_ROWS = 1
# The last fieldset of most pages.
FOR_OTHER_SYSTEMS = (
    _("For other systems"),
    {"fields": ("external_id", "pairs"), "classes": ("collapse",)},
)


class PairsWidget(forms.Widget):
    """Rows of two inputs; a script adds more. Without it there is one empty row at a time."""

    template_name = "backoffice/pairs_widget.html"

    class Media:
        js = ("backoffice/pairs.js",)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = list(value.items()) if isinstance(value, Mapping) else list(value or [])
        context["widget"] |= {
            "rows": [*rows, *[("", "")] * EMPTY_ROWS],
            "classes": " ".join(INPUT_CLASSES),
        }
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[tuple[str, str]]:
        names = [text.strip() for text in data.getlist(f"{name}-name")]
        pairs = zip(names, data.getlist(f"{name}-value"), strict=False)
        return [(key, value) for key, value in pairs if key or value]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return f"{name}-name" not in data


class PairsField(forms.Field):
    """A mapping of text to text, under the API's rules for metadata."""

    widget = PairsWidget

    def to_python(self, value: list[tuple[str, str]]) -> dict[str, str]:
        pairs = dict(value)
        if "" in pairs:
            raise ValidationError(_("Give every value a name."))
        if len(pairs) != len(value):
            raise ValidationError(_("Two rows have the same name."))
        try:
            return ApiMetadataField().run_validation(pairs)
        except SerializerError as error:
            raise ValidationError([text for _path, text in flat_errors(error.detail)]) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        return dict(initial or {}) != dict(data)


class MetadataForm(RecordForm):
    """A record's form with its metadata.

    The field is not called metadata because Django refuses one that has the name of a column
    which forms may not edit.
    """

    renamed = {"pairs": "metadata"}

    pairs = PairsField(
        required=False,
        label=_("Metadata"),
        help_text=_("Your own names and values; programs see them as metadata."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("pairs", self.instance.metadata)


class MetadataMixin:
    """For admin classes: shows the metadata to those who may not change it."""

    form = MetadataForm

    def pairs(self, record: Any) -> SafeString | str:
        if not record.metadata:
            return "–"
        return format_html(
            '<dl class="pairs">{}</dl>',
            format_html_join("", "<dt>{}</dt><dd>{}</dd>", record.metadata.items()),
        )

    pairs.short_description = _("Metadata")  # type: ignore[attr-defined]
