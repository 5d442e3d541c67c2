"""Serializer fields that take exactly what the contract says and nothing that merely resembles it."""

import base64
import datetime
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bizsuite.exact_json import instant
from bizsuite.money import (
    MONEY_MAX,
    MONEY_PLACES,
    currency_decimals,
    has_at_most,
    plain_decimal,
    round_half_up,
)

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"-?\d{1,30}(\.\d{1,30})?")
MAX_ID = 2**63 - 1

serializers.Field.default_error_messages["required"] = "This field is required"
serializers.Field.default_error_messages["null"] = "This field may not be null"


class StrictCharField(serializers.CharField):
    """Text only: a zip code sent as the number 2139 has already lost its zero."""

    default_error_messages = {"invalid": "Must be text", "blank": "This field is required"}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class OptionalTextField(StrictCharField):
    """Text that may be absent: null on the outside, empty in the database."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True, "allow_blank": True} | kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return "" if value is None else value

    def to_representation(self, value: Any) -> str | None:
        return value or None


class StrictEmailField(StrictCharField):
    default_error_messages = {"invalid_email": "Invalid email format"}

    def to_internal_value(self, data: Any) -> str:
        value = super().to_internal_value(data)
        if value:
            try:
                serializers.EmailField().run_validators(value)
            except serializers.ValidationError:
                self.fail("invalid_email")
        return value


class OptionalEmailField(OptionalTextField, StrictEmailField):
    pass


class StrictIntegerField(serializers.IntegerField):
    default_error_messages = {"invalid": "Must be a whole number"}

    def to_internal_value(self, data: Any) -> int:
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return data


class StrictBooleanField(serializers.BooleanField):
    default_error_messages = {"invalid": "Must be true or false"}

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


class StrictDateField(serializers.DateField):
    default_error_messages = {"invalid": "Must be a date in the form YYYY-MM-DD"}

    def to_internal_value(self, value: Any) -> datetime.date:
        parsed = parse_date(value) if isinstance(value, str) else None
        if parsed is None:
            self.fail("invalid")
        return parsed

    def to_representation(self, value: Any) -> str | None:
        return value.isoformat() if value else None


class InstantField(serializers.DateTimeField):
    """UTC, whole seconds, with a Z."""

    def to_representation(self, value: Any) -> str | None:
        return instant(value) if value else None


class ExactNumberField(serializers.Field):
    """An exact number: a JSON number or a numeric string in, a number out.

    places: how many decimals it may have. minimum, maximum: inclusive bounds.
    """

    example = Decimal(1)

    default_error_messages = {
        "invalid": "Must be a number",
        "places": "Must have no more than {places} decimals",
        "minimum": "{label} must be at least {minimum}",
        "positive": "{label} must be greater than 0",
        "maximum": "{label} must be at most {maximum}",
    }

    def __init__(
        self,
        *,
        places: int,
        maximum: Decimal,
        minimum: Decimal | None = None,
        positive: bool = False,
        **kwargs: Any,
    ) -> None:
        self.places, self.minimum, self.maximum, self.positive = places, minimum, maximum, positive
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        value = self._number(data)
        if not has_at_most(value, self.places):
            self.fail("places", places=self.places)
        label = str(self.label or self.field_name).capitalize()
        if self.positive and value <= 0:
            self.fail("positive", label=label)
        minimum = -self.maximum if self.minimum is None else self.minimum
        if value < minimum:
            self.fail("minimum", label=label, minimum=minimum)
        if value > self.maximum:
            self.fail("maximum", label=label, maximum=self.maximum)
        return value

    def _number(self, data: Any) -> Decimal:
        is_number = isinstance(data, Decimal | int) and not isinstance(data, bool)
        if not is_number and not (isinstance(data, str) and _NUMBER.fullmatch(data)):
            self.fail("invalid")
        return Decimal(data)

    def to_representation(self, value: Decimal) -> Decimal:
        """Rates and quantities: without trailing zeros."""
        return plain_decimal(value)


class ApiMoneyField(ExactNumberField):
    """Money: printed with the currency's decimals, a unit price with up to four.

    currency: the attribute path, from the record shown, of the currency's code.
    """

    example = Decimal("1500.00")

    def __init__(self, *, currency: str = "currency", **kwargs: Any) -> None:
        self.currency = currency
        super().__init__(**{"places": MONEY_PLACES, "maximum": MONEY_MAX} | kwargs)

    def get_attribute(self, instance: Any) -> Any:
        amount, code = super().get_attribute(instance), instance
        for name in self.currency.split("."):
            code = getattr(code, name)
        return None if amount is None else money_number(amount, code)

    def to_representation(self, value: Decimal) -> Decimal:
        return value


def money_number(amount: Decimal, currency: str) -> Decimal:
    """`amount` as it is printed: 1500.00, 2.5555 (a unit price), 1500 (yen)."""
    places = currency_decimals(currency)
    return round_half_up(amount, places if has_at_most(amount, places) else MONEY_PLACES)


@extend_schema_field(
    {
        "type": "object",
        "description": "The caller's own notes: up to 50 texts by name.",
        "maxProperties": 50,
        "propertyNames": {"minLength": 1, "maxLength": 40},
        "additionalProperties": {"type": "string", "maxLength": 500},
        "example": {},
    }
)
class MetadataField(serializers.Field):
    """Up to 50 pairs of texts, the caller's own; names up to 40 characters, values up to 500."""

    default_error_messages = {
        "invalid": "Must be an object of up to 50 texts",
        "name": "Names must be 1 to 40 characters long",
        "value": "Values must be texts of up to 500 characters",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"required": False, "allow_null": True} | kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        value = super().run_validation(data)
        return {} if value is None else value

    def to_internal_value(self, data: Any) -> dict[str, str]:
        if not isinstance(data, dict) or len(data) > 50:
            self.fail("invalid")
        for name, value in data.items():
            if not 1 <= len(name) <= 40:
                self.fail("name")
            if not isinstance(value, str) or len(value) > 500:
                self.fail("value")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(OpenApiTypes.INT64)
