from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter
from unfold.widgets import UnfoldAdminSingleDateWidget

from billing import receipts, transactions
from billing.admin.currencies import CurrencyForm
from billing.admin.forms import PERCENTAGE, bounded, positive
from billing.admin.receipts import (
    AttachReceiptForm,
    ReceiptField,
    ReceiptFilter,
    ReceiptsInline,
    RemoveReceiptForm,
)
from billing.downloads import receipt_file_response
from billing.models import Account, Category, Receipt, Supplier, Transaction
from billing.models.catalogue import FlowType
from billing.serializers import TransactionSerializer
from bizsuite.backoffice.display import badge, day, money, signed_money
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.record_actions import ActionForm, record_action
from bizsuite.backoffice.resource_admin import ResourceAdmin
from bizsuite.identity.models import organisation

LINE = (
    "type",
    ("date", "account"),
    "category",
    ("amount", "tax_rate"),
    "exchange_rate",
    ("supplier", "reference"),
    "description",
)


class TransactionForm(CurrencyForm, MetadataForm):
    """receipt: on the page for a new one only; later ones are attached by a button."""

    receipt = ReceiptField(label=gettext_lazy("Receipt"), required=False)

    class Meta:
        labels: ClassVar[dict[str, Any]] = {"tax_rate": gettext_lazy("Tax rate in %")}
        help_texts: ClassVar[dict[str, Any]] = {"amount": gettext_lazy("Including the tax.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bounded(self, "amount", positive)
        bounded(self, "tax_rate", *PERCENTAGE)
        for name, model in (("account", Account), ("category", Category), ("supplier", Supplier)):
            if name in self.fields:
                chosen = getattr(self.instance, f"{name}_id", None)
                in_use = model.objects.active() | model.objects.filter(pk=chosen)  # type: ignore[attr-defined]
                self.fields[name].queryset = in_use


class ReversalForm(ActionForm):
    date = forms.DateField(
        label=gettext_lazy("Date of the reversal"), widget=UnfoldAdminSingleDateWidget
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["date"].initial = organisation().today()


def is_open(line: Transaction) -> bool:
    """Whether it may still be changed: neither a payment's line nor reversed."""
    return line.payment_id is None and line.reversed_on is None


@admin.register(Transaction)
class TransactionAdmin(MetadataMixin, ResourceAdmin):
    """The cash book: income and expenses."""

    resource = "transactions"
    serializer_class = TransactionSerializer
    form = TransactionForm
    delete_question = gettext_lazy(
        "The books keep its entry and a reversal of it, dated like the transaction."
    )

    list_display = (
        "booked",
        "shown_description",
        "category",
        "supplier",
        "account",
        "state_badge",
        "money_amount",
    )
    list_filter = (
        "type",
        "account",
        "category",
        ("supplier", AutocompleteSelectFilter),
        ReceiptFilter,
        ("date", RangeDateFilter),
    )
    list_select_related = ("account", "category", "supplier")
    date_hierarchy = "date"
    record_actions = ("attach_receipt", "remove_receipt", "reverse")
    inlines = (ReceiptsInline,)
    fieldsets = ((None, {"fields": LINE}), FOR_OTHER_SYSTEMS)
    add_fieldsets = ((None, {"fields": (*LINE, "receipt")}), FOR_OTHER_SYSTEMS)

    @admin.display(description=gettext_lazy("date"), ordering="date")
    def booked(self, line: Transaction) -> str:
        return day(line.date)

    @admin.display(description=gettext_lazy("description"))
    def shown_description(self, line: Transaction) -> str:
        return line.description or str(line.category)

    @admin.display(description=gettext_lazy("type"), ordering="type")
    def state_badge(self, line: Transaction) -> SafeString:
        if line.reversed_on is not None:
            return badge(_("Reversed"), "quiet")
        tone = "success" if line.type == FlowType.INCOME else "warning"
        return badge(line.get_type_display(), tone)

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money_amount(self, line: Transaction) -> SafeString | str:
        sign = 1 if line.type == FlowType.INCOME else -1
        return signed_money(sign * line.amount, line.currency)

    def summary(self, request: HttpRequest, record: Transaction) -> list[tuple[Any, Any]]:
        figures = [
            (_("Type"), self.state_badge(record)),
            (_("Amount"), self.money_amount(record)),
            (_("Tax in it"), money(record.tax, record.currency)),
        ]
        if record.reversed_on is not None:
            figures.append((_("Reversed on"), day(record.reversed_on)))
        return figures

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"date": organisation_of(request).today(), "tax_rate": Decimal(0)}
        return initial | super().get_changeform_initial_data(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or is_open(obj)) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return (obj is None or is_open(obj)) and super().has_delete_permission(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Transaction | None) -> Any:
        """No table of receipts where there are none."""
        return self.inlines if obj is not None and obj.receipts.exists() else ()

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Transaction:
        file = data.pop("receipt", None)
        made = transactions.create_transaction(actor=self.actor(request), **data)
        if file is not None:
            self._keep_receipt(request, made, file)
        twin = transactions.likely_twin(made)
        if twin is not None:
            text = _("%(reference)s of %(supplier)s is there already, on %(date)s: booked twice?")
            self.message_user(
                request,
                text
                % {"reference": made.reference, "supplier": made.supplier, "date": day(twin.date)},
                messages.WARNING,
            )
        return made

    def get_urls(self) -> list[URLPattern]:
        receipt = path(
            "<int:object_id>/receipts/<int:receipt_id>/",
            self.admin_site.admin_view(self.receipt_view),
            name="billing_transaction_receipt",
        )
        return [receipt, *super().get_urls()]

    def receipt_view(self, request: HttpRequest, object_id: int, receipt_id: int) -> HttpResponse:
        if not may(request, "read", self.resource):
            raise PermissionDenied
        receipt = get_object_or_404(Receipt, transaction=object_id, pk=receipt_id)
        return receipt_file_response(request, receipt)

    def update_record(
        self, request: HttpRequest, record: Transaction, changes: dict[str, Any]
    ) -> None:
        transactions.update_transaction(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: Transaction) -> bool:
        transactions.delete_transaction(record, actor=self.actor(request))
        return True

    @record_action(
        label=gettext_lazy("Attach receipt"),
        icon="attach_file",
        question=gettext_lazy("The paper behind it, such as the supplier's invoice."),
        form_class=AttachReceiptForm,
    )
    def attach_receipt(
        self, request: HttpRequest, record: Transaction, data: dict[str, Any]
    ) -> str:
        receipt = self._keep_receipt(request, record, data["file"])
        return _("%(name)s attached.") % {"name": receipt}

    def _keep_receipt(self, request: HttpRequest, line: Transaction, file: UploadedFile) -> Receipt:
        return receipts.attach_receipt(
            line, name=file.name or "", content=file.read(), actor=self.actor(request)
        )

    @record_action(
        label=gettext_lazy("Remove receipt"),
        icon="delete",
        question=gettext_lazy("For one that was attached by mistake. This cannot be undone."),
        form_class=RemoveReceiptForm,
        when=lambda line: line.reversed_on is None and line.receipts.exists(),
        danger=True,
    )
    def remove_receipt(
        self, request: HttpRequest, record: Transaction, data: dict[str, Any]
    ) -> str:
        receipts.remove_receipt(data["receipt"], actor=self.actor(request))
        return _("The receipt has been removed.")

    @record_action(
        label=gettext_lazy("Reverse"),
        icon="undo",
        question=gettext_lazy(
            "Takes it out of the books on a date of your choice: the way to correct what lies in "
            "a closed period. This cannot be undone."
        ),
        form_class=ReversalForm,
        when=is_open,
        danger=True,
    )
    def reverse(self, request: HttpRequest, record: Transaction, data: dict[str, Any]) -> str:
        transactions.reverse_transaction(record, actor=self.actor(request), date=data["date"])
        return _("The transaction has been reversed.")
