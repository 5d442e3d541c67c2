"""The staff's pages about customers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.archiving import ArchivableMixin
from bizsuite.backoffice.display import moment
from bizsuite.backoffice.filters import ArchivedFilter
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.resource_admin import ResourceAdmin
from customers import customers
from customers.models import Customer
from customers.serializers import CustomerSerializer


class CustomerForm(MetadataForm):
    class Meta:
        labels = {"address": gettext_lazy("Street")}


@admin.register(Customer)
class CustomerAdmin(ArchivableMixin, MetadataMixin, ResourceAdmin):
    resource = "customers"
    serializer_class = CustomerSerializer
    form = CustomerForm
    delete_question = gettext_lazy(
        "A customer with invoices or other documents is archived instead: hidden, but kept."
    )

    list_display = ("account", "email", "phone", "city", "country", "state_badge")
    list_filter = (ArchivedFilter,)
    ordering = ("-id",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "account",
                    "contact_name",
                    ("email", "phone"),
                    "tax_id",
                    "notes",
                    "reminders_paused",
                )
            },
        ),
        (
            gettext_lazy("Address"),
            {"fields": ("address", ("city", "zip"), ("state", "country"))},
        ),
        FOR_OTHER_SYSTEMS,
    )

    def summary(self, request: HttpRequest, record: Customer) -> list[tuple[Any, Any]]:
        return [
            (_("Status"), self.state_badge(record)),
            (_("Added"), moment(record.created_at)),
            (_("Last changed"), moment(record.updated_at)),
        ]

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Customer:
        return customers.create_customer(actor=self.actor(request), **data)

    def update_record(
        self, request: HttpRequest, record: Customer, changes: dict[str, Any]
    ) -> None:
        customers.update_customer(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: Customer) -> bool:
        return customers.delete_customer(record, actor=self.actor(request))

    def archive_record(self, request: HttpRequest, record: Customer) -> None:
        customers.archive_customer(record, actor=self.actor(request))

    def restore_record(self, request: HttpRequest, record: Customer) -> None:
        customers.restore_customer(record, actor=self.actor(request))
