from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter

from billing.admin.einvoices import EInvoiceMixin
from billing.admin.mailing import MailsDocumentsMixin, mail_action
from billing.admin.paper import PaperMixin
from billing.downloads import credit_note_response
from billing.models import CreditNote, CreditNoteItem
from billing.models.credit_notes import ORDER_OF_CREDIT_NOTES
from billing.serializers import CreditNoteSerializer
from bizsuite.backoffice.display import day, money, number
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ReadOnlyAdmin, RelatedInline
from customers.admin import CustomerAdmin


class CreditedItemsInline(RelatedInline):
    model = CreditNoteItem
    resource = "credit-notes"
    fields = ("invoice_item", "count_quantity", "count_tax_rate", "money_net")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = gettext_lazy("What is credited")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CreditNoteItem]:
        return super().get_queryset(request).select_related("invoice_item", "credit_note")

    @admin.display(description=gettext_lazy("qty"))
    def count_quantity(self, item: CreditNoteItem) -> SafeString | str:
        return number(item.quantity)

    @admin.display(description=gettext_lazy("tax"))
    def count_tax_rate(self, item: CreditNoteItem) -> SafeString | str:
        return number(item.invoice_item.tax_rate, unit="%")

    @admin.display(description=gettext_lazy("net"))
    def money_net(self, item: CreditNoteItem) -> SafeString | str:
        return money(item.total, item.credit_note.currency)


@admin.register(CreditNote)
class CreditNoteAdmin(MailsDocumentsMixin, EInvoiceMixin, PaperMixin, ReadOnlyAdmin):
    """What was credited, to look at. A new one is made with the button on its invoice."""

    resource = "credit-notes"
    event_resource = "credit_note"
    serializer_class = CreditNoteSerializer
    record_actions = ("send_by_mail",)
    send_by_mail = mail_action(
        gettext_lazy("Send by mail"), gettext_lazy("What is written here can be changed.")
    )

    list_display = (
        "shown_number",
        "customer",
        "invoice",
        "credited_on",
        "short_reason",
        "money_amount",
    )
    list_filter = (
        ("customer", AutocompleteSelectFilter),
        ("date", RangeDateFilter),
    )
    list_select_related = ("customer", "invoice")
    date_hierarchy = "date"
    ordering = ("-id",)
    inlines = (CreditedItemsInline,)
    fieldsets = (
        (
            None,
            {"fields": ("customer", "invoice_link", "credited_on", "reason", "external_id")},
        ),
    )
    readonly_fields = ("invoice_link", "credited_on")

    @admin.display(description=gettext_lazy("number"), ordering=ORDER_OF_CREDIT_NOTES)
    def shown_number(self, note: CreditNote) -> str:
        return note.number

    @admin.display(description=gettext_lazy("date"), ordering="date")
    def credited_on(self, note: CreditNote) -> str:
        return day(note.date)

    @admin.display(description=gettext_lazy("reason"))
    def short_reason(self, note: CreditNote) -> str:
        return note.reason if len(note.reason) <= 60 else f"{note.reason[:59]}…"

    @admin.display(description=gettext_lazy("invoice"))
    def invoice_link(self, note: CreditNote) -> SafeString:
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:billing_invoice_change", args=[note.invoice_id]),
            note.invoice,
        )

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money_amount(self, note: CreditNote) -> SafeString | str:
        return money(note.amount, note.currency)

    def summary(self, request: HttpRequest, record: CreditNote) -> list[tuple[Any, Any]]:
        return [
            (_("Net"), money(record.subtotal, record.currency)),
            (_("Tax"), money(record.tax, record.currency)),
            (_("Total"), money(record.amount, record.currency)),
        ]

    def pdf_response(self, request: HttpRequest, record: CreditNote) -> HttpResponse:
        return credit_note_response(request, record, seller=organisation_of(request))


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Credit notes"),
        "assignment_return",
        "credit-notes",
        "billing_creditnote_changelist",
        "customer__id__exact",
    )
)
