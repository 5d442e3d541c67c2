import itertools
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.widgets import UnfoldBooleanSwitchWidget

from billing import recurring_invoices, recurring_runs
from billing.admin.forms import PricedDocumentForm, optional
from billing.admin.items import ItemsInline
from billing.admin.priced_documents import PRICES, PRICES_FIELDSET, price_figures
from billing.display import invoice_badge, link_to, recurring_badge
from billing.models import Invoice, RecurringInvoice, RecurringInvoiceItem
from billing.models.recurring import RecurringStatus
from billing.periods import PLACEHOLDERS
from billing.recurrence import Interval
from billing.serializers import RecurringInvoiceSerializer
from bizsuite.backoffice.display import day, moment, money
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.record_actions import ActionForm, record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import RelatedInline, ResourceAdmin
from customers.admin import CustomerAdmin

SHOWN_AHEAD = 6
RHYTHM = ("every", "interval", "start_date", "end_date", "count")
MAKING = ("payment_terms_days", "draft", "mail", "catch_up")


class FailingFilter(admin.SimpleListFilter):
    title = gettext_lazy("last attempt")
    parameter_name = "failing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("true", gettext_lazy("Did not succeed"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.failing() if self.value() == "true" else queryset


class RecurringInvoiceForm(PricedDocumentForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        optional(self, "start_date", "every", "catch_up")
        if "notes" in self.fields:
            self.fields["notes"].help_text = placeholder_help()


def placeholder_help() -> str:
    """What texts may say, for those who write them."""
    listed = ", ".join(f"{{{{ {name} }}}}" for name in PLACEHOLDERS)
    return _(
        "Descriptions, reference and notes may have %(placeholders)s: filled in for each period."
    ) % {"placeholders": listed}


class RecurringItemsInline(ItemsInline):
    model = RecurringInvoiceItem
    resource = "recurring-invoices"
    document = "recurring_invoice"

    def is_open(self, document: RecurringInvoice | None) -> bool:
        return goes_on(document)


class MadeInline(RelatedInline):
    model = Invoice
    fk_name = "recurring_invoice"
    resource = "invoices"
    fields = ("period", "invoice_link", "state", "money_amount")
    readonly_fields = fields
    ordering = ("-recurring_period",)
    per_page = 12
    show_change_link = False
    verbose_name_plural = gettext_lazy("Invoices that it made")

    @admin.display(description=gettext_lazy("period from"))
    def period(self, invoice: Invoice) -> str:
        return day(invoice.recurring_period)

    @admin.display(description=gettext_lazy("invoice"))
    def invoice_link(self, invoice: Invoice) -> SafeString:
        return link_to(invoice)

    @admin.display(description=gettext_lazy("status"))
    def state(self, invoice: Invoice) -> SafeString:
        return invoice_badge(invoice, late=False)

    @admin.display(description=gettext_lazy("amount"))
    def money_amount(self, invoice: Invoice) -> SafeString | str:
        return money(invoice.amount, invoice.currency)


class ResumeForm(ActionForm):
    make_missed = forms.BooleanField(
        label=gettext_lazy("Make the invoices of the pause too"),
        required=False,
        help_text=gettext_lazy("Off: it goes on with the first period from today on."),
        widget=UnfoldBooleanSwitchWidget,
    )


def goes_on(schedule: RecurringInvoice | None) -> bool:
    return schedule is None or schedule.status != RecurringStatus.ENDED


def rhythm_of(schedule: RecurringInvoice) -> str:
    """Monthly, or: every 2 months."""
    if schedule.every == 1:
        return str(schedule.get_interval_display())
    units = {
        Interval.WEEKLY: ngettext("every %(n)s week", "every %(n)s weeks", schedule.every),
        Interval.MONTHLY: ngettext("every %(n)s month", "every %(n)s months", schedule.every),
        Interval.QUARTERLY: ngettext("every %(n)s quarter", "every %(n)s quarters", schedule.every),
        Interval.YEARLY: ngettext("every %(n)s year", "every %(n)s years", schedule.every),
    }
    return (units[Interval(schedule.interval)] % {"n": schedule.every}).capitalize()


@admin.register(RecurringInvoice)
class RecurringInvoiceAdmin(MetadataMixin, ResourceAdmin):
    """Schedules are written here; what they make, and when, is shown before it happens."""

    resource = "recurring-invoices"
    event_resource = "recurring_invoice"
    serializer_class = RecurringInvoiceSerializer
    form = RecurringInvoiceForm
    delete_question = gettext_lazy(
        "Only those that made no invoice can be deleted; others are ended."
    )

    list_display = (
        "customer_link",
        "what",
        "rhythm",
        "next_invoice",
        "state_badge",
        "money_amount",
    )
    list_display_links = ("customer_link",)
    list_filter = (
        "status",
        FailingFilter,
        "interval",
        ("customer", AutocompleteSelectFilter),
    )
    list_select_related = ("customer",)
    ordering = ("next_date", "id")
    autocomplete_fields = ("customer",)
    inlines = (RecurringItemsInline,)
    record_actions = ("run", "pause", "resume", "end")
    readonly_fields = ("preview",)
    add_fieldsets = (
        (None, {"fields": ("customer", "reference", "notes")}),
        (
            gettext_lazy("When"),
            {"fields": (("every", "interval"), "start_date", ("end_date", "count"), "catch_up")},
        ),
        (
            gettext_lazy("How"),
            {"fields": (("draft", "mail"), "payment_terms_days", "currency")},
        ),
        PRICES_FIELDSET,
        FOR_OTHER_SYSTEMS,
    )
    fieldsets = (
        (gettext_lazy("What comes next"), {"fields": ("preview",)}),
        *add_fieldsets,
    )

    # ── What is shown ────────────────────────────────────────────────────────────
    def get_queryset(self, request: HttpRequest) -> QuerySet[RecurringInvoice]:
        return super().get_queryset(request).prefetch_related("items")

    @admin.display(description=gettext_lazy("customer"), ordering="customer__account")
    def customer_link(self, schedule: RecurringInvoice) -> str:
        return schedule.customer.account

    @admin.display(description=gettext_lazy("what"))
    def what(self, schedule: RecurringInvoice) -> str:
        items = list(schedule.items.all())
        more = f" + {len(items) - 1}" if len(items) > 1 else ""
        return f"{items[0].description}{more}" if items else "–"

    @admin.display(description=gettext_lazy("rhythm"), ordering="interval")
    def rhythm(self, schedule: RecurringInvoice) -> str:
        return rhythm_of(schedule)

    @admin.display(description=gettext_lazy("next date"), ordering="next_date")
    def next_invoice(self, schedule: RecurringInvoice) -> str:
        return day(schedule.next_date)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state_badge(self, schedule: RecurringInvoice) -> SafeString:
        return recurring_badge(schedule)

    @admin.display(description=gettext_lazy("amount"), ordering="amount")
    def money_amount(self, schedule: RecurringInvoice) -> SafeString | str:
        return money(schedule.amount, schedule.currency)

    @admin.display(description=gettext_lazy("next invoices"))
    def preview(self, schedule: RecurringInvoice) -> SafeString | str:
        """The next dates, what they say, and what they come to."""
        dates = list(itertools.islice(schedule.upcoming(), SHOWN_AHEAD))
        if not dates:
            return _("None: it has ended.")
        amount = money(schedule.amount, schedule.currency)
        rows = format_html_join(
            "",
            '<tr class="align-top"><td class="pr-8 whitespace-nowrap">{}</td><td class="pr-8">{}</td>'
            '<td class="whitespace-nowrap">{}</td></tr>',
            (
                (day(date), text, amount)
                for date, text in zip(
                    dates, recurring_runs.first_texts(schedule, len(dates)), strict=True
                )
            ),
        )
        return format_html("<table>{}</table>", rows)

    def summary(self, request: HttpRequest, record: RecurringInvoice) -> list[tuple[Any, Any]]:
        figures = [
            (_("Status"), self.state_badge(record)),
            (_("Rhythm"), rhythm_of(record)),
            (_("Next"), day(record.next_date)),
            (_("Invoices made"), str(record.made)),
            *price_figures(record),
        ]
        if record.failure:
            since = moment(record.failed_at)
            figures.append((_("Did not succeed, since %(time)s") % {"time": since}, record.failure))
        return figures

    # ── What can be changed ──────────────────────────────────────────────────────
    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        profile = organisation_of(request)
        initial = {
            "start_date": profile.today(),
            "interval": Interval.MONTHLY,
            "currency": profile.currency,
        }
        return initial | super().get_changeform_initial_data(request)

    def get_readonly_fields(self, request: HttpRequest, obj: RecurringInvoice | None = None) -> Any:
        if goes_on(obj):
            return self.readonly_fields
        fixed = ("customer", "notes", "currency", *RHYTHM, *MAKING, *PRICES)
        return (*self.readonly_fields, *fixed)

    def get_inlines(self, request: HttpRequest, obj: RecurringInvoice | None) -> Any:
        return (*self.inlines, MadeInline) if obj and obj.made else self.inlines

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        unused = obj is None or not obj.made
        return unused and super().has_delete_permission(request, obj)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> RecurringInvoice:
        return recurring_invoices.create_recurring_invoice(actor=self.actor(request), **data)

    def update_record(
        self, request: HttpRequest, record: RecurringInvoice, changes: dict[str, Any]
    ) -> None:
        recurring_invoices.update_recurring_invoice(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: RecurringInvoice) -> bool:
        recurring_invoices.delete_recurring_invoice(record, actor=self.actor(request))
        return True

    # ── Buttons ──────────────────────────────────────────────────────────────────
    @record_action(
        label=gettext_lazy("Make the next invoice"),
        icon="play_arrow",
        question=gettext_lazy(
            "The next invoice is made now, without waiting for its day: an overdue one with its own"
            " date, an early one with today's."
        ),
        when=lambda schedule: schedule.status == RecurringStatus.ACTIVE,
    )
    def run(
        self, request: HttpRequest, record: RecurringInvoice, data: dict[str, Any]
    ) -> HttpResponse:
        invoice = recurring_runs.run_now(record, now=timezone.now(), actor=self.actor(request))
        self.message_user(request, _("%(number)s is made.") % {"number": invoice})
        return redirect(reverse("admin:billing_invoice_change", args=[invoice.pk]))

    @record_action(
        label=gettext_lazy("Pause"),
        icon="pause",
        question=gettext_lazy("No invoices are made until it is resumed."),
        when=lambda schedule: schedule.status == RecurringStatus.ACTIVE,
    )
    def pause(self, request: HttpRequest, record: RecurringInvoice, data: dict[str, Any]) -> str:
        recurring_invoices.pause_recurring_invoice(record, actor=self.actor(request))
        return _("It is paused.")

    @record_action(
        label=gettext_lazy("Resume"),
        icon="play_arrow",
        form_class=ResumeForm,
        when=lambda schedule: schedule.status == RecurringStatus.PAUSED,
        primary=True,
    )
    def resume(self, request: HttpRequest, record: RecurringInvoice, data: dict[str, Any]) -> str:
        resumed = recurring_invoices.resume_recurring_invoice(
            record, today=organisation_of(request).today(), actor=self.actor(request), **data
        )
        return _("It goes on. Next: %(date)s.") % {"date": day(resumed.next_date)}

    @record_action(
        label=gettext_lazy("End"),
        icon="stop",
        question=gettext_lazy(
            "No more invoices are made, for good. The invoices that are there stay as they are."
        ),
        when=goes_on,
        danger=True,
    )
    def end(self, request: HttpRequest, record: RecurringInvoice, data: dict[str, Any]) -> str:
        recurring_invoices.end_recurring_invoice(record, actor=self.actor(request))
        return _("It has ended.")


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Recurring invoices"),
        "event_repeat",
        "recurring-invoices",
        "billing_recurringinvoice_changelist",
        "customer__id__exact",
    )
)
