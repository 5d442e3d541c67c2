from typing import Any

from django.contrib import admin, messages
from django.db.models import CharField, DateField, QuerySet, Value
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bizsuite.backoffice.display import day, moment, money
from bizsuite.backoffice.filters import DaysFilter
from bizsuite.backoffice.metadata import FOR_OTHER_SYSTEMS, MetadataMixin
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.record_actions import record_action
from bizsuite.backoffice.related import RelatedList
from bizsuite.backoffice.resource_admin import RelatedInline, ResourceAdmin
from crm import leads, notes
from crm.admin.filters import DueFilter, MergedFilter, OwnerFilter
from crm.admin.forms import (
    ContactForm,
    ConversionForm,
    LeadForm,
    LostForm,
    MergeForm,
    StageForm,
)
from crm.admin.merging import MergesSelected
from crm.admin.pages import LeadPages
from crm.conversion import convert_lead
from crm.display import due_day, link_to, stage_badge
from crm.duplicates import possible_duplicates
from crm.merging import merge_leads
from crm.models import Lead, LeadNote, Stage, StageMove
from crm.serializers import LeadSerializer
from customers.admin import CustomerAdmin

SHOWN_LINKS = 3


class NotesInline(RelatedInline):
    model = LeadNote
    resource = "leads"
    show_change_link = False
    fields = ("noted", "author", "text")
    readonly_fields = fields
    verbose_name_plural = gettext_lazy("Notes")

    @admin.display(description=gettext_lazy("when"))
    def noted(self, note: LeadNote) -> str:
        return moment(note.noted_at)


class StageMovesInline(RelatedInline):
    model = StageMove
    resource = "leads"
    show_change_link = False
    fields = ("moved", "moved_by", "from_to", "reason")
    readonly_fields = fields
    verbose_name_plural = gettext_lazy("Stage history")

    @admin.display(description=gettext_lazy("when"))
    def moved(self, move: StageMove) -> str:
        return moment(move.moved_at)

    @admin.display(description=gettext_lazy("stage"))
    def from_to(self, move: StageMove) -> str:
        to = move.get_to_stage_display()
        return f"{Stage(move.from_stage).label} → {to}" if move.from_stage else to


