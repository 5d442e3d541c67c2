from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter

from billing import payments
from billing.admin.forms import bounded, optional, positive, without_links
from billing.defaults import DEFAULT_ACCOUNT
from billing.models import Account, Allocation, Payment
from billing.serializers import PaymentSerializer
from bizsuite.backoffice.display import day, money
from bizsuite.backoffice.forms import ItemFormSet
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ItemInline, ResourceAdmin
from customers.admin import CustomerAdmin


class PaymentForm(MetadataForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        optional(self, "date", "account")
        bounded(self, "amount", positive)
        if "account" in self.fields:
            self.fields["account"].queryset = Account.objects.active()


class AllocationForm(forms.ModelForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        without_links(self, "invoice")
        bounded(self, "amount", positive)


class AllocationFormSet(ItemFormSet):
    data_name = "allocations"


class AllocationsInline(ItemInline):
    """Which invoices a payment pays; what is left is the customer's credit."""

    model = Allocation
    resource = "payments"
    formset = AllocationFormSet
    form = AllocationForm
    autocomplete_fields = ("invoice",)
    fields = ("invoice", "amount")
    verbose_name = gettext_lazy("Invoice")
    verbose_name_plural = gettext_lazy("Invoices that it pays")
    offers_change = False
    offers_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Allocation]:
        return super().get_queryset(request).select_related("invoice", "payment")

    def get_fields(self, request: HttpRequest, obj: Payment | None = None) -> Any:
        return ("invoice", "money_amount") if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Payment | None = None) -> Any:
        return ("money_amount",)

    @admin.display(description=gettext_lazy("amount"))
    def money_amount(self, allocation: Allocation) -> SafeString | str:
        return money(allocation.amount, allocation.payment.currency)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_add_permission(request, obj)


@admin.register(Payment)
class PaymentAdmin(MetadataMixin, ResourceAdmin):
    """Money that came in. What has been received is not edited."""

    resource = "payments"
    serializer_class = PaymentSerializer
    form = PaymentForm
    offers_change = False
    offers_delete = False
    actions = ()

    list_display = (
        "received",
        "customer",
        "how",
        "account",
        "money_amount",
        "money_unallocated",
    )
    list_filter = (
        ("customer", AutocompleteSelectFilter),
        "account",
        ("date", RangeDateFilter),
    )
    list_select_related = ("customer", "account")
    date_hierarchy = "date"
    autocomplete_fields = ("customer",)
    inlines = (AllocationsInline,)
    fieldsets = (
        (
            None,
            {"fields": ("customer", "received", "account", "method", "reference", "notes")},
        ),
        FOR_OTHER_SYSTEMS,
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "customer",
                    ("amount", "date"),
                    "account",
                    ("method", "reference"),
                    "notes",
                )
            },
        ),
        FOR_OTHER_SYSTEMS,
    )

    @admin.display(description=gettext_lazy("date"), ordering="date")
    def received(self, payment: Payment) -> str:
        return day(payment.date)

    @admin.display(description=gettext_lazy("method and reference"))
    def how(self, payment: Payment) -> str:
        return " · ".join(filter(None, (payment.method, payment.reference))) or "–"

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money_amount(self, payment: Payment) -> SafeString | str:
        return money(payment.amount, payment.currency)

    @admin.display(description=gettext_lazy("credit left"), ordering="unallocated")
    def money_unallocated(self, payment: Payment) -> SafeString | str:
        return money(payment.unallocated, payment.currency) if payment.unallocated else "–"

    def summary(self, request: HttpRequest, record: Payment) -> list[tuple[Any, Any]]:
        return [
            (_("Amount"), money(record.amount, record.currency)),
            (_("Customer's credit"), money(record.unallocated, record.currency)),
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"date": organisation_of(request).today(), "account": DEFAULT_ACCOUNT}
        return initial | super().get_changeform_initial_data(request)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Payment:
        return payments.record_payment(actor=self.actor(request), **data)


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Payments"),
        "payments",
        "payments",
        "billing_payment_changelist",
        "customer__id__exact",
    )
)
