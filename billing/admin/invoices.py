from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import AutocompleteSelectFilter, RangeDateFilter

from billing import credit_notes, invoices, payments, write_offs
from billing.admin.currencies import CURRENCY, CURRENCY_FIELDSET
from billing.admin.einvoices import EInvoiceMixin
from billing.admin.forms import InvoiceForm, PaymentOnInvoiceForm
from billing.admin.invoice_tables import tables_of
from billing.admin.items import ItemsInline
from billing.admin.mailing import MailsDocumentsMixin, mail_action
from billing.admin.money_forms import CreditForm, worth
from billing.admin.paper import PaperMixin
from billing.admin.priced_documents import PRICES, PRICES_FIELDSET, price_figures
from billing.admin.repeating import RepeatsInvoicesMixin
from billing.admin.shared_links import SharesDocuments, links_of
from billing.admin.statements import STATEMENT_PAGE, STATEMENT_PDF, statement_page, statement_pdf
from billing.admin.write_offs import WriteOffForm
from billing.display import invoice_badge, link_to
from billing.downloads import invoice_response
from billing.models import Invoice, InvoiceItem
from billing.models.invoices import OPEN_STATUSES, ORDER_OF_INVOICES, InvoiceStatus
from billing.serializers import InvoiceSerializer
from billing.sums import sums_by_currency
from bizsuite.backoffice.display import day, moment, money
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import ResourceAdmin
from customers.admin import CustomerAdmin
from customers.models import Customer


