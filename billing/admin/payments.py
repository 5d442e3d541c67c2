from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter

from billing import payments, refunds
from billing.admin.currencies import CurrencyForm
from billing.admin.forms import bounded, optional, positive, without_links
from billing.admin.mailing import MailsDocumentsMixin, mail_action
from billing.admin.money_forms import AllocateForm, RefundForm, ReversePaymentForm, worth
from billing.defaults import DEFAULT_ACCOUNT
from billing.display import payment_badge
from billing.models import Account, Allocation, Payment, Refund
from billing.models.payments import PaymentStatus
from billing.serializers import PaymentSerializer
from billing.sums import sums_by_currency
from bizsuite.backoffice.display import day, money
from bizsuite.backoffice.forms import ItemFormSet
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ItemInline, RelatedInline, ResourceAdmin
from customers.admin import CustomerAdmin
from customers.models import Customer


class PaymentForm(CurrencyForm, MetadataForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        optional(self, "date", "account", "currency", "amount_received")
        bounded(self, "amount", positive)
        bounded(self, "amount_received", positive)
        if "currency" in self.fields:
            currency: Any = self.fields["currency"]
            currency.choices = [("", _("The invoices', else the account's")), *currency.choices]
            currency.initial = ""
            self.fields["amount_received"].help_text = _(
                "In the account's currency, where that is another. Empty: at the rate."
            )
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
        return ("invoice_link", "counted_on", "money_amount") if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Payment | None = None) -> Any:
        return ("invoice_link", "counted_on", "money_amount")

    @admin.display(description=gettext_lazy("invoice"))
    def invoice_link(self, allocation: Allocation) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:billing_invoice_change", args=[allocation.invoice_id]),
            allocation.invoice,
        )

    @admin.display(description=gettext_lazy("counts on"))
    def counted_on(self, allocation: Allocation) -> str:
        return day(allocation.date)

    @admin.display(description=gettext_lazy("amount"))
    def money_amount(self, allocation: Allocation) -> SafeString | str:
        return money(allocation.amount, allocation.payment.currency)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_add_permission(request, obj)


class RefundsInline(RelatedInline):
    """What went back."""

    model = Refund
    resource = "payments"
    fields = ("refunded_on", "money_amount")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = gettext_lazy("Refunds")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Refund]:
        return super().get_queryset(request).select_related("payment")

    @admin.display(description=gettext_lazy("date"))
    def refunded_on(self, refund: Refund) -> str:
        return day(refund.date)

    @admin.display(description=gettext_lazy("amount"))
    def money_amount(self, refund: Refund) -> SafeString | str:
        return money(refund.amount, refund.payment.currency)


