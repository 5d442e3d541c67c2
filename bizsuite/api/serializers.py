"""The base of every public shape: strict about what comes in, the same wherever it goes out."""

import copy
import functools
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db import models
from django.utils.functional import cached_property
from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from bizsuite.api import fields
from bizsuite.api.expansion import Expansion

MISSING = object()
# What these fields mean wherever they stand.
COMMON_HELP = {
    "id": "Given when the record is made; names it in addresses.",
    "currency": "The code of the currency that all its amounts are in.",
    "archived_at": "Since when it is hidden from lists and new documents; null if it is not.",
    "created_at": "When the record was made.",
    "updated_at": "When the record last changed.",
}


class StrictSerializer(serializers.Serializer):
    """Refuses fields it does not know: a misspelt field silently dropped is lost data.

    `context["only"]`: the names to show, for `?fields=`; None for all. `Meta.help_texts`: what
    each field means, for the documentation.
    """

    default_error_messages = {"invalid": "Must be an object"}

    def get_fields(self) -> dict[str, serializers.Field]:
        """As ever, but read off the model once per class and copied from then on.

        Building them anew was the larger half of a small request's time.
        """
        cls = type(self)
        if "_prototypes" not in cls.__dict__:
            cls._prototypes = super().get_fields()
            for name, text in self._help_texts(cls._prototypes).items():
                field = cls._prototypes[name]
                field.help_text = text
                # A deep copy is made of what the field was declared with.
                field._kwargs = field._kwargs | {"help_text": text}
        return {name: fresh_copy(field) for name, field in cls._prototypes.items()}

    def _help_texts(self, names: Iterable[str]) -> dict[str, str]:
        common = {name: COMMON_HELP[name] for name in names if name in COMMON_HELP}
        return common | getattr(getattr(self, "Meta", None), "help_texts", {})

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, Mapping):
            self.fail("invalid")
        errors: dict[str, Any] = self._surplus(data) | self._missing(data)
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            errors |= error.detail
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _missing(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        """A partial update leaves out fields of the record, and never parts of its items."""
        if not self.root.partial or self.root is self:
            return {}
        return {
            field.field_name: [field.error_messages["required"]]
            for field in self._writable_fields
            if field.required and field.field_name not in data
        }

    def _surplus(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        errors = {}
        for name in data:
            field = self.fields.get(name)
            if field is None:
                errors[name] = ["Unknown field"]
            elif field.read_only and not self._is_unchanged(name, field, data[name]):
                errors[name] = ["This field is read-only"]
        return errors

    def _is_unchanged(self, name: str, field: serializers.Field, value: Any) -> bool:
        """Whether a read-only value is the record's own: GET, change, PUT must work."""
        if not isinstance(self.instance, models.Model):
            return False
        if name == "updated_at":
            return True  # it moves by itself between the GET and the PUT
        if not hasattr(self, "_shown"):
            self._shown = type(self)(self.instance, context=self.context).data
        return same_number_or_value(self._shown.get(name, MISSING), value)

    @cached_property
    def _readable_fields(self) -> list[serializers.Field]:
        only = self.context.get("only") if self._is_outermost() else None
        return [
            field
            for name, field in self.fields.items()
            if not field.write_only and (only is None or name in only)
        ]

    def _is_outermost(self) -> bool:
        """`?fields=` names the record's own fields and not those of its items."""
        return self.parent is None or (
            isinstance(self.parent, serializers.ListSerializer) and self.parent.parent is None
        )


def fresh_copy(field: serializers.Field) -> serializers.Field:
    """A field like this one, to be bound to another serializer.

    What a field is made of never changes, so the copy may share it; but one that has fields of
    its own is their parent, and takes copies of them along.
    """
    has_parts = isinstance(field, serializers.BaseSerializer) or hasattr(field, "child")
    return copy.deepcopy(field) if has_parts else copy.copy(field)


class StrictListSerializer(serializers.ListSerializer):
    """A list whose items name other records: these are fetched once for all of its items."""

    def to_internal_value(self, data: Any) -> Any:
        load_named_records(self.child, data)
        return super().to_internal_value(data)


def load_named_records(shape: serializers.Serializer, sent: Any) -> None:
    """Fetch what the items of a list name, all at once; what their own items name too.

    sent: the list as it came, which may be anything.
    """
    items = [item for item in sent if isinstance(item, Mapping)] if type(sent) is list else []
    for name, field in shape.fields.items():
        values = [item.get(name) for item in items]
        if isinstance(field, fields.RecordIdField):
            field.load(values)
        elif isinstance(field, serializers.ListSerializer):
            parts = [part for value in values if type(value) is list for part in value]
            load_named_records(field.child, parts)


class RecordSerializer(StrictSerializer, serializers.ModelSerializer):
    """The public shape of a `Record`. Every one takes and shows external_id and metadata.

    expandable: the relations that `?expand=` can show as records, each beside its id.
    `context["expand"]`: the chosen ones of `expandable`.
    """

    expandable: ClassVar[Mapping[str, Expansion]] = {}

    serializer_field_mapping = serializers.ModelSerializer.serializer_field_mapping | {
        models.CharField: fields.StrictCharField,
        models.TextField: fields.StrictCharField,
        models.EmailField: fields.StrictEmailField,
        models.IntegerField: fields.StrictIntegerField,
        models.PositiveIntegerField: fields.StrictIntegerField,
        models.PositiveSmallIntegerField: fields.StrictIntegerField,
        models.BigIntegerField: fields.StrictIntegerField,
        models.BooleanField: fields.StrictBooleanField,
        models.DateField: fields.StrictDateField,
        models.DateTimeField: fields.InstantField,
    }

    metadata = fields.MetadataField()

    def build_standard_field(self, field_name: str, model_field: models.Field) -> Any:
        """Optional text shows as null and takes null, whatever the column keeps."""
        field_class, options = super().build_standard_field(field_name, model_field)
        if model_field.blank and issubclass(field_class, fields.StrictCharField):
            optional = (
                fields.OptionalEmailField
                if issubclass(field_class, fields.StrictEmailField)
                else fields.OptionalTextField
            )
            if model_field.null:
                options["allow_blank"] = False  # "" would be a value, and collide with the next
            else:
                field_class = optional
        for validator in options.get("validators", []):
            if isinstance(validator, UniqueValidator):
                validator.message = "Another record has this value"
        return field_class, options

    def to_representation(self, instance: Any) -> dict[str, Any]:
        shown = super().to_representation(instance)
        return self._with_expansions(shown, instance) if self._expanded else shown

    def _with_expansions(self, shown: dict[str, Any], instance: Any) -> dict[str, Any]:
        records = {}
        for name, shape in self._expanded.items():
            record = getattr(instance, name)
            records[name] = None if record is None else shape.to_representation(record)
        beside_ids = {}
        for name, value in shown.items():
            beside_ids[name] = value
            expanded = name.removesuffix("_id")
            if expanded in records:
                beside_ids[expanded] = records[expanded]
        return beside_ids | records

    @cached_property
    def _expanded(self) -> dict[str, serializers.BaseSerializer]:
        chosen = self.context.get("expand", {}) if self._is_outermost() else {}
        # A context of their own: what is asked for is asked of the outer record alone.
        context = {name: self.context[name] for name in ("view", "request") if chosen}
        return {name: each.shape(context=context) for name, each in chosen.items()}


@functools.cache
def shown_names(serializer_class: type[serializers.Serializer]) -> tuple[str, ...]:
    """The names of the fields that a record is shown with."""
    fields = serializer_class().fields
    return tuple(name for name, field in fields.items() if not field.write_only)


class NoBody(StrictSerializer):
    """For actions that take nothing."""


def same_number_or_value(shown: Any, sent: Any) -> bool:
    """1500.00 as shown equals 1500 as sent; true never equals 1."""
    if isinstance(shown, bool) or isinstance(sent, bool):
        return shown is sent
    if isinstance(shown, list) and isinstance(sent, list):
        return len(shown) == len(sent) and all(map(same_number_or_value, shown, sent))
    if isinstance(shown, Mapping) and isinstance(sent, Mapping):
        return shown.keys() == sent.keys() and all(
            same_number_or_value(shown[name], sent[name]) for name in shown
        )
    return bool(shown == sent)
