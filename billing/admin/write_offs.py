from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.widgets import UnfoldAdminTextareaWidget

from billing import write_offs
from billing.admin.forms import amount_field, bounded, positive
from billing.admin.money_forms import date_field, worth
from billing.display import link_to
from billing.models import WriteOff
from billing.serializers import WriteOffSerializer
from bizsuite.backoffice.display import badge, day, money
from bizsuite.backoffice.record_actions import ActionForm, record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ReadOnlyAdmin
from bizsuite.identity.models import organisation
from customers.admin import CustomerAdmin


class WriteOffForm(ActionForm):
    """On an invoice's page: how much of it will not be paid."""

    amount = amount_field(label=gettext_lazy("Amount"))
    date = date_field(label=gettext_lazy("Date"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("For yourselves: the customer does not see it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        invoice = self.record
        self.fields["amount"].initial = invoice.balance
        self.fields["amount"].help_text = _("Up to %(balance)s, which is all that is owed.") % {
            "balance": worth(invoice.balance, invoice.currency)
        }
        self.fields["date"].initial = max(organisation().today(), invoice.date)
        bounded(self, "amount", positive)


class ReverseWriteOffForm(ActionForm):
    date = date_field(
        label=gettext_lazy("Date"),
        help_text=gettext_lazy("When you knew that they would pay after all."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date"].initial = max(organisation().today(), self.record.date)


class StandingFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("standing", gettext_lazy("Written off")), ("reversed", gettext_lazy("Reversed"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "standing":
            return queryset.standing()
        return queryset.exclude(reversed_on=None) if self.value() == "reversed" else queryset


@admin.register(WriteOff)
class WriteOffAdmin(ReadOnlyAdmin):
    """What was given up, to look at. A new one is made with the button on its invoice."""

    resource = "write-offs"
    event_resource = "write_off"
    serializer_class = WriteOffSerializer

    list_display = (
        "written_off_on",
        "customer",
        "invoice",
        "short_reason",
        "state_badge",
        "money_amount",
    )
    list_filter = (
        StandingFilter,
        ("customer", AutocompleteSelectFilter),
        ("date", RangeDateFilter),
    )
    list_select_related = ("customer", "invoice")
    date_hierarchy = "date"
    ordering = ("-id",)
    record_actions = ("reverse",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "customer_link",
                    "invoice_link",
                    "written_off_on",
                    "reason",
                    "external_id",
                )
            },
        ),
    )
    readonly_fields = ("customer_link", "invoice_link", "written_off_on")

    @admin.display(description=gettext_lazy("date"), ordering="date")
    def written_off_on(self, write_off: WriteOff) -> str:
        return day(write_off.date)

    @admin.display(description=gettext_lazy("reason"))
    def short_reason(self, write_off: WriteOff) -> str:
        reason = write_off.reason
        return reason if len(reason) <= 60 else f"{reason[:59]}…"

    @admin.display(description=gettext_lazy("state"))
    def state_badge(self, write_off: WriteOff) -> SafeString:
        if write_off.reversed_on is None:
            return badge(_("Written off"), "warning")
        return badge(_("Reversed"), "quiet")

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money_amount(self, write_off: WriteOff) -> SafeString | str:
        return money(write_off.amount, write_off.currency)

    @admin.display(description=gettext_lazy("customer"))
    def customer_link(self, write_off: WriteOff) -> SafeString:
        return link_to(write_off.customer)

    @admin.display(description=gettext_lazy("invoice"))
    def invoice_link(self, write_off: WriteOff) -> SafeString:
        return link_to(write_off.invoice)

    def summary(self, request: HttpRequest, record: WriteOff) -> list[tuple[Any, Any]]:
        figures = [
            (_("State"), self.state_badge(record)),
            (_("Amount"), money(record.amount, record.currency)),
            (_("Date"), day(record.date)),
        ]
        if record.reversed_on is not None:
            figures.append((_("Reversed"), day(record.reversed_on)))
        return figures

    @record_action(
        label=gettext_lazy("Reverse"),
        icon="undo",
        question=gettext_lazy(
            "For when they pay after all: the invoice is owed again, and the loss is taken back on"
            " the date that you give. Then record the payment on the invoice."
        ),
        form_class=ReverseWriteOffForm,
        when=lambda write_off: write_off.reversed_on is None,
        primary=True,
    )
    def reverse(self, request: HttpRequest, record: WriteOff, data: dict[str, Any]) -> str:
        write_offs.reverse_write_off(record, actor=self.actor(request), **data)
        return _("Reversed: %(invoice)s is owed again.") % {"invoice": record.invoice}


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Write-offs"),
        "money_off",
        "write-offs",
        "billing_writeoff_changelist",
        "customer__id__exact",
    )
)