class RecordIdField(serializers.Field):
    """The id of another record; validates to the record itself.

    Declared as `customer_id = RecordIdField(source="customer", queryset=…)`.
    """

    default_error_messages = {"invalid": "Must be an id", "missing": "There is no such record"}

    def __init__(self, *, queryset: Any, **kwargs: Any) -> None:
        self.queryset = queryset
        self._loaded: dict[int, Any] = {}
        super().__init__(**kwargs)

    def load(self, ids: Iterable[Any]) -> None:
        """Fetch what a list is about to name, all at once and not item by item."""
        wanted = {each for each in ids if is_record_id(each)} - self._loaded.keys()
        if wanted:
            # Their order is not asked for; sorting out how to sort costs as much as the query.
            found = self.queryset.order_by().in_bulk(wanted)
            # A new mapping: the old one is shared with the field that this one is a copy of.
            self._loaded = self._loaded | dict.fromkeys(wanted) | found

    def get_attribute(self, instance: Any) -> Any:
        # The column and not the relation: showing an id must not fetch the row.
        return getattr(instance, f"{self.source}_id")

    def to_internal_value(self, data: Any) -> Any:
        if not is_record_id(data):
            self.fail("invalid")
        if data not in self._loaded:
            self.load([data])
        record = self._loaded[data]
        if record is None:
            self.fail("missing")
        return record

    def to_representation(self, value: Any) -> int | None:
        return value


def is_record_id(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MAX_ID


def parse_date(text: str) -> datetime.date | None:
    """An ISO date; None for anything else, such as Python's own 20240115 or 2024-W03-1."""
    if not _DATE.fullmatch(text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def first_message(error: DjangoValidationError) -> str:
    return error.messages[0].removesuffix(".")


@extend_schema_field({"type": "string", "contentEncoding": "base64"})
class FileContentField(StrictCharField):
    """Bytes, as base64."""

    default_error_messages = {"base64": "Must be base64", "empty": "The file is empty"}

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            content = base64.b64decode(text, validate=True)
        except ValueError:
            self.fail("base64")
        if not content:
            self.fail("empty")
        return content
