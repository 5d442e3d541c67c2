"""Exact decimals in the database, as integers.

SQLite keeps DecimalField as floating point: there three payments of 0.10 do not fill an invoice
of 0.30. So an ExactDecimalField stores a BIGINT of the smallest unit (a MoneyField
ten-thousandths: 1.5000 is 15000), and Python sees a Decimal.

In queries:
- Compare and combine a field with fields of its own class and with literals: `F("a") + F("b")`,
  `F("amount") - money_value(Decimal("0.10"))`, `Sum`, `Min`, `Max`, `Coalesce(Sum("amount"),
  money_value(0))`, `Case`/`When`, `Greatest`, CheckConstraints. In `filter(amount__gte=…)` and
  `update(amount=…)` a literal is a plain Decimal.
- A bare Decimal inside an expression (`F("amount") - Decimal("0.10")`) has no unit: FieldError.
- `*` takes whole numbers (`F("amount") * 2`). Every other product, and every division, needs
  rounding and is computed in Python; SQL would truncate, or multiply the units too. FieldError
  where Django can tell; `Avg` fails when its result is read.
- exact, in, gt, gte, lt, lte, range and isnull are the lookups; the text ones would search the
  digits of the stored integer.

Nothing is ever rounded on the way in: a float, NaN, an infinity, a value out of bounds and one
with too many decimals raise ValueError or TypeError on save and in filters, and ValidationError
in `full_clean()` and forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django import forms
from django.core.exceptions import FieldError, ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import lookups
from django.db.models.expressions import (
    Combinable,
    OutputFieldIsNoneError,
    register_combinable_fields,
)
from django.utils.deconstruct import deconstructible
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from bizsuite.money.decimals import EXACT, parse_decimal
from bizsuite.money.forms import DecimalPlacesValidator, ExactDecimalFormField

_ST = TypeVar("_ST", contravariant=True)
_GT = TypeVar("_GT", covariant=True)

if TYPE_CHECKING:
    GenericField = models.Field
else:

    class GenericField(models.Field):
        """Django's Field, subscriptable as the type checker knows it."""

        def __class_getitem__(cls, item):
            return cls


