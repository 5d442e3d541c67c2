"""What the staff type in about billing."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
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

from billing.admin.currencies import CurrencyForm, rate_form_field, several_currencies
from billing.admin.form_fields import bounded, optional, positive
from billing.defaults import DEFAULT_ACCOUNT
from billing.models import Account
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


NOT_NEGATIVE = MinValueValidator(Decimal(0))
PERCENTAGE = (NOT_NEGATIVE, MaxValueValidator(Decimal(100)))


def without_links(form: forms.BaseForm, *names: str) -> None:
    """No buttons for adding and changing beside a choice: a table's row has no room for them."""
    for name in names:
        if name in form.fields:
            for link in ("add", "change", "delete", "view"):
                setattr(form.fields[name].widget, f"can_{link}_related", False)


class PricedDocumentForm(CurrencyForm, MetadataForm):
    """What invoices and quotes say about their prices."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (
            ("discount_percent", _("Discount %")),
            ("discount_amount", _("Discount")),
        ):
            if name in self.fields:
                self.fields[name].label = label
        bounded(self, "discount_percent", *PERCENTAGE)
        bounded(self, "discount_amount", NOT_NEGATIVE)


class InvoiceForm(PricedDocumentForm):
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


class QuoteForm(PricedDocumentForm):
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
    amount_received = amount_field(
        label=gettext_lazy("Arrived in the account"),
        required=False,
        help_text=gettext_lazy(
            "In the account's currency, where that is another. Empty: at the rate of the day."
        ),
    )
    exchange_rate = rate_form_field(required=False)
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
        bounded(self, "amount_received", positive)
        bounded(self, "exchange_rate", positive)
        if not several_currencies(invoice.currency):
            del self.fields["amount_received"], self.fields["exchange_rate"]
