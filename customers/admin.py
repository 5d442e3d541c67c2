"""The staff's pages about customers."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.display import archived_badge, moment
from bizsuite.backoffice.filters import ArchivedFilter
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataForm, MetadataMixin
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.resource_admin import ResourceAdmin
from customers import customers
from customers.models import Customer
from customers.serializers import CustomerSerializer


class CustomerForm(MetadataForm):
    class Meta:
        labels = {"address": gettext_lazy("Street")}


@admin.register(Customer)
class CustomerAdmin(MetadataMixin, ResourceAdmin):
    resource = "customers"
    serializer_class = CustomerSerializer
    form = CustomerForm
    delete_question = gettext_lazy(
        "A customer with invoices or other documents is archived instead: hidden, but kept."
    )

    list_display = ("account", "email", "phone", "city", "country", "state_badge")
    list_filter = (ArchivedFilter,)
    ordering = ("-id",)
    record_actions = ("archive", "restore")
    fieldsets = (
        (None, {"fields": ("account", "contact_name", ("email", "phone"), "tax_id", "notes")}),
        (
            gettext_lazy("Address"),
            {"fields": ("address", ("city", "zip"), ("state", "country"))},
        ),
        FOR_OTHER_SYSTEMS,
    )

    @admin.display(description=gettext_lazy("status"))
    def state_badge(self, customer: Customer) -> SafeString:
        return archived_badge(customer.archived_at)

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

    @record_action(
        label=gettext_lazy("Archive"),
        icon="archive",
        question=gettext_lazy("Hidden from lists and new documents, but kept. You can restore it."),
        when=lambda customer: customer.archived_at is None,
    )
    def archive(self, request: HttpRequest, record: Customer, data: dict[str, Any]) -> str:
        customers.archive_customer(record, actor=self.actor(request))
        return _("%(name)s has been archived.") % {"name": record}

    @record_action(
        label=gettext_lazy("Restore"),
        icon="unarchive",
        question=gettext_lazy("Back into the lists, and open for new documents."),
        when=lambda customer: customer.archived_at is not None,
    )
    def restore(self, request: HttpRequest, record: Customer, data: dict[str, Any]) -> str:
        customers.restore_customer(record, actor=self.actor(request))
        return _("%(name)s has been restored.") % {"name": record}
