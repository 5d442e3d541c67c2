"""What `POST /batch/<resource>` takes: each record of the list checked like one sent by itself."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers
from rest_framework.validators import UniqueValidator

from bizsuite.api.exceptions import flat_errors
from bizsuite.api.serializers import RecordSerializer, StrictSerializer, load_named_records
from bizsuite.errors import Invalid
from bizsuite.records import Record

MAX_RECORDS = 1000
MOST_NAMED = 10
# The query parameters, each with the one value that it takes.
SWITCHES = {"mode": "partial", "upsert": "external_id"}


@dataclass(slots=True)
class BatchItem:
    """One record of a batch.

    values: what to write. known: the record to change; None to create one. refusal: what is
    wrong with the item, its fields by their own names.
    """

    index: int
    values: dict[str, Any]
    known: Any = None
    refusal: Invalid | None = None

    def refuse(self, errors: Mapping[str, str]) -> None:
        self.refusal = Invalid((self.refusal.errors if self.refusal else {}) | dict(errors))


def batch_serializer(serializer_class: type[RecordSerializer], name: str) -> type[StrictSerializer]:
    """The shape of a batch's body: `{"customers": [{…}, …]}`."""
    items = RecordListSerializer(
        child=serializer_class(), allow_empty=False, max_length=MAX_RECORDS
    )
    class_name = serializer_class.__name__.replace("Serializer", "BatchSerializer")
    return type(class_name, (StrictSerializer,), {name: items})


def outcome_serializer(serializer_class: type[RecordSerializer]) -> type[serializers.Serializer]:
    """The shape of what `?mode=partial` says of each record, for the documentation."""
    fields = {
        "index": serializers.IntegerField(help_text="Its place in what was sent, from 0."),
        "status": serializers.IntegerField(
            help_text="What it would have got by itself: 201 created, 200 changed, 400, 409 …"
        ),
        "data": serializer_class(required=False),
        "errors": serializers.DictField(
            child=serializers.CharField(),
            required=False,
            help_text="Of a refused one: a sentence per field; empty where no field is wrong.",
        ),
        "message": serializers.CharField(required=False),
        "code": serializers.CharField(required=False),
        "allowed": serializers.ListField(
            child=serializers.CharField(),
            required=False,
            help_text="Of a 409: what the record's present state does allow.",
        ),
    }
    class_name = serializer_class.__name__.replace("Serializer", "BatchOutcomeSerializer")
    return type(class_name, (serializers.Serializer,), fields)


class RecordListSerializer(serializers.ListSerializer):
    """The records of a batch; validates to BatchItems, of which some may be refused.

    What must be unique is looked up for all of them in one query, and so are the records that
    they name. `context["find_known"]`: finds the records that have these external ids and are to
    be changed; without it all are new.
    """

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

    def to_internal_value(self, data: Any) -> list[BatchItem]:
        self._check_length(data)
        known = self._known(data)
        load_named_records(self.child, data)
        items = [self._checked(index, each, known) for index, each in enumerate(data)]
        for name, validator in self._unique.items():
            # Whoever has a known external_id was found to be changed. One that appears after that
            # look is no mistake of the caller's: the database stops the write, which is redone.
            found = name == "external_id" and self.context.get("find_known")
            _refuse_taken(name, None if found else validator, items, texts_of(data, name))
        return items

    def _check_length(self, data: Any) -> None:
        if not isinstance(data, list):
            self.fail("not_a_list")
        if not data:
            self.fail("empty")
        if len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)

    def _known(self, data: list[Any]) -> dict[str, Record]:
        find: Callable[[Iterable[str]], dict[str, Record]] | None = self.context.get("find_known")
        return find(texts_of(data, "external_id").values()) if find else {}

    def _checked(self, index: int, sent: Any, known: Mapping[str, Record]) -> BatchItem:
        record = known.get(texts_of([sent], "external_id").get(0, ""))
        try:
            if record is None:
                return BatchItem(index, self.child.run_validation(sent))
            shape: type[serializers.Serializer] = type(self.child)
            change = shape(record, data=sent, partial=True, context=self.context)
            change.is_valid(raise_exception=True)
            return BatchItem(index, dict(change.validated_data), record)
        except serializers.ValidationError as error:
            return BatchItem(index, {}, record, Invalid(dict(flat_errors(error.detail))))


def texts_of(data: list[Any], name: str) -> dict[int, str]:
    """By index, the text that an item has under this name; those without one are left out."""
    return {
        index: each[name].strip()
        for index, each in enumerate(data)
        if isinstance(each, Mapping) and isinstance(each.get(name), str)
    }


def _refuse_taken(
    name: str, validator: UniqueValidator | None, items: list[BatchItem], texts: Mapping[int, str]
) -> None:
    """Refuse what another record has, and all of those that have the same: which is right?"""
    new = {text for index, text in texts.items() if items[index].known is None}
    taken = set(
        validator.queryset.filter(**{f"{name}__in": new}).values_list(name, flat=True)
        if validator and new
        else ()
    )
    sharing: dict[str, list[int]] = {}
    for index, text in texts.items():
        sharing.setdefault(text, []).append(index)
        if items[index].known is None and text in taken:
            items[index].refuse({name: str(validator.message)})
    for indexes in sharing.values():
        if len(indexes) > 1:
            listed = ", ".join(map(str, indexes[:MOST_NAMED]))
            # Each of a thousand would name the other thousand.
            more = f" and {rest} more" if (rest := len(indexes) - MOST_NAMED) > 0 else ""
            for index in indexes:
                items[index].refuse(
                    {name: f"Records {listed}{more} of this batch have the same value"}
                )