class OpenFilter(admin.SimpleListFilter):
    """What is owed, and what of it is late."""

    title = gettext_lazy("what is owed")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("true", gettext_lazy("Open")), ("overdue", gettext_lazy("Overdue"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "overdue":
            return queryset.overdue(organisation_of(request).today())
        return queryset.open() if self.value() == "true" else queryset


class InvoiceItemsInline(ItemsInline):
    model = InvoiceItem
    resource = "invoices"
    document = "invoice"

    def is_open(self, document: Invoice | None) -> bool:
        return _is_draft(document)


@admin.register(Invoice)
class InvoiceAdmin(
    SharesDocuments,
    RepeatsInvoicesMixin,
    MailsDocumentsMixin,
    EInvoiceMixin,
    PaperMixin,
    MetadataMixin,
    ResourceAdmin,
):
    """Drafts are written here and issued with a button; an issued invoice hardly changes."""

    resource = "invoices"
    serializer_class = InvoiceSerializer
    form = InvoiceForm
    delete_question = gettext_lazy("Only drafts can be deleted; an issued invoice is voided.")

    list_display = (
        "shown_number",
        "customer",
        "invoiced",
        "due",
        "state_badge",
        "money_amount",
        "money_balance",
    )
    list_filter = (
        "status",
        OpenFilter,
        ("customer", AutocompleteSelectFilter),
        ("date", RangeDateFilter),
        "imported",
    )
    list_select_related = ("customer",)
    date_hierarchy = "date"
    ordering = ("-id",)
    autocomplete_fields = ("customer",)
    inlines = (InvoiceItemsInline,)
    record_actions = (
        "issue",
        "record_payment",
        "send_by_mail",
        "repeat",
        "share",
        "credit",
        "write_off",
        "void",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "customer",
                    ("date", "due_date"),
                    ("reference", "supply_date"),
                    "notes",
                )
            },
        ),
        PRICES_FIELDSET,
        CURRENCY_FIELDSET,
        (
            gettext_lazy("Mail and reminders"),
            {
                "fields": ("delivery_email", ("disputed", "reminders_paused")),
                "classes": ("collapse",),
            },
        ),
        FOR_OTHER_SYSTEMS,
    )
    add_fieldsets = (
        *fieldsets,
        (
            gettext_lazy("From another system"),
            {"fields": ("invoice_number",), "classes": ("collapse",)},
        ),
    )

    # ── What is shown ────────────────────────────────────────────────────────────
    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        today = organisation_of(request).today()
        late = Q(status__in=OPEN_STATUSES, due_date__lt=today)
        return super().get_queryset(request).annotate(late=late)

    @admin.display(description=gettext_lazy("number"), ordering=ORDER_OF_INVOICES)
    def shown_number(self, invoice: Invoice) -> str:
        return str(invoice)

    @admin.display(description=gettext_lazy("date"), ordering="date")
    def invoiced(self, invoice: Invoice) -> str:
        return day(invoice.date)

    @admin.display(description=gettext_lazy("due"), ordering="due_date")
    def due(self, invoice: Any) -> SafeString | str:
        if not invoice.late:
            return day(invoice.due_date)
        return format_html('<span class="money-owed">{}</span>', day(invoice.due_date))

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state_badge(self, invoice: Any) -> SafeString:
        return invoice_badge(invoice, late=invoice.late)

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money_amount(self, invoice: Invoice) -> SafeString | str:
        return money(invoice.amount, invoice.currency)

    @admin.display(description=gettext_lazy("balance"), ordering="balance")
    def money_balance(self, invoice: Invoice) -> SafeString | str:
        return money(invoice.balance, invoice.currency)

    def summary(self, request: HttpRequest, record: Invoice) -> list[tuple[Any, Any]]:
        figures = [
            (_("Status"), self.state_badge(record)),
            *price_figures(record),
        ]
        if record.status != InvoiceStatus.DRAFT:
            figures.append((_("Paid"), money(record.paid, record.currency)))
            if record.credited:
                figures.append((_("Credited"), money(record.credited, record.currency)))
            if record.written_off:
                figures.append((_("Written off"), money(record.written_off, record.currency)))
            figures.append((_("Balance"), money(record.balance, record.currency)))
        if record.sent_at:
            figures.append((_("Mailed"), moment(record.sent_at)))
        if record.reminded_at:
            figures.append((_("Reminded"), moment(record.reminded_at)))
        if record.late_fee_for is not None:
            figures.append((_("Late fee for"), link_to(record.late_fee_for)))
        quote = getattr(record, "quote", None)
        if quote is not None and may(request, "read", "quotes"):
            figures.append((_("Quote"), link_to(quote)))
        if record.recurring_invoice is not None and may(request, "read", "recurring-invoices"):
            figures.append((_("Made by"), link_to(record.recurring_invoice)))
        return figures

    # ── What can be changed ──────────────────────────────────────────────────────
    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        initial = {"date": organisation_of(request).today()}
        return initial | super().get_changeform_initial_data(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Invoice | None = None) -> Any:
        return () if _is_draft(obj) else ("customer", "date", "supply_date", *CURRENCY, *PRICES)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_draft(obj) and super().has_delete_permission(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Invoice | None) -> Any:
        return [*self.inlines, *(tables_of(obj) if obj else ())]

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Invoice:
        # What comes with a number was issued long ago.
        draft = "number" not in data
        return invoices.create_invoice(actor=self.actor(request), draft=draft, **data)

    def update_record(self, request: HttpRequest, record: Invoice, changes: dict[str, Any]) -> None:
        invoices.update_invoice(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: Invoice) -> bool:
        invoices.delete_invoice(record, actor=self.actor(request))
        return True

    def response_add(
        self, request: HttpRequest, obj: Invoice, post_url_continue: str | None = None
    ) -> HttpResponse:
        if "_addanother" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        if obj.imported:
            text = _("%(number)s is recorded and booked.") % {"number": obj.number}
        else:
            text = _("The draft is saved. Look it over, then issue it.")
        self.message_user(request, text)
        return redirect(self.url_of(obj))

    # ── On paper ─────────────────────────────────────────────────────────────────
    def get_urls(self) -> list[URLPattern]:
        pages = ((STATEMENT_PAGE, self.statement_view), (STATEMENT_PDF, self.statement_pdf_view))
        return [
            *(
                path(address, self.admin_site.admin_view(view), name=name)
                for (name, address), view in pages
            ),
            *super().get_urls(),
        ]

    def statement_view(self, request: HttpRequest) -> HttpResponse:
        return statement_page(request, self.admin_site.each_context(request))

    def statement_pdf_view(self, request: HttpRequest) -> HttpResponse:
        return statement_pdf(request)

    def pdf_response(self, request: HttpRequest, record: Invoice) -> HttpResponse:
        return invoice_response(request, record, seller=organisation_of(request))

    # ── Buttons ──────────────────────────────────────────────────────────────────
    @record_action(
        label=gettext_lazy("Issue"),
        icon="send",
        question=gettext_lazy(
            "It gets its number and is booked. From then on its items and amounts cannot change; "
            "a mistake is mended by voiding or crediting it."
        ),
        when=lambda invoice: invoice.status == InvoiceStatus.DRAFT,
        primary=True,
    )
    def issue(self, request: HttpRequest, record: Invoice, data: dict[str, Any]) -> str:
        issued = invoices.issue_invoice(record, actor=self.actor(request))
        return _("Issued as %(number)s.") % {"number": issued.number}

    @record_action(
        label=gettext_lazy("Record payment"),
        icon="payments",
        form_class=PaymentOnInvoiceForm,
        when=lambda invoice: invoice.is_open(),
        primary=True,
        resource="payments",
    )
    def record_payment(self, request: HttpRequest, record: Invoice, data: dict[str, Any]) -> str:
        given = {name: value for name, value in data.items() if value not in (None, "")}
        payment = payments.pay_invoice(record, actor=self.actor(request), **given)
        return _("%(amount)s recorded.") % {"amount": payment}

    send_by_mail = mail_action(
        gettext_lazy("Send by mail"),
        gettext_lazy("The customer gets it with the PDF. What is written here can be changed."),
    )

    @record_action(
        label=gettext_lazy("Credit"),
        icon="assignment_return",
        question=gettext_lazy(
            "A credit note takes back what was invoiced: say how much of each item, without tax."
            " The invoice owes less; what was paid beyond that becomes the customer's credit, which"
            " can be refunded or used for another invoice. A credit note cannot be undone."
        ),
        form_class=CreditForm,
        when=lambda invoice: "credit" in invoices.allowed_moves(invoice),
        resource="credit-notes",
        danger=True,
    )
    def credit(self, request: HttpRequest, record: Invoice, data: dict[str, Any]) -> HttpResponse:
        note = credit_notes.create_credit_note(record, actor=self.actor(request), **data)
        self.message_user(
            request,
            _("%(number)s credits %(amount)s.")
            % {"number": note.number, "amount": worth(note.amount, note.currency)},
        )
        return redirect(reverse("admin:billing_creditnote_change", args=[note.pk]))

    @record_action(
        label=gettext_lazy("Write off"),
        icon="money_off",
        question=gettext_lazy(
            "For what the customer will not pay: it is no longer owed, and a loss on the accrual"
            " basis. What was invoiced stays as it is. If they pay after all, reverse the"
            " write-off; if it should not have been invoiced, credit it instead."
        ),
        form_class=WriteOffForm,
        when=lambda invoice: "write_off" in invoices.allowed_moves(invoice),
        danger=True,
    )
    def write_off(self, request: HttpRequest, record: Invoice, data: dict[str, Any]) -> str:
        given_up = write_offs.write_off_invoice(record, actor=self.actor(request), **data)
        return _("%(amount)s written off.") % {"amount": given_up}

    @record_action(
        label=gettext_lazy("Void"),
        icon="block",
        question=gettext_lazy(
            "The invoice keeps its number and is taken out of the books by a reversal dated like "
            "it. This cannot be undone."
        ),
        when=lambda invoice: "void" in invoices.allowed_moves(invoice),
        danger=True,
    )
    def void(self, request: HttpRequest, record: Invoice, data: dict[str, Any]) -> str:
        voided = invoices.void_invoice(record, actor=self.actor(request))
        return _("%(number)s has been voided.") % {"number": voided.number}


def _is_draft(invoice: Invoice | None) -> bool:
    return invoice is None or invoice.status == InvoiceStatus.DRAFT


def owed_by(request: HttpRequest, customer: Customer) -> list[tuple[Any, Any]]:
    """For the customer's page."""
    if not may(request, "read", "invoices"):
        return []
    today, currency = organisation_of(request).today(), organisation_of(request).currency
    # Each currency by itself: a customer pays them one by one.
    owed = sums_by_currency(customer.invoices.open(), "balance", first=currency)
    owed = owed or {currency: Decimal(0)}
    overdue = sums_by_currency(customer.invoices.overdue(today), "balance", first=currency)
    return [
        *((_("Outstanding"), money(sum_, code)) for code, sum_ in owed.items()),
        *((_("Overdue"), money(sum_, code)) for code, sum_ in overdue.items()),
    ]


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Invoices"),
        "description",
        "invoices",
        "billing_invoice_changelist",
        "customer__id__exact",
    ),
    figures=owed_by,
)
InvoiceAdmin.announce(links_of("invoice"))