class ExactDecimalField(GenericField[_ST, _GT]):
    """A Decimal with at most `places` decimals between -maximum and +maximum, stored exactly.

    Subclasses give the two as class attributes, for the database's arithmetic makes its result
    field from the class alone. They are siblings, never each other's parents: that is how
    Django notices that a quantity was added to money.
    """

    _pyi_private_set_type: Decimal | int | str | Combinable
    _pyi_private_get_type: Decimal
    _pyi_lookup_exact_type: Decimal | int | str

    description = _("Exact decimal number")
    default_error_messages = {"invalid": _("Enter a number.")}

    places: ClassVar[int]
    maximum: ClassVar[Decimal]
    # How many decimals a form shows at least.
    shown_places: ClassVar[int] = 0

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        # Not through get_internal_type(): Django would then pass what an expression returns
        # through int(), and an Avg would be rounded without a word.
        return "bigint"

    def get_lookup(self, lookup_name: str) -> type[lookups.Lookup[Any]] | None:
        return SAME_UNIT_LOOKUPS.get(lookup_name)

    @cached_property
    def limits(self) -> list[Any]:
        return [
            DecimalPlacesValidator(self.places),
            MinValueValidator(self.maximum.copy_negate()),
            MaxValueValidator(self.maximum),
        ]

    @cached_property
    def validators(self) -> list[Any]:
        return [*super().validators, *self.limits]

    def to_python(self, value: Any) -> Decimal | None:
        if value is None:
            return None
        try:
            return parse_decimal(value)
        except (TypeError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def get_prep_value(self, value: Any) -> int | None:
        """The integer that is stored for `value`, which is refused rather than rounded."""
        value = super().get_prep_value(value)
        if value is None:
            return None
        try:
            number = parse_decimal(value)
            for limit in self.limits:
                limit(number)
        except TypeError as error:
            raise TypeError(f"{self}: {error}") from error
        except ValueError as error:
            raise ValueError(f"{self}: {error}") from error
        except ValidationError as error:
            raise ValueError(f"{self} cannot hold {number}: {' '.join(error.messages)}") from error
        return int(EXACT.scaleb(number, self.places))

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        if hasattr(value, "as_sql"):
            require_same_unit(self, value)
            return value
        return super().get_db_prep_save(value, connection)

    def from_db_value(
        self, value: Any, expression: Any, connection: BaseDatabaseWrapper
    ) -> Decimal | None:
        if value is None:
            return None
        # PostgreSQL sums bigints to a numeric without decimals, SQLite to an integer.
        if isinstance(value, int):
            return EXACT.scaleb(Decimal(value), -self.places)
        if isinstance(value, Decimal) and value.as_tuple().exponent == 0:
            return EXACT.scaleb(value, -self.places)
        raise ValueError(
            f"{expression} gave {value!r} where whole units are expected. "
            "Averages and quotients are computed in Python."
        )

    def formfield(self, *args: Any, **kwargs: Any) -> forms.Field | None:
        defaults = {
            "form_class": ExactDecimalFormField,
            "places": self.places,
            "maximum": self.maximum,
            "shown_places": self.shown_places,
        }
        return super().formfield(*args, **{**defaults, **kwargs})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        # Migrations stay as they are when this module is moved.
        return name, path.replace("bizsuite.money.fields.", "bizsuite.money."), args, kwargs


class MoneyField(ExactDecimalField[_ST, _GT]):
    """An amount of money or a price, to a ten-thousandth of the currency unit.

    The currency is another column's. Amounts are rounded to its decimals by the actions that
    make them; unit prices use all four. A sum of 9,223 of the largest amounts still fits.
    """

    description = _("Amount of money")
    places = 4
    maximum = Decimal("99999999999.9999")
    shown_places = 2


class QuantityField(ExactDecimalField[_ST, _GT]):
    """How much or how many, to a ten-thousandth."""

    description = _("Quantity")
    places = 4
    maximum = Decimal("999999999.9999")


class PercentField(ExactDecimalField[_ST, _GT]):
    """A rate in percent, to a ten-thousandth of a percent: 20 is 20 %."""

    description = _("Percentage")
    places = 4
    maximum = Decimal("9999.9999")


class ExchangeRateField(ExactDecimalField[_ST, _GT]):
    """Units of one currency for one unit of another, to ten decimals."""

    description = _("Exchange rate")
    places = 10
    maximum = Decimal("99999999.9999999999")


MONEY_PLACES = MoneyField.places
MONEY_MAX = MoneyField.maximum
QUANTITY_PLACES = QuantityField.places
QUANTITY_MAX = QuantityField.maximum
PERCENT_PLACES = PercentField.places
PERCENT_MAX = PercentField.maximum
EXCHANGE_RATE_PLACES = ExchangeRateField.places
EXCHANGE_RATE_MAX = ExchangeRateField.maximum


@deconstructible(path="bizsuite.money.MoneyValue")
class MoneyValue(models.Value):
    """A literal amount of money in an expression; `money_value` makes one."""

    def __init__(self, value: Decimal | int) -> None:
        super().__init__(parse_decimal(value), output_field=MoneyField())

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        # PostgreSQL takes small literals for 4-byte integers, in which two amounts of
        # 200,000.0000 overflow when they are added.
        sql, params = self.as_sql(compiler, connection)
        return f"CAST({sql} AS bigint)", params


def money_value(amount: Decimal | int) -> MoneyValue:
    """A literal for expressions: `F("amount") - money_value(Decimal("0.10"))`."""
    return MoneyValue(amount)


def require_same_unit(field: models.Field[Any, Any], expression: Any) -> None:
    """FieldError if `expression` is known to be counted in another unit than `field`.

    Django itself would compare or store 0.10 as a tenth of a ten-thousandth.
    """
    try:
        unit = getattr(expression, "output_field", None)
    except OutputFieldIsNoneError:
        return
    if unit is not None and type(unit) is not type(field):
        raise FieldError(
            f"{expression} is a {type(unit).__name__}; where a {type(field).__name__} is "
            "expected, a literal is written with money_value() or as a Value with that "
            "output_field."
        )


class SameUnitMixin:
    """Refuses to compare with an expression that is counted in another unit."""

    lhs: Any
    rhs: Any

    def get_prep_lookup(self) -> Any:
        values = self.rhs if isinstance(self.rhs, list | tuple | set) else [self.rhs]
        for value in values:
            if hasattr(value, "resolve_expression"):
                require_same_unit(self.lhs.output_field, value)
        return super().get_prep_lookup()  # type: ignore[misc]


def _same_unit(lookup: type[lookups.Lookup[Any]]) -> type[lookups.Lookup[Any]]:
    return type(lookup.__name__, (SameUnitMixin, lookup), {})


SAME_UNIT_LOOKUPS: dict[str, type[lookups.Lookup[Any]]] = {
    "exact": _same_unit(lookups.Exact),
    "in": _same_unit(lookups.In),
    "gt": _same_unit(lookups.GreaterThan),
    "gte": _same_unit(lookups.GreaterThanOrEqual),
    "lt": _same_unit(lookups.LessThan),
    "lte": _same_unit(lookups.LessThanOrEqual),
    "range": _same_unit(lookups.Range),
    "isnull": lookups.IsNull,
}

for _field in (MoneyField, QuantityField, PercentField, ExchangeRateField):
    register_combinable_fields(_field, Combinable.ADD, _field, _field)
    register_combinable_fields(_field, Combinable.SUB, _field, _field)
    register_combinable_fields(_field, Combinable.MUL, models.IntegerField, _field)
    register_combinable_fields(models.IntegerField, Combinable.MUL, _field, _field)