@admin.register(Lead)
class LeadAdmin(LeadPages, MergesSelected, MetadataMixin, ResourceAdmin):
    """The stage is moved with buttons, so that every move is logged."""

    resource = "leads"
    serializer_class = LeadSerializer
    form = LeadForm
    delete_question = gettext_lazy(
        "Its notes and history go too, and so does what was merged into it. "
        "A customer that it became stays."
    )

    list_display = (
        "title",
        "state_badge",
        "owner",
        "money_value",
        "next_action",
        "due",
        "source",
        "added",
    )
    list_filter = (
        OwnerFilter,
        "stage",
        DueFilter,
        ("created_at", DaysFilter),
        MergedFilter,
    )
    list_select_related = ("owner",)
    ordering = ("-id",)
    inlines = (NotesInline, StageMovesInline)
    actions = ("merge_selected", "delete_selected")
    record_actions = ("log_contact", "move", "win", "lose", "convert", "merge")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("first_name", "last_name"),
                    "company",
                    ("email", "phone"),
                    ("source", "owner"),
                    "description",
                )
            },
        ),
        (
            gettext_lazy("Prospects"),
            {
                "fields": (
                    ("expected_value", "expected_close_date"),
                    ("next_action", "next_action_date"),
                )
            },
        ),
        FOR_OTHER_SYSTEMS,
    )

    # ── What is shown ────────────────────────────────────────────────────────────
    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        """With what a row of the list is shown by, which its columns could not ask for."""
        profile = organisation_of(request)
        return (
            super()
            .get_queryset(request)
            .annotate(
                currency=Value(profile.currency, output_field=CharField()),
                today=Value(profile.today(), output_field=DateField()),
            )
        )

    @admin.display(description=gettext_lazy("lead"), ordering="search_text")
    def title(self, lead: Lead) -> str:
        return str(lead)

    @admin.display(description=gettext_lazy("stage"), ordering="stage")
    def state_badge(self, lead: Lead) -> SafeString:
        return stage_badge(lead)

    @admin.display(description=gettext_lazy("expected value"), ordering="expected_value")
    def money_value(self, lead: Any) -> SafeString | str:
        return money(lead.expected_value, lead.currency)

    @admin.display(description=gettext_lazy("due"), ordering="next_action_date")
    def due(self, lead: Any) -> SafeString | str:
        return due_day(lead, lead.today) or "–"

    @admin.display(description=gettext_lazy("added"), ordering="created_at")
    def added(self, lead: Lead) -> str:
        return day(timezone.localtime(lead.created_at).date())

    def summary(self, request: HttpRequest, record: Lead) -> list[tuple[Any, Any]]:
        profile = organisation_of(request)
        figures = [(_("Stage"), stage_badge(record))]
        if record.lost_reason:
            figures.append((_("Lost because"), record.lost_reason))
        if record.next_action or record.next_action_date:
            due = due_day(record, profile.today())
            figures.append((_("Next"), format_html("{} {}", record.next_action, due)))
        figures += [
            (_("Expected value"), money(record.expected_value, profile.currency)),
            (_("Added"), moment(record.created_at)),
        ]
        if record.customer is not None:
            url = reverse("admin:customers_customer_change", args=[record.customer_id])
            link = format_html('<a class="link" href="{}">{}</a>', url, record.customer)
            figures.append((_("Customer"), link))
        if record.merged_into is not None:
            figures.append((_("Merged into"), link_to(record.merged_into)))
        elif same := self._duplicates_of(record):
            figures.append((_("Likely duplicates"), same))
        if absorbed := list(record.absorbed.values_list("pk", flat=True)):
            figures.append((_("Merged from"), _links(absorbed)))
        return figures

    def _duplicates_of(self, lead: Lead) -> SafeString | str:
        return _links(possible_duplicates([lead])[lead.pk])

    # ── What can be changed ──────────────────────────────────────────────────────
    def has_change_permission(self, request: HttpRequest, obj: Lead | None = None) -> bool:
        """What was merged is a part of another lead, and looked at only."""
        return _is_current(obj) and super().has_change_permission(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Lead | None) -> Any:
        """No empty tables where there is no lead yet, or no note."""
        if obj is None:
            return ()
        return self.inlines if obj.notes.exists() else self.inlines[1:]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk} | super().get_changeform_initial_data(request)

    def create_record(self, request: HttpRequest, data: dict[str, Any]) -> Lead:
        return leads.create_lead(actor=self.actor(request), **data)

    def update_record(self, request: HttpRequest, record: Lead, changes: dict[str, Any]) -> None:
        leads.update_lead(record, actor=self.actor(request), **changes)

    def delete_record(self, request: HttpRequest, record: Lead) -> bool:
        leads.delete_lead(record, actor=self.actor(request))
        return True

    def response_add(
        self, request: HttpRequest, obj: Lead, post_url_continue: str | None = None
    ) -> HttpResponse:
        if same := self._duplicates_of(obj):
            text = _("{name} is maybe here already: {others}. Merge them, or leave it so.")
            messages.warning(request, format_html(text, name=obj, others=same))
        return super().response_add(request, obj, post_url_continue)

    # ── Buttons ──────────────────────────────────────────────────────────────────
    @record_action(
        label=gettext_lazy("Log contact"),
        icon="call",
        question=gettext_lazy("Write down what happened and what comes next."),
        form_class=ContactForm,
        when=lambda lead: lead.merged_into_id is None,
        primary=True,
    )
    def log_contact(self, request: HttpRequest, record: Lead, data: dict[str, Any]) -> Any:
        actor = self.actor(request)
        if text := data.pop("note"):
            notes.add_note(record, text=text, now=timezone.now(), actor=actor)
        leads.update_lead(record, actor=actor, **data)
        return self.back_from(request, _("%(name)s is up to date.") % {"name": record})

    @record_action(
        label=gettext_lazy("Change stage"),
        icon="swap_horiz",
        form_class=StageForm,
        when=lambda lead: lead.merged_into_id is None and lead.customer_id is None,
    )
    def move(self, request: HttpRequest, record: Lead, data: dict[str, Any]) -> str:
        moved = leads.update_lead(record, stage=data["stage"], actor=self.actor(request))
        return _("%(name)s is %(stage)s.") % {"name": moved, "stage": moved.get_stage_display()}

    @record_action(
        label=gettext_lazy("Won"),
        icon="thumb_up",
        question=gettext_lazy("They will buy. Convert makes a customer of them, now or later."),
        when=lambda lead: lead.is_open,
    )
    def win(self, request: HttpRequest, record: Lead, data: dict[str, Any]) -> Any:
        leads.update_lead(record, stage=Stage.WON, actor=self.actor(request))
        return self.back_from(request, _("%(name)s is won.") % {"name": record})

    @record_action(
        label=gettext_lazy("Lost"),
        icon="thumb_down",
        question=gettext_lazy("They will not buy. The lead is kept and can be reopened."),
        form_class=LostForm,
        when=lambda lead: lead.is_open,
    )
    def lose(self, request: HttpRequest, record: Lead, data: dict[str, Any]) -> Any:
        leads.update_lead(record, stage=Stage.LOST, actor=self.actor(request), **data)
        return self.back_from(request, _("%(name)s is lost.") % {"name": record})

    @record_action(
        label=gettext_lazy("Convert"),
        icon="person_add",
        question=gettext_lazy("The lead is won and becomes a customer. This cannot be undone."),
        form_class=ConversionForm,
        when=lambda lead: lead.merged_into_id is None and lead.customer_id is None,
    )
    def convert(self, request: HttpRequest, record: Lead, data: dict[str, Any]) -> str:
        customer, is_new = convert_lead(
            record, customer=data["chosen"], now=timezone.now(), actor=self.actor(request)
        )
        if is_new:
            return _("%(name)s is a customer now.") % {"name": customer}
        return _("Linked to the customer %(name)s.") % {"name": customer}

    @record_action(
        label=gettext_lazy("Merge"),
        icon="merge",
        question=gettext_lazy(
            "The chosen leads become a part of this one: it takes what it does not have itself, "
            "and all their notes. This cannot be undone."
        ),
        form_class=MergeForm,
        when=lambda lead: lead.merged_into_id is None,
    )
    def merge(self, request: HttpRequest, record: Lead, data: dict[str, Any]) -> str:
        merge_leads(record, data["leads"], now=timezone.now(), actor=self.actor(request))
        return _("Merged into %(name)s.") % {"name": record}


def _links(ids: list[int]) -> SafeString | str:
    """Links to the first of some leads, and how many more there are."""
    shown = Lead.objects.filter(pk__in=ids[:SHOWN_LINKS]).order_by("pk")
    links = format_html_join(", ", "{}", ((link_to(each),) for each in shown))
    more = len(ids) - SHOWN_LINKS
    return format_html("{} +{}", links, more) if more > 0 else links


def _is_current(lead: Lead | None) -> bool:
    return lead is None or lead.merged_into_id is None


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Leads"),
        "person_search",
        "leads",
        "crm_lead_changelist",
        "customer__id__exact",
    )
)
