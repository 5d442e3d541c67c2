"""What the staff type in about items and products: units, discounts and how it is taxed."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from billing.admin.forms import (
    NOT_NEGATIVE,
    PERCENTAGE,
    bounded,
    optional,
    positive,
    without_links,
)
from billing.models import Category
from billing.models.catalogue import PLAIN_UNIT, FlowType
from billing.models.tax_categories import WITH_REASON
from billing.units import COMMON_UNITS
from bizsuite.backoffice.forms import ItemFormSet
from bizsuite.identity.models import organisation

# What a simple invoice does without: shown on demand.
DETAILS = (
    "unit",
    "discount_percent",
    "discount_amount",
    "tax_category",
    "tax_exemption_reason",
)


def offer_units(form: forms.BaseForm) -> None:
    """The common units by their names, and the one that is there already."""
    if "unit" not in form.fields:
        return
    units = {PLAIN_UNIT: "–"} | {code: str(name) for code, (name, _symbol) in COMMON_UNITS.items()}
    stored = form.instance.unit
    form.fields["unit"] = forms.ChoiceField(
        choices=list((units | {stored: units.get(stored, stored)}).items()),
        label=_("Unit"),
        required=False,
        initial=stored,
        widget=UnfoldAdminSelectWidget,
    )


def offer_tax_categories(form: forms.BaseForm) -> None:
    """Only those that a rate does not say by itself; which it is, is then left to the rate."""
    if "tax_category" not in form.fields:
        return
    form.fields["tax_category"] = forms.ChoiceField(
        choices=[("", _("By its rate")), *((each.value, each.label) for each in WITH_REASON)],
        label=_("Tax category"),
        required=False,
        help_text=_("Why no tax is charged, where it is not simply a rate of 0."),
        widget=UnfoldAdminSelectWidget,
    )
    if form.instance.tax_category not in WITH_REASON:
        form.initial["tax_category"] = ""
    form.fields["tax_exemption_reason"].label = _("Reason for no tax")


class ItemsFormSet(ItemFormSet):
    """The items of a document."""

    def shows_details(self) -> bool:
        """Whether an item has, or was refused for, what a simple invoice does without."""
        return any(form.has_details() for form in self.forms)


class ItemForm(forms.ModelForm):
    """An item. What is left empty is the product's: description, price, unit and how it is taxed."""

    class Meta:
        labels: ClassVar[dict[str, Any]] = {
            "quantity": gettext_lazy("Qty"),
            "tax_rate": gettext_lazy("Tax %"),
            "discount_percent": gettext_lazy("Discount %"),
            "discount_amount": gettext_lazy("Discount"),
        }
        widgets: ClassVar[dict[str, Any]] = {
            "description": UnfoldAdminTextInputWidget(attrs={"class": "item-description"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stored_category = self.instance.tax_category
        optional(self, "description", "amount", "tax_rate")
        if self.instance.pk is None and "tax_rate" in self.fields:
            self.initial["tax_rate"] = self.fields["tax_rate"].initial = None
        offer_units(self)
        offer_tax_categories(self)
        if "category" in self.fields:
            # One that was archived meanwhile stays, or saving would take it off the item.
            kept = Category.objects.filter(pk=self.instance.category_id)
            in_use = Category.objects.active() | kept
            self.fields["category"].queryset = in_use.filter(type=FlowType.INCOME)
        without_links(self, "product", "category")
        bounded(self, "quantity", positive)
        bounded(self, "amount", NOT_NEGATIVE)
        bounded(self, "tax_rate", *PERCENTAGE)
        bounded(self, "discount_percent", *PERCENTAGE)
        bounded(self, "discount_amount", NOT_NEGATIVE)

    def has_details(self) -> bool:
        item = self.instance
        return (
            item.unit != PLAIN_UNIT
            or item.discount_percent is not None
            or item.discount_amount is not None
            or item.tax_category in WITH_REASON
            or any(name in self.errors for name in DETAILS)
        )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        product = cleaned.get("product")
        if not cleaned.get("description") and "description" not in self.errors:
            cleaned["description"] = product.name if product else ""
        if cleaned.get("amount") is None and "amount" not in self.errors and product:
            if other := self._unlike_products():
                self.add_error("amount", other)
            else:
                cleaned["amount"] = product.price
        if self._is_taxed_as_before():
            cleaned["tax_category"] = self._stored_category
        if self.has_changed():
            self._require_filled(cleaned)
        return cleaned

    def _unlike_products(self) -> str:
        """Why the document cannot take a product's price as it is; empty if it can."""
        currency = self.data.get("currency")
        if currency and currency != organisation().currency:
            return _("Give this: the product's price is in another currency.")
        if self.data.get("tax_inclusive"):
            return _("Give this: the product's price is without tax.")
        return ""

    def _is_taxed_as_before(self) -> bool:
        """Nobody touched what says how it is taxed; "by its rate" is not the product's then."""
        said = {"product", "tax_rate", "tax_category", "tax_exemption_reason"}
        return self.instance.pk is not None and said.isdisjoint(self.changed_data)

    def _require_filled(self, cleaned: dict[str, Any]) -> None:
        for name in ("description", "amount"):
            if name not in self.errors and cleaned.get(name) in (None, ""):
                self.add_error(name, _("Give this, or choose a product."))

    def _get_validation_exclusions(self) -> set[str]:
        """The action puts in what was left empty of how it is taxed, and judges all of it."""
        excluded: set[str] = super()._get_validation_exclusions()
        return excluded | {"tax_rate", "unit", *DETAILS}
