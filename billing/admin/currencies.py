"""Choosing a currency, and the rate to the organisation's own."""

from typing import Any

from babel.numbers import get_currency_name, list_currencies
from django import forms
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from billing.admin.form_fields import bounded, optional, positive
from billing.models import Account
from bizsuite.identity.models import organisation
from bizsuite.money import (
    EXCHANGE_RATE_MAX,
    EXCHANGE_RATE_PLACES,
    ExactDecimalFormField,
    is_currency,
)

# Those that most invoices are in come first, then all by their codes.
USUAL = ("EUR", "USD", "GBP", "CHF", "JPY", "CNY", "CAD", "AUD", "INR", "AED", "KWD")

CURRENCY = ("currency", "exchange_rate")
# Apart, so that who has one currency never has to look at it.
CURRENCY_FIELDSET = (gettext_lazy("Currency"), {"fields": (CURRENCY,), "classes": ("collapse",)})


def currency_choices(*first: str) -> list[tuple[str, str]]:
    """Codes with their names; `first`: those that stand at the top."""
    # The word of the words before "-": en-gb names currencies as en does.
    language = (get_language() or "en").split("-")[0]
    codes = dict.fromkeys([*first, *USUAL, *sorted(filter(is_currency, list_currencies("en")))])
    return [(code, f"{code} · {get_currency_name(code, locale=language)}") for code in codes]


def rate_form_field(**options: Any) -> ExactDecimalFormField:
    """For buttons: what one unit of the document's currency is worth in the own one."""
    return ExactDecimalFormField(
        places=EXCHANGE_RATE_PLACES,
        maximum=EXCHANGE_RATE_MAX,
        widget=UnfoldAdminDecimalFieldWidget,
        **{
            "label": gettext_lazy("Exchange rate"),
            "help_text": gettext_lazy(
                "Your own currency for one of the document's. Empty: the stored rate of the day."
            ),
        }
        | options,
    )


def several_currencies(currency: str) -> bool:
    """Whether anything is to be exchanged for an amount in this one."""
    others = Account.objects.active().exclude(currency=currency)
    return currency != organisation().currency or others.exists()


class CurrencyForm(forms.ModelForm):
    """A form about something that has a currency, and most of them an exchange rate to it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = organisation().currency
        if "currency" in self.fields:
            label = self.fields["currency"].label
            self.fields["currency"] = forms.ChoiceField(
                label=label,
                choices=currency_choices(own),
                initial=own,
                widget=UnfoldAdminSelectWidget,
            )
        if "exchange_rate" in self.fields:
            optional(self, "exchange_rate")
            bounded(self, "exchange_rate", positive)
            self.fields["exchange_rate"].help_text = _(
                "%(currency)s for one of the currency that it is in. Empty: the stored rate of its"
                " date."
            ) % {"currency": own}
            if self.instance.pk is None:
                self.initial["exchange_rate"] = self.fields["exchange_rate"].initial = None
