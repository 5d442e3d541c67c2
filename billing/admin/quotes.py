from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter

from billing import quotes
from billing.admin.currencies import CURRENCY, CURRENCY_FIELDSET
from billing.admin.forms import DeclineForm, QuoteForm
from billing.admin.items import ItemsInline
from billing.admin.mailing import MailsDocumentsMixin, mail_action
from billing.admin.paper import PaperMixin
from billing.admin.priced_documents import PRICES, PRICES_FIELDSET, price_figures
from billing.admin.quote_versions import VersionsMixin, answer_figures
from billing.admin.shared_links import SharesDocuments, links_of
from billing.display import link_to, quote_badge
from billing.downloads import quote_response
from billing.models import Quote, QuoteItem
from billing.models.invoices import InvoiceStatus
from billing.models.quotes import ORDER_OF_QUOTES, UNANSWERED, QuoteStatus
from billing.quote_states import moves_from
from billing.serializers import QuoteSerializer
from bizsuite.backoffice.display import day, money
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ResourceAdmin
from customers.admin import CustomerAdmin

# What an expired quote may get besides its new last day is changed in the same form.
CHANGEABLE = (QuoteStatus.DRAFT, QuoteStatus.SENT, QuoteStatus.EXPIRED)


class StatusFilter(admin.SimpleListFilter):
    """By the status that is so today, stored already or not."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(QuoteStatus.choices)

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() not in QuoteStatus.values:
            return queryset
        return queryset.in_status(self.value(), organisation_of(request).today())


class QuoteItemsInline(ItemsInline):
    model = QuoteItem
    resource = "quotes"
    document = "quote"

    def is_open(self, document: Quote | None) -> bool:
        return is_changeable(document)


def is_changeable(quote: Quote | None) -> bool:
    return quote is None or quote.status in CHANGEABLE


def _state(quote: Any) -> str:
    """`past` comes with the page's queryset: whether it has expired, stored already or not."""
    return QuoteStatus.EXPIRED if quote.past else quote.status


def _allows(move: str) -> Callable[[Any], bool]:
    return lambda quote: move in moves_from(_state(quote), revision=quote.revision)


