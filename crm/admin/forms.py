"""What the staff type in about leads."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from bizsuite.backoffice.metadata import MetadataForm
from bizsuite.backoffice.record_actions import ActionForm
from bizsuite.identity.models import User
from crm.duplicates import possible_duplicates
from crm.models import OPEN_STAGES, Lead, Stage
from customers.models import Customer

SUGGESTED_SOURCES = 20
# What is suggested before anybody has typed a source.
USUAL_SOURCES = ("Website", "Referral", "Trade fair", "Phone", "Newsletter", "Social media")
MOST_CUSTOMERS = 20
NEW = "new"


class SuggestingInput(UnfoldAdminTextInputWidget):
    """A text field that suggests what others typed before, and takes anything."""

    template_name = "crm/suggesting_input.html"

    def __init__(self, suggestions: list[str], attrs: dict[str, Any] | None = None) -> None:
        self.suggestions = suggestions
        super().__init__(attrs)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        list_id = f"{name}-suggestions"
        context["widget"]["attrs"] |= {"list": list_id, "autocomplete": "off"}
        context["widget"] |= {"list_id": list_id, "suggestions": self.suggestions}
        return context


def suggested_sources() -> list[str]:
    """The sources used most, then the usual ones."""
    used = (
        Lead.objects.exclude(source="")
        .order_by()
        .values("source")
        .annotate(count=Count("pk"))
        .order_by("-count", "source")
        .values_list("source", flat=True)[:SUGGESTED_SOURCES]
    )
    return list(dict.fromkeys([*used, *USUAL_SOURCES]))


def possible_owners(lead: Lead) -> QuerySet[User]:
    """Who works here, and the present owner even if they left."""
    return User.objects.filter(Q(is_active=True) | Q(pk=lead.owner_id)).order_by("name", "id")


class LeadForm(MetadataForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "source" in self.fields:
            self.fields["source"].widget = SuggestingInput(suggested_sources())
        if "owner" in self.fields:
            self.fields["owner"].queryset = possible_owners(self.instance)


class ContactForm(ActionForm):
    """What happened, and what comes next."""

    note = forms.CharField(
        label=gettext_lazy("What happened"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=gettext_lazy("Becomes a note with the present time."),
    )
    stage = forms.ChoiceField(
        label=gettext_lazy("Stage"),
        choices=[(stage.value, stage.label) for stage in OPEN_STAGES],
        widget=UnfoldAdminSelectWidget,
    )
    next_action = forms.CharField(
        label=gettext_lazy("Next action"),
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
    )
    next_action_date = forms.DateField(
        label=gettext_lazy("On"),
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text=gettext_lazy("Comes up in My day then. Empty: nothing is planned."),
    )

    def __init__(self, *args: Any, record: Lead, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        if not record.is_open:
            del self.fields["stage"]
            return
        # Talking to somebody new is what takes them to the second stage.
        is_new = record.stage == Stage.NEW
        self.fields["stage"].initial = Stage.CONTACTED.value if is_new else record.stage


class StageForm(ActionForm):
    stage = forms.ChoiceField(
        label=gettext_lazy("Stage"),
        choices=[(stage.value, stage.label) for stage in OPEN_STAGES],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, record: Lead, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        if record.is_open:
            self.fields["stage"].initial = record.stage


class LostForm(ActionForm):
    lost_reason = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=500,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=gettext_lazy("Too dear, went elsewhere, no answer …"),
    )


class ConversionForm(ActionForm):
    """A new customer, or one of those that look like this lead."""

    customer = forms.ChoiceField(
        label=gettext_lazy("Customer"), initial=NEW, widget=UnfoldAdminRadioSelectWidget
    )
    another = forms.ModelChoiceField(
        label=gettext_lazy("Or another customer"),
        # The list that is offered names archived ones too; the action says what is wrong with them.
        queryset=Customer.objects.all(),
        required=False,
        widget=AutocompleteSelect(Lead._meta.get_field("customer"), admin.site),
    )

    def __init__(self, *args: Any, record: Lead, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        self.fields["customer"].choices = [
            (NEW, gettext_lazy("A new customer with the lead's details")),
            *((each.pk, _described(each)) for each in similar_customers(record)),
        ]

    def clean(self) -> dict[str, Any]:
        """`chosen`: the customer to link to, or None for a new one."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        chosen = cleaned.get("another")
        if chosen is None and cleaned.get("customer", NEW) != NEW:
            chosen = Customer.objects.filter(pk=cleaned["customer"]).first()
        return cleaned | {"chosen": chosen}


def similar_customers(lead: Lead) -> list[Customer]:
    """Active customers with the lead's e-mail address, telephone or name in them, as written."""
    found: dict[int, Customer] = {}
    for terms in filter(None, (lead.email, lead.phone, lead.company or lead.name)):
        rows = Customer.objects.active().search(terms).order_by("-id")[:MOST_CUSTOMERS]
        found |= {each.pk: each for each in rows}
    return list(found.values())[:MOST_CUSTOMERS]


def _described(customer: Customer) -> str:
    return " · ".join(filter(None, (customer.account, customer.email, customer.phone)))


class DescribedLeads(forms.ModelMultipleChoiceField):
    def label_from_instance(self, obj: Lead) -> str:
        return described(obj)


def described(lead: Lead) -> str:
    """A lead with what tells it apart from its likely duplicates."""
    stage = lead.get_stage_display()
    return " · ".join(filter(None, (str(lead), lead.email, lead.phone, stage)))


class MergeForm(ActionForm):
    """Which of the likely duplicates, or another lead, become a part of this one."""

    duplicates = DescribedLeads(
        label=gettext_lazy("Likely duplicates"),
        queryset=Lead.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )
    another = forms.ModelChoiceField(
        label=gettext_lazy("Another lead"),
        # The list that is offered names merged ones too; the action says into which.
        queryset=Lead.objects.all(),
        required=False,
        widget=AutocompleteSelect(Lead._meta.get_field("merged_into"), admin.site),
    )

    def __init__(self, *args: Any, record: Lead, **kwargs: Any) -> None:
        super().__init__(*args, record=record, **kwargs)
        same = possible_duplicates([record])[record.pk]
        if not same:
            del self.fields["duplicates"]
            return
        self.fields["duplicates"].queryset = Lead.objects.filter(pk__in=same)

    def clean(self) -> dict[str, Any]:
        """`leads`: all that were named."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        leads = [*(cleaned.get("duplicates") or ()), *filter(None, [cleaned.get("another")])]
        if not leads and not self.errors:
            self.add_error(None, gettext_lazy("Choose at least one other lead."))
        return cleaned | {"leads": leads}
