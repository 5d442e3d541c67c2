"""What the staff type in about billing."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from billing.defaults import DEFAULT_ACCOUNT
from billing.models import Account, Category
from billing.models.catalogue import FlowType
from billing.models.quotes import QuoteStatus
from bizsuite.backoffice.metadata import MetadataForm
from bizsuite.backoffice.record_actions import ActionForm
from bizsuite.identity.models import organisation
from bizsuite.money import MONEY_MAX, MONEY_PLACES, ExactDecimalFormField


def amount_field(**options: Any) -> ExactDecimalFormField:
    return ExactDecimalFormField(
        places=MONEY_PLACES,
        maximum=MONEY_MAX,
        shown_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
        **options,
    )


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


NOT_NEGATIVE = MinValueValidator(Decimal(0))
PERCENTAGE = (NOT_NEGATIVE, MaxValueValidator(Decimal(100)))


def without_links(form: forms.BaseForm, *names: str) -> None:
    """No buttons for adding and changing beside a choice: a table's row has no room for them."""
    for name in names:
        if name in form.fields:
            for link in ("add", "change", "delete", "view"):
                setattr(form.fields[name].widget, f"can_{link}_related", False)


class InvoiceForm(MetadataForm):
    renamed: ClassVar[Mapping[str, str]] = MetadataForm.renamed | {"invoice_number": "number"}
    invoice_number = forms.CharField(
        label=gettext_lazy("Number"),
        required=False,
        max_length=40,
        help_text=gettext_lazy(
            "Only for invoices that were issued elsewhere: the number that they had there. Such an"
            " invoice is booked at once, and stands outside of the numbers given here."
        ),
        widget=UnfoldAdminTextInputWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            optional(self, "due_date")
            self.fields["due_date"].help_text = _("Empty: by the organisation's payment terms.")
        else:
            del self.fields["invoice_number"]


class QuoteForm(MetadataForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            optional(self, "valid_until")
            self.fields["valid_until"].help_text = _("Empty: 30 days after its date.")
        elif "valid_until" in self.fields and self._has_expired():
            self.fields["valid_until"].help_text = _("It has expired. A later day revives it.")

    def _has_expired(self) -> bool:
        return bool(self.instance.status_on(organisation().today()) == QuoteStatus.EXPIRED)


class DeclineForm(ActionForm):
    reason = forms.CharField(
        label=gettext_lazy("Why"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("In the customer's words; it helps with the next quote."),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )


class ItemForm(forms.ModelForm):
    """An item. Description, price and tax rate are the product's where they are left empty."""

    class Meta:
        labels: ClassVar[dict[str, Any]] = {
            "quantity": gettext_lazy("Qty"),
            "tax_rate": gettext_lazy("Tax %"),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "description": UnfoldAdminTextInputWidget(attrs={"class": "item-description"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        optional(self, "description", "amount", "tax_rate")
        if self.instance.pk is None and "tax_rate" in self.fields:
            self.initial["tax_rate"] = self.fields["tax_rate"].initial = None
        if "category" in self.fields:
            self.fields["category"].queryset = Category.objects.active().filter(
                type=FlowType.INCOME
            )
        without_links(self, "product", "category")
        bounded(self, "quantity", positive)
        bounded(self, "amount", NOT_NEGATIVE)
        bounded(self, "tax_rate", *PERCENTAGE)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        product = cleaned.get("product")
        if not cleaned.get("description") and "description" not in self.errors:
            cleaned["description"] = product.name if product else ""
        if cleaned.get("amount") is None and "amount" not in self.errors and product:
            cleaned["amount"] = product.price
        if self.has_changed():
            self._require_filled(cleaned)
        return cleaned

    def _require_filled(self, cleaned: dict[str, Any]) -> None:
        for name in ("description", "amount"):
            if name not in self.errors and cleaned.get(name) in (None, ""):
                self.add_error(name, _("Give this, or choose a product."))

    def _get_validation_exclusions(self) -> set[str]:
        """The action puts in the tax rate that was left empty."""
        excluded: set[str] = super()._get_validation_exclusions()
        return excluded | {"tax_rate"} if self.cleaned_data.get("tax_rate") is None else excluded


class PaymentOnInvoiceForm(ActionForm):
    amount = amount_field(label=gettext_lazy("Amount"))
    date = forms.DateField(
        label=gettext_lazy("Date"), required=False, widget=UnfoldAdminSingleDateWidget
    )
    account = forms.ModelChoiceField(
        Account.objects.none(),
        label=gettext_lazy("Account"),
        empty_label=None,
        widget=UnfoldAdminSelectWidget,
    )
    method = forms.CharField(
        label=gettext_lazy("Method"),
        required=False,
        max_length=50,
        widget=UnfoldAdminTextInputWidget,
    )
    reference = forms.CharField(
        label=gettext_lazy("Reference"),
        required=False,
        max_length=100,
        widget=UnfoldAdminTextInputWidget,
    )
    notes = forms.CharField(
        label=gettext_lazy("Notes"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    allow_credit = forms.BooleanField(
        label=gettext_lazy("More than the balance becomes the customer's credit"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invoice = self.record
        self.fields["amount"].initial = invoice.balance
        self.fields["amount"].help_text = invoice.currency
        self.fields["date"].initial = organisation().today()
        self.fields["account"].queryset = Account.objects.active()
        self.fields["account"].initial = DEFAULT_ACCOUNT
        bounded(self, "amount", positive)
