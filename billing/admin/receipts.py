"""Receipts on a transaction's page."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget

from billing.models import Receipt
from billing.models.catalogue import FlowType
from billing.receipts import MAX_RECEIPT_BYTES
from bizsuite.backoffice.display import moment
from bizsuite.backoffice.record_actions import ActionForm
from bizsuite.backoffice.resource_admin import RelatedInline


class ReceiptField(forms.FileField):
    """A paper to attach."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            widget=UnfoldAdminFileFieldWidget,
            help_text=gettext_lazy("A PDF or a photo; 5 MB at most."),
            **options,
        )

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        if file and file.size > MAX_RECEIPT_BYTES:
            raise ValidationError(_("A file may have at most 5 MB."))
        return file


class AttachReceiptForm(ActionForm):
    file = ReceiptField(label=gettext_lazy("File"))


class RemoveReceiptForm(ActionForm):
    receipt = forms.ModelChoiceField(
        Receipt.objects.none(),
        label=gettext_lazy("Receipt"),
        empty_label=None,
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receipt"].queryset = self.record.receipts.all()


class ReceiptFilter(admin.SimpleListFilter):
    title = gettext_lazy("receipt")
    parameter_name = "receipt"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("true", gettext_lazy("Attached")), ("false", gettext_lazy("Missing"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        attached = Exists(Receipt.objects.filter(transaction=OuterRef("pk")))
        if self.value() == "true":
            return queryset.filter(attached)
        if self.value() == "false":
            # Of expenses alone: the paper behind an income is our own invoice.
            return queryset.filter(~attached, type=FlowType.EXPENSE)
        return queryset


class ReceiptsInline(RelatedInline):
    model = Receipt
    resource = "transactions"
    fields = ("file_link", "shown_size", "added")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = gettext_lazy("Receipts")

    @admin.display(description=gettext_lazy("file"))
    def file_link(self, receipt: Receipt) -> SafeString:
        url = reverse(
            "admin:billing_transaction_receipt", args=[receipt.transaction_id, receipt.pk]
        )
        return format_html('<a href="{}">{}</a>', url, receipt.name)

    @admin.display(description=gettext_lazy("size"))
    def shown_size(self, receipt: Receipt) -> str:
        return filesizeformat(receipt.size)

    @admin.display(description=gettext_lazy("added"))
    def added(self, receipt: Receipt) -> str:
        return moment(receipt.created_at)