class PaymentStatusFilter(admin.SimpleListFilter):
    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(PaymentStatus.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.with_status(self.value()) if self.value() else queryset


class CreditLeftFilter(admin.SimpleListFilter):
    """Money that waits for an invoice."""

    title = gettext_lazy("credit left")
    parameter_name = "credit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("true", gettext_lazy("With credit left"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(unallocated__gt=Decimal(0)) if self.value() else queryset


@admin.register(Payment)
class PaymentAdmin(MailsDocumentsMixin, MetadataMixin, ResourceAdmin):
    """Money that came in. What has been received is not edited: it is allocated, goes back, or
    turns out never to have been."""

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
        "state_badge",
        "money_amount",
        "money_unallocated",
    )
    list_filter = (
        PaymentStatusFilter,
        CreditLeftFilter,
        ("customer", AutocompleteSelectFilter),
        "account",
        ("date", RangeDateFilter),
    )
    list_select_related = ("customer", "account")
    date_hierarchy = "date"
    autocomplete_fields = ("customer",)
    inlines = (AllocationsInline, RefundsInline)
    record_actions = ("send_by_mail", "allocate", "refund", "reverse")
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
                    ("amount", "currency"),
                    ("date", "account"),
                    ("amount_received", "exchange_rate"),
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

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, payment: Payment) -> SafeString:
        return payment_badge(payment)

    def summary(self, request: HttpRequest, record: Payment) -> list[tuple[Any, Any]]:
        allocated = record.left - record.unallocated
        figures = [
            (_("Status"), payment_badge(record)),
            (_("Amount"), money(record.amount, record.currency)),
            (_("On invoices"), money(allocated, record.currency)),
            (_("Customer's credit"), money(record.unallocated, record.currency)),
        ]
        if record.currency_received != record.currency:
            arrived = money(record.amount_received, record.currency_received)
            figures.append((_("Arrived"), arrived))
        if record.refunded:
            figures.append((_("Refunded"), money(record.refunded, record.currency)))
        return figures

    def get_inlines(self, request: HttpRequest, obj: Payment | None) -> Any:
        """No tables of what there is not."""
        if obj is None:
            return self.inlines[:1]
        return [
            inline
            for inline, there in (
                (AllocationsInline, obj.left - obj.unallocated),
                (RefundsInline, obj.refunded),
            )
            if there
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"date": organisation_of(request).today(), "account": DEFAULT_ACCOUNT}
        return initial | super().get_changeform_initial_data(request)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Payment:
        return payments.record_payment(actor=self.actor(request), **data)

    # ── Buttons ──────────────────────────────────────────────────────────────────
    send_by_mail = mail_action(
        gettext_lazy("Mail a receipt"),
        gettext_lazy("The customer reads that the money arrived, and what it pays."),
    )

    @record_action(
        label=gettext_lazy("Allocate credit"),
        icon="playlist_add_check",
        question=gettext_lazy(
            "What no invoice has taken is the customer's credit. Say which of their open invoices"
            " it pays; the oldest are filled in."
        ),
        form_class=AllocateForm,
        when=lambda payment: "allocate" in payments.payment_moves(payment),
        primary=True,
    )
    def allocate(self, request: HttpRequest, record: Payment, data: dict[str, Any]) -> str:
        payments.allocate_payment(record, actor=self.actor(request), **data)
        return _("Allocated. %(credit)s of credit is left.") % {
            "credit": worth(record.unallocated, record.currency)
        }

    @record_action(
        label=gettext_lazy("Refund"),
        icon="undo",
        question=gettext_lazy(
            "Record that money went back to the customer, from the account it had come to. Credit"
            " goes first; then the invoice that it paid last is owed again."
        ),
        form_class=RefundForm,
        when=lambda payment: "refund" in payments.payment_moves(payment),
        danger=True,
    )
    def refund(self, request: HttpRequest, record: Payment, data: dict[str, Any]) -> str:
        refunds.refund_payment(record, actor=self.actor(request), **data)
        return _("%(amount)s refunded.") % {"amount": worth(data["amount"], record.currency)}

    @record_action(
        label=gettext_lazy("Reverse"),
        icon="block",
        question=gettext_lazy(
            "For a payment that never happened: a check that bounced, or one recorded by mistake."
            " It is taken out of the books, and its invoices are owed again. This cannot be undone."
            " If the money did come and went back, refund it instead."
        ),
        form_class=ReversePaymentForm,
        when=lambda payment: "reverse" in payments.payment_moves(payment),
        danger=True,
    )
    def reverse(self, request: HttpRequest, record: Payment, data: dict[str, Any]) -> str:
        payments.reverse_payment(record, actor=self.actor(request), **data)
        return _("The payment has been reversed.")


def credit_of(request: HttpRequest, customer: Customer) -> list[tuple[Any, Any]]:
    """For the customer's page, where there is any."""
    if not may(request, "read", "payments"):
        return []
    own_currency = organisation_of(request).currency
    credit = sums_by_currency(customer.payments.all(), "unallocated", first=own_currency)
    return [(_("Credit"), money(left, currency)) for currency, left in credit.items()]


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Payments"),
        "payments",
        "payments",
        "billing_payment_changelist",
        "customer__id__exact",
    ),
    figures=credit_of,
)
