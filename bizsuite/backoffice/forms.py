"""Forms whose values go to an action, and that show what the action said against them."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django import forms
from django.forms.formsets import DELETION_FIELD_NAME
from django.utils.text import capfirst
from unfold.forms import PaginationInlineFormSet

from bizsuite.errors import DomainError, Invalid


def show_refusal(
    form: forms.BaseForm, refusal: DomainError, *, shown_elsewhere: tuple[str, ...] = ()
) -> None:
    """Put an action's refusal onto the form: on the fields it names, the rest on top.

    shown_elsewhere: the lists (`items`) whose own forms show the errors about them.
    """
    if not isinstance(refusal, Invalid):
        form.add_error(None, refusal.message)
        return
    for path, text in refusal.errors.items():
        if path.split(".")[0] not in shown_elsewhere:
            _add_error(form, path, text)


def _add_error(form: forms.BaseForm, path: str, text: str) -> None:
    if not path:
        form.add_error(None, text)
        return
    # The API says customer_id where the form has the customer.
    for name in (path, path.removesuffix("_id")):
        if name in form.fields:
            form.add_error(name, text)
            return
    form.add_error(None, f"{capfirst(path.replace('_', ' '))}: {text}")


class RecordForm(forms.ModelForm):
    """The form of a record's page.

    An action may refuse what the form itself finds well. The page is then made a second time
    with the action's `refusal`, so that nothing typed is lost.
    """

    refusal: ClassVar[DomainError | None] = None
    lists: ClassVar[tuple[str, ...]] = ()
    # What the action calls a field that the form must call something else.
    renamed: ClassVar[Mapping[str, str]] = {}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal is not None:
            show_refusal(self, self.refusal, shown_elsewhere=self.lists)
        return cleaned

    def _post_clean(self) -> None:
        """Leave the constraints to the action, which has words for them; they only have names."""
        self.instance.validate_constraints = lambda exclude=None: None
        super()._post_clean()
        del self.instance.validate_constraints


class ItemFormSet(PaginationInlineFormSet):
    """A record's items, which its action takes as a list and not one by one.

    data_name: what the action calls the list.
    """

    data_name: ClassVar[str] = "items"
    refusal: ClassVar[DomainError | None] = None

    def kept_forms(self) -> list[forms.BaseForm]:
        """The forms of the items that there will be, in their order."""
        return [
            form
            for form in self.forms
            if (form.instance.pk is not None or form.has_changed())
            and not form.cleaned_data.get(DELETION_FIELD_NAME)
        ]

    def items(self) -> list[dict[str, Any]]:
        return [self._item(form) for form in self.kept_forms()]

    def _item(self, form: forms.BaseForm) -> dict[str, Any]:
        internal = {DELETION_FIELD_NAME, self.fk.name, self.model._meta.pk.name}
        return {
            name: value
            for name, value in form.cleaned_data.items()
            if name not in internal and value is not None
        }

    def clean(self) -> None:
        super().clean()
        if isinstance(self.refusal, Invalid):
            kept = self.kept_forms()
            for path, text in self.refusal.errors.items():
                self._show(path.split("."), text, kept)

    def _show(self, path: list[str], text: str, kept: list[forms.BaseForm]) -> None:
        if path[0] != self.data_name:
            return
        index = int(path[1]) if len(path) > 1 and path[1].isdigit() else len(kept)
        if index >= len(kept):
            raise forms.ValidationError(text)
        _add_error(kept[index], ".".join(path[2:]), text)
