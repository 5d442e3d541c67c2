from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RangeDateFilter

from billing import transfers
from billing.admin.forms import bounded, optional, positive
from billing.models import Account, Transfer
from billing.serializers import TransferSerializer
from bizsuite.backoffice.display import day, money
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.resource_admin import ResourceAdmin


class TransferForm(MetadataForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        bounded(self, "amount", positive)
        if "amount_received" in self.fields:
            optional(self, "amount_received")
            bounded(self, "amount_received", positive)
            self.fields["amount_received"].help_text = _(
                "Where the accounts' currencies differ. Empty: by the stored rates."
            )
        for name in ("from_account", "to_account"):
            if name in self.fields:
                self.fields[name].queryset = Account.objects.active()


@admin.register(Transfer)
class TransferAdmin(MetadataMixin, ResourceAdmin):
    """Money moved between own accounts. What is booked is not edited: it is moved back."""

    resource = "transfers"
    serializer_class = TransferSerializer
    form = TransferForm
    offers_change = False
    offers_delete = False
    actions = ()

    list_display = ("moved", "from_account", "to_account", "description", "money_amount")
    list_display_links = ("moved",)
    list_filter = ("from_account", "to_account", ("date", RangeDateFilter))
    list_select_related = ("from_account", "to_account")
    date_hierarchy = "date"
    fieldsets = (
        (None, {"fields": (("from_account", "to_account"), "moved", "description")}),
        FOR_OTHER_SYSTEMS,
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    ("from_account", "to_account"),
                    ("amount", "amount_received"),
                    "date",
                    "description",
                )
            },
        ),
        FOR_OTHER_SYSTEMS,
    )

    @admin.display(description=gettext_lazy("date"), ordering="date")
    def moved(self, transfer: Transfer) -> str:
        return day(transfer.date)

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money_amount(self, transfer: Transfer) -> SafeString | str:
        return money(transfer.amount, transfer.currency)

    def summary(self, request: HttpRequest, record: Transfer) -> list[tuple[Any, Any]]:
        return [
            (_("Amount"), money(record.amount, record.currency)),
            *(
                [(_("Arrived"), money(record.amount_received, record.currency_received))]
                if record.currency_received != record.currency
                else []
            ),
            (_("From"), record.from_account),
            (_("To"), record.to_account),
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"date": organisation_of(request).today()}
        return initial | super().get_changeform_initial_data(request)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Transfer:
        return transfers.create_transfer(actor=self.actor(request), **data)
