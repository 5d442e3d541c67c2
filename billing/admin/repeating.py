"""The button on an invoice's page that makes a schedule of it."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldBooleanSwitchWidget,
)

from billing import recurring_invoices
from billing.models import Invoice
from billing.models.invoices import InvoiceStatus
from billing.recurrence import Interval
from bizsuite.backoffice.actors import actor_of
from bizsuite.backoffice.record_actions import ActionForm, record_action


class RepeatForm(ActionForm):
    every = forms.IntegerField(
        label=gettext_lazy("Every"),
        min_value=1,
        max_value=100,
        initial=1,
        help_text=gettext_lazy("Every how many weeks, months, quarters or years."),
        widget=UnfoldAdminIntegerFieldWidget,
    )
    interval = forms.ChoiceField(
        label=gettext_lazy("Interval"),
        choices=Interval.choices,
        initial=Interval.MONTHLY,
        widget=UnfoldAdminSelectWidget,
    )
    start_date = forms.DateField(
        label=gettext_lazy("First date"),
        required=False,
        help_text=gettext_lazy("Empty: one interval after the invoice's date, from today on."),
        widget=UnfoldAdminSingleDateWidget,
    )
    draft = forms.BooleanField(
        label=gettext_lazy("Make drafts"),
        required=False,
        help_text=gettext_lazy("The invoices wait as drafts until somebody issues them."),
        widget=UnfoldBooleanSwitchWidget,
    )


class RepeatsInvoicesMixin:
    """For the admin class of invoices."""

    @record_action(
        label=gettext_lazy("Repeat"),
        icon="event_repeat",
        question=gettext_lazy(
            "Invoices like this one are made again and again: same customer, items and prices."
            " All of it can be changed on the page that follows."
        ),
        form_class=RepeatForm,
        when=lambda invoice: (
            invoice.status != InvoiceStatus.VOID and invoice.recurring_invoice_id is None
        ),
        resource="recurring-invoices",
    )
    def repeat(self, request: HttpRequest, record: Invoice, data: dict[str, Any]) -> HttpResponse:
        given = {name: value for name, value in data.items() if value is not None}
        schedule = recurring_invoices.create_recurring_invoice(
            invoice=record, actor=actor_of(request), **given
        )
        messages.success(request, _("It is repeated from now on. Look over what comes next."))
        return redirect(reverse("admin:billing_recurringinvoice_change", args=[schedule.pk]))