@admin.register(Quote)
class QuoteAdmin(
    SharesDocuments, VersionsMixin, MailsDocumentsMixin, PaperMixin, MetadataMixin, ResourceAdmin
):
    """Quotes are written here, and followed with buttons until they are invoices."""

    resource = "quotes"
    serializer_class = QuoteSerializer
    form = QuoteForm
    delete_question = gettext_lazy("Only drafts can be deleted: nobody has seen them yet.")

    list_display = (
        "shown_number",
        "customer",
        "quoted",
        "ends",
        "state_badge",
        "money_amount",
        "invoice_link",
    )
    list_filter = (
        StatusFilter,
        ("customer", AutocompleteSelectFilter),
        ("date", RangeDateFilter),
    )
    list_select_related = ("customer", "invoice")
    date_hierarchy = "date"
    ordering = ("-id",)
    autocomplete_fields = ("customer",)
    inlines = (QuoteItemsInline,)
    record_actions = ("send", "send_by_mail", "share", "accept", "decline", "convert")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "customer",
                    ("date", "valid_until"),
                    "reference",
                    "notes",
                )
            },
        ),
        PRICES_FIELDSET,
        CURRENCY_FIELDSET,
        FOR_OTHER_SYSTEMS,
    )

    # ── What is shown ────────────────────────────────────────────────────────────
    def get_queryset(self, request: HttpRequest) -> QuerySet[Quote]:
        today = organisation_of(request).today()
        past = Q(status__in=UNANSWERED, valid_until__lt=today)
        return super().get_queryset(request).annotate(past=past)

    @admin.display(description=gettext_lazy("number"), ordering=ORDER_OF_QUOTES)
    def shown_number(self, quote: Quote) -> str:
        return quote.number

    @admin.display(description=gettext_lazy("date"), ordering="date")
    def quoted(self, quote: Quote) -> str:
        return day(quote.date)

    @admin.display(description=gettext_lazy("valid until"), ordering="valid_until")
    def ends(self, quote: Quote) -> str:
        return day(quote.valid_until)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state_badge(self, quote: Any) -> SafeString:
        return quote_badge(_state(quote))

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money_amount(self, quote: Quote) -> SafeString | str:
        return money(quote.amount, quote.currency)

    @admin.display(description=gettext_lazy("invoice"))
    def invoice_link(self, quote: Quote) -> SafeString | str:
        return link_to(quote.invoice) if quote.invoice is not None else "–"

    def summary(self, request: HttpRequest, record: Quote) -> list[tuple[Any, Any]]:
        figures = [
            (_("Status"), self.state_badge(record)),
            *price_figures(record),
            *answer_figures(record),
        ]
        if record.decline_reason:
            figures.append((_("Why it was declined"), record.decline_reason))
        if record.invoice is not None:
            figures.append((_("Invoice"), link_to(record.invoice)))
        return figures

    # ── What can be changed ──────────────────────────────────────────────────────
    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"date": organisation_of(request).today()}
        return initial | super().get_changeform_initial_data(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Quote | None = None) -> Any:
        return (
            ()
            if is_changeable(obj)
            else (
                "customer",
                "date",
                "valid_until",
                "notes",
                *CURRENCY,
                *PRICES,
            )
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        deletable = obj is None or _allows("delete")(obj)
        return deletable and super().has_delete_permission(request, obj)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Quote:
        return quotes.create_quote(actor=self.actor(request), **data)

    def update_record(self, request: HttpRequest, record: Quote, changes: dict[str, Any]) -> None:
        quotes.update_quote(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: Quote) -> bool:
        quotes.delete_quote(record, actor=self.actor(request))
        return True

    def pdf_response(self, request: HttpRequest, record: Quote) -> HttpResponse:
        return quote_response(request, record, seller=organisation_of(request))

    # ── Buttons ──────────────────────────────────────────────────────────────────
    @record_action(
        label=gettext_lazy("Mark as sent"),
        icon="send",
        question=gettext_lazy(
            "Say that the customer has it. What is changed afterwards makes a new version, which"
            " is sent again."
        ),
        when=_allows("send"),
        primary=True,
    )
    def send(self, request: HttpRequest, record: Quote, data: dict[str, Any]) -> str:
        sent = quotes.send_quote(record, actor=self.actor(request))
        return _("%(number)s is marked as sent.") % {"number": sent.number}

    send_by_mail = mail_action(
        gettext_lazy("Send by mail"),
        gettext_lazy(
            "The customer gets it, and it is marked as sent. Change what is written here."
        ),
    )

    @record_action(
        label=gettext_lazy("Accept"),
        icon="thumb_up",
        question=gettext_lazy("The customer said yes. From then on it does not change or expire."),
        when=_allows("accept"),
    )
    def accept(self, request: HttpRequest, record: Quote, data: dict[str, Any]) -> str:
        accepted = quotes.accept_quote(record, actor=self.actor(request))
        return _("%(number)s is accepted.") % {"number": accepted.number}

    @record_action(
        label=gettext_lazy("Decline"),
        icon="thumb_down",
        question=gettext_lazy("The customer said no. This cannot be undone."),
        form_class=DeclineForm,
        when=_allows("decline"),
        danger=True,
    )
    def decline(self, request: HttpRequest, record: Quote, data: dict[str, Any]) -> str:
        declined = quotes.decline_quote(record, actor=self.actor(request), reason=data["reason"])
        return _("%(number)s is declined.") % {"number": declined.number}

    @record_action(
        label=gettext_lazy("Make the invoice"),
        icon="description",
        question=gettext_lazy(
            "An invoice with the quote's items and prices, dated today. It is issued at once, or "
            "a draft if you may not issue invoices."
        ),
        when=_allows("convert"),
    )
    def convert(self, request: HttpRequest, record: Quote, data: dict[str, Any]) -> HttpResponse:
        invoice, _is_new = quotes.convert_quote(record, actor=self.actor(request))
        if invoice.status == InvoiceStatus.DRAFT:
            text = _("The draft of an invoice is made; somebody who may has to issue it.")
        else:
            text = _("Invoice %(number)s is issued.") % {"number": invoice.number}
        messages.success(request, text)
        return redirect(reverse("admin:billing_invoice_change", args=[invoice.pk]))


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Quotes"),
        "request_quote",
        "quotes",
        "billing_quote_changelist",
        "customer__id__exact",
    )
)
QuoteAdmin.announce(links_of("quote"))
