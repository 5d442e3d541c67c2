"""The tables on an invoice's page: what was paid on it, credited of it and written off."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from billing.display import link_to
from billing.models import Allocation, CreditNote, WriteOff
from bizsuite.backoffice.display import day, money
from bizsuite.backoffice.resource_admin import RelatedInline


class PaymentsInline(RelatedInline):
    model = Allocation
    resource = "payments"
    fields = ("paid_on", "payment_link", "money_amount")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = gettext_lazy("Payments on this invoice")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Allocation]:
        return super().get_queryset(request).select_related("payment", "invoice")

    @admin.display(description=gettext_lazy("date"))
    def paid_on(self, allocation: Allocation) -> str:
        return day(allocation.date)

    @admin.display(description=gettext_lazy("payment"))
    def payment_link(self, allocation: Allocation) -> SafeString:
        how = " ".join(filter(None, (allocation.payment.method, allocation.payment.reference)))
        return format_html(
            '<a href="{}">{}</a>',
            reverse("admin:billing_payment_change", args=[allocation.payment_id]),
            how or _("Payment %(id)s") % {"id": allocation.payment_id},
        )

    @admin.display(description=gettext_lazy("amount"))
    def money_amount(self, allocation: Allocation) -> SafeString | str:
        return money(allocation.amount, allocation.invoice.currency)


class CreditNotesInline(RelatedInline):
    model = CreditNote
    resource = "credit-notes"
    fields = ("credited_on", "note_link", "reason", "money_amount")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = gettext_lazy("Credit notes on this invoice")

    @admin.display(description=gettext_lazy("date"))
    def credited_on(self, note: CreditNote) -> str:
        return day(note.date)

    @admin.display(description=gettext_lazy("number"))
    def note_link(self, note: CreditNote) -> SafeString:
        return link_to(note)

    @admin.display(description=gettext_lazy("amount"))
    def money_amount(self, note: CreditNote) -> SafeString | str:
        return money(note.amount, note.currency)


class WriteOffsInline(RelatedInline):
    model = WriteOff
    resource = "write-offs"
    fields = ("written_off_on", "reason", "taken_back", "write_off_link")
    readonly_fields = fields
    show_change_link = False
    verbose_name_plural = gettext_lazy("Written off of this invoice")

    @admin.display(description=gettext_lazy("date"))
    def written_off_on(self, write_off: WriteOff) -> str:
        return day(write_off.date)

    @admin.display(description=gettext_lazy("reversed"))
    def taken_back(self, write_off: WriteOff) -> str:
        return day(write_off.reversed_on) if write_off.reversed_on else "–"

    @admin.display(description=gettext_lazy("amount"))
    def write_off_link(self, write_off: WriteOff) -> SafeString:
        return link_to(write_off)


def tables_of(invoice: Any) -> list[type[RelatedInline]]:
    """No tables of what there is not."""
    taken_back = not invoice.written_off and invoice.write_offs.exists()
    there = (
        (PaymentsInline, invoice.paid),
        (CreditNotesInline, invoice.credited),
        (WriteOffsInline, invoice.written_off or taken_back),
    )
    return [inline for inline, some in there if some]
