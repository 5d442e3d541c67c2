"""What the buttons ask for that move money: on payments, and crediting an invoice."""

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSingleDateWidget, UnfoldAdminTextareaWidget

from billing.admin.forms import NOT_NEGATIVE, amount_field, bounded, positive
from billing.models import Invoice, InvoiceItem
from bizsuite.backoffice.display import day, money_text
from bizsuite.backoffice.record_actions import ActionForm
from bizsuite.identity.models import organisation
from bizsuite.money import format_decimal

# A page that nobody would fill in is no help; the API takes more.
SHOWN_INVOICES = 50


def date_field(**options: Any) -> forms.DateField:
    return forms.DateField(widget=UnfoldAdminSingleDateWidget, **options)


def worth(amount: Decimal, currency: str) -> str:
    return f"{money_text(amount, currency)} {currency}"


class AllocateForm(ActionForm):
    """One amount for each open invoice of the customer, the oldest first, filled in already."""

    date = date_field(label=gettext_lazy("Date"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date"].initial = organisation().today()
        self.fields["date"].help_text = _("When the invoices count as paid.")
        left = self.record.unallocated
        theirs = self.record.customer.invoices.filter(currency=self.record.currency)
        open_ones = theirs.open().order_by("due_date", "id")
        self.invoices: list[Invoice] = list(open_ones[:SHOWN_INVOICES])
        for invoice in self.invoices:
            part = min(left, invoice.balance)
            left -= part
            field = amount_field(label=str(invoice), required=False, initial=part if part else None)
            field.help_text = _("%(balance)s owed, due on %(date)s") % {
                "balance": worth(invoice.balance, invoice.currency),
                "date": day(invoice.due_date),
            }
            self.fields[f"invoice_{invoice.pk}"] = field
            bounded(self, f"invoice_{invoice.pk}", NOT_NEGATIVE)
        self.order_fields([name for name in self.fields if name != "date"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        allocations = [
            {"invoice": invoice, "amount": cleaned[f"invoice_{invoice.pk}"]}
            for invoice in self.invoices
            if cleaned.get(f"invoice_{invoice.pk}")
        ]
        if not self.invoices:
            raise ValidationError(_("This customer owes nothing on any invoice."))
        if not allocations and not self.errors:
            raise ValidationError(_("Give an amount for at least one invoice."))
        return {"date": cleaned.get("date"), "allocations": allocations}


class RefundForm(ActionForm):
    amount = amount_field(label=gettext_lazy("Amount"))
    amount_sent = amount_field(
        label=gettext_lazy("Left the account"),
        required=False,
        help_text=gettext_lazy("In the account's currency. Empty: at the payment's rate."),
    )
    date = date_field(label=gettext_lazy("Date"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        payment = self.record
        bounded(self, "amount_sent", positive)
        if payment.currency_received == payment.currency:
            del self.fields["amount_sent"]
        self.fields["amount"].initial = payment.left
        self.fields["amount"].help_text = _(
            "Up to %(left)s, of which %(credit)s is credit that no invoice has taken."
        ) % {
            "left": worth(payment.left, payment.currency),
            "credit": worth(payment.unallocated, payment.currency),
        }
        self.fields["date"].initial = max(organisation().today(), payment.date)
        bounded(self, "amount", positive)


class ReversePaymentForm(ActionForm):
    date = date_field(
        label=gettext_lazy("Date"),
        required=False,
        help_text=gettext_lazy(
            "Leave this empty: it is reversed on the day it was booked. If that day lies in a"
            " closed period, give one after it."
        ),
    )


class CreditForm(ActionForm):
    """For each item with something left: how much of it without tax, or how many."""

    date = date_field(label=gettext_lazy("Date"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date"].initial = max(organisation().today(), self.record.date)
        self.items: list[InvoiceItem] = [i for i in self.record.items.all() if i.left]
        for item in self.items:
            self._add_fields(item)
        self.order_fields([name for name in self.fields if name not in ("date", "reason")])

    def _add_fields(self, item: InvoiceItem) -> None:
        net, count = f"net_{item.pk}", f"quantity_{item.pk}"
        currency = self.record.currency
        self.fields[net] = amount_field(
            label=item.description,
            required=False,
            initial=item.left,
            help_text=_("Net, up to %(left)s. Empty: nothing of it.")
            % {"left": worth(item.left, currency)},
        )
        bounded(self, net, NOT_NEGATIVE)
        if item.quantity_left and item.quantity != 1:
            self.fields[count] = amount_field(
                label=_("… or how many of them"),
                required=False,
                help_text=_("Up to %(left)s; the amount above does not count then.")
                % {"left": format_decimal(item.quantity_left)},
            )
            bounded(self, count, positive)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        items = list(self._asked_for(cleaned))
        if not items and not self.errors:
            raise ValidationError(_("Give an amount for at least one item."))
        date: datetime.date | None = cleaned.get("date")
        return {"date": date, "reason": cleaned.get("reason", ""), "items": items}

    def _asked_for(self, cleaned: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for item in self.items:
            net, quantity = cleaned.get(f"net_{item.pk}"), cleaned.get(f"quantity_{item.pk}")
            if quantity:
                yield {"invoice_item": item, "quantity": quantity}
            elif net == item.left:
                yield {"invoice_item": item}  # all of it, however many they are
            elif net:
                yield {"invoice_item": item, "total": net}
