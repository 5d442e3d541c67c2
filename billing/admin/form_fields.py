"""What forms of the staff's pages say about their fields that the columns cannot."""

from collections.abc import Callable
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _


def optional(form: forms.BaseForm, *names: str) -> None:
    """Fields that the action has an answer for when they are left empty."""
    for name in names:
        if name in form.fields:
            form.fields[name].required = False


def positive(value: Decimal) -> None:
    if value <= 0:
        raise ValidationError(_("Must be greater than 0."))


def bounded(form: forms.BaseForm, name: str, *validators: Callable[[Decimal], None]) -> None:
    """Bounds that the API's serializers state and the columns cannot."""
    if name in form.fields:
        form.fields[name].validators.extend(validators)
