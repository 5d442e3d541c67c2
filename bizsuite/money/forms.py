"""The form field of the exact decimal model fields."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from bizsuite.money.decimals import format_decimal, has_at_most, parse_decimal


@deconstructible
class DecimalPlacesValidator:
    """Refuses what would have to be rounded: a digit other than 0 beyond `places` decimals."""

    code = "max_decimal_places"
    message = ngettext_lazy(
        "Ensure that there are no more than %(max)s decimal place.",
        "Ensure that there are no more than %(max)s decimal places.",
        "max",
    )

    def __init__(self, places: int) -> None:
        self.places = places

    def __call__(self, value: Decimal) -> None:
        if not has_at_most(value, self.places):
            raise ValidationError(
                self.message, code=self.code, params={"max": self.places, "value": value}
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DecimalPlacesValidator) and other.places == self.places

    def __hash__(self) -> int:
        return hash((type(self), self.places))


class ExactDecimalFormField(forms.Field):
    """A plain number with at most `places` decimals between -maximum and +maximum, as a Decimal.

    `shown_places` is how many decimals an initial value shows at least: 12.5000 as 12.50.
    """

    widget = forms.NumberInput
    default_error_messages = {"invalid": _("Enter a number.")}

    def __init__(
        self, *, places: int, maximum: Decimal, shown_places: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.places = places
        self.maximum = maximum
        self.shown_places = shown_places
        self.validators += [
            DecimalPlacesValidator(places),
            MinValueValidator(maximum.copy_negate()),
            MaxValueValidator(maximum),
        ]

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        try:
            return parse_decimal(value.strip() if isinstance(value, str) else value)
        except (TypeError, ValueError) as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, Decimal) and value.is_finite():
            return format_decimal(value, minimum_places=self.shown_places)
        return value

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        # The browser's own step would have it round, or refuse 0.0125.
        return {**super().widget_attrs(widget), "step": "any"}
