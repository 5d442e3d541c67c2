from decimal import Decimal
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy

from billing.admin.trial_balance import PAGE_NAME, trial_balance_page
from billing.models import JournalEntry, Posting
from billing.models.ledger import Basis
from bizsuite.backoffice.display import badge, day, moment, money
from bizsuite.backoffice.resource_admin import ReadOnlyAdmin, RelatedInline


class PostingInline(RelatedInline):
    model = Posting
    resource = "journal"
    show_change_link = False
    fields = ("ledger", "about", "reading", "money_debit", "money_credit")
    readonly_fields = fields
    verbose_name_plural = gettext_lazy("Postings")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Posting]:
        return super().get_queryset(request).select_related("account", "category", "customer")

    @admin.display(description=gettext_lazy("of"))
    def about(self, posting: Posting) -> str:
        parts = [posting.account, posting.category, posting.customer]
        return ", ".join(str(part) for part in parts if part is not None) or "–"

    @admin.display(description=gettext_lazy("reading"))
    def reading(self, posting: Posting) -> SafeString | str:
        if posting.basis == Basis.BOTH:
            return "–"
        return badge(posting.get_basis_display(), "quiet")

    @admin.display(description=gettext_lazy("debit"))
    def money_debit(self, posting: Posting) -> SafeString | str:
        return money(posting.document_amount, posting.currency) if posting.amount > 0 else ""

    @admin.display(description=gettext_lazy("credit"))
    def money_credit(self, posting: Posting) -> SafeString | str:
        return money(-posting.document_amount, posting.currency) if posting.amount < 0 else ""


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnlyAdmin):
    """The books, to look at. A mistake in them is mended by a reversal of its document."""

    resource = "journal"
    searchable = False
    has_history = False

    list_display = ("number", "booked", "description", "document", "money_total", "reversal")
    list_display_links = ("number", "description")
    list_filter = ("document_type",)
    date_hierarchy = "date"
    inlines = (PostingInline,)
    fieldsets = (
        (
            None,
            {"fields": ("booked", "recorded", "description", "document", "reversal")},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        chart = path("chart/", self.admin_site.admin_view(self.trial_balance_view), name=PAGE_NAME)
        return [chart, *super().get_urls()]

    def trial_balance_view(self, request: HttpRequest) -> HttpResponse:
        return trial_balance_page(request, self.admin_site.each_context(request))

    def get_queryset(self, request: HttpRequest) -> QuerySet[JournalEntry]:
        queryset = super().get_queryset(request)
        return queryset.select_related("reverses", "reversed_by").prefetch_related("postings")

    @admin.display(description=gettext_lazy("entry"), ordering="id")
    def number(self, entry: JournalEntry) -> str:
        return f"#{entry.pk}"

    @admin.display(description=gettext_lazy("date"), ordering="date")
    def booked(self, entry: JournalEntry) -> str:
        return day(entry.date)

    @admin.display(description=gettext_lazy("recorded"))
    def recorded(self, entry: JournalEntry) -> str:
        return moment(entry.recorded_at)

    @admin.display(description=gettext_lazy("document"))
    def document(self, entry: JournalEntry) -> SafeString:
        """Its kind and id, leading to its page."""
        kind = apps.get_model("billing", entry.document_type)._meta
        return format_html(
            '<a href="{}">{} {}</a>',
            reverse(f"admin:billing_{kind.model_name}_change", args=[entry.document_id]),
            capfirst(kind.verbose_name),
            entry.document_id,
        )

    @admin.display(description=gettext_lazy("amount"))
    def money_total(self, entry: JournalEntry) -> SafeString | str:
        return money(
            max(_debits(entry, basis) for basis in (Basis.ACCRUAL, Basis.CASH)), entry.currency
        )

    @admin.display(description=gettext_lazy("reversal"))
    def reversal(self, entry: JournalEntry) -> str:
        if entry.reverses is not None:
            return f"of #{entry.reverses_id}"
        reversing: Any = getattr(entry, "reversed_by", None)
        return f"by #{reversing.pk}" if reversing is not None else "–"


def _debits(entry: JournalEntry, basis: Basis) -> Decimal:
    """What an entry comes to in one of its two readings."""
    counted = (Basis.BOTH, basis)
    return sum(
        (
            posting.document_amount
            for posting in entry.postings.all()
            if posting.amount > 0 and posting.basis in counted
        ),
        Decimal(0),
    )
