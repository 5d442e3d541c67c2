"""`POST /batch/<resource>`: many records in one request, all of them or, on an error, none."""

from typing import Any

from django.conf import settings
from django.urls import URLPattern, path
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.validators import UniqueValidator

from bizsuite.api.serializers import RecordSerializer, StrictSerializer

MAX_RECORDS = 1000


class BatchMixin:
    """`create_records(items)` calls the action and returns the records in order.

    For a ResourceViewSet; `batch_path()` gives it its address.
    """

    def create_batch(self, request: Any) -> Response:
        """Create up to 1000 at once, all or none; errors are named `<resource>.<index>.<field>`."""
        records = self.create_records(self.validated()[self.resource])
        return self.answer_all(records, status=201)


def batch_path(viewset: type) -> URLPattern:
    """The route of a viewset with BatchMixin."""
    name = viewset.resource
    view = viewset.as_view(
        {"post": "create_batch"},
        basename=f"{name}-batch",
        detail=False,
        body_class=batch_serializer(viewset.serializer_class, name),
        max_body_bytes=settings.MAX_BATCH_BODY_BYTES,
    )
    return path(f"batch/{name}", view, name=f"{name}-batch")


def batch_serializer(serializer_class: type[RecordSerializer], name: str) -> type[StrictSerializer]:
    """The shape of a batch's body: `{"customers": [{…}, …]}`."""
    items = RecordListSerializer(
        child=serializer_class(), allow_empty=False, max_length=MAX_RECORDS
    )
    class_name = serializer_class.__name__.replace("Serializer", "BatchSerializer")
    return type(class_name, (StrictSerializer,), {name: items})


class RecordListSerializer(serializers.ListSerializer):
    """New records; what must be unique is looked up for all of them in one query."""

    default_error_messages = {
        "not_a_list": "Must be a list",
        "empty": "Send at least one record",
        "max_length": "Send no more than {max_length} records",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._unique: dict[str, UniqueValidator] = {}
        for name, field in self.child.fields.items():
            for validator in field.validators:
                if isinstance(validator, UniqueValidator):
                    self._unique[name] = validator
                    field.validators = [each for each in field.validators if each is not validator]

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = super().to_internal_value(data)
        errors: list[dict[str, list[str]]] = [{} for _ in items]
        for name, validator in self._unique.items():
            self._find_taken(items, name, validator, errors)
        if any(errors):
            raise serializers.ValidationError(errors)
        return items

    def _find_taken(
        self,
        items: list[dict[str, Any]],
        name: str,
        validator: UniqueValidator,
        errors: list[dict[str, list[str]]],
    ) -> None:
        source = self.child.fields[name].source
        given = [
            (item[source], found)
            for item, found in zip(items, errors, strict=True)
            if item.get(source) is not None
        ]
        if not given:
            return
        known = validator.queryset.filter(**{f"{source}__in": [value for value, _ in given]})
        taken = set(known.values_list(source, flat=True))
        before = set()
        for value, found in given:
            if value in taken:
                found[name] = [str(validator.message)]
            elif value in before:
                found[name] = ["Another record of this batch has this value"]
            before.add(value)
