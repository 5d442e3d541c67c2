"""Merging leads that were chosen in the list."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminRadioSelectWidget

from bizsuite.backoffice.forms import show_refusal
from bizsuite.errors import DomainError
from crm.admin.forms import described
from crm.merging import merge_leads
from crm.models import Lead

# As many as somebody compares.
MOST_AT_ONCE = 20


class DescribedLead(forms.ModelChoiceField):
    def label_from_instance(self, obj: Lead) -> str:
        return described(obj)


class KeptLeadForm(forms.Form):
    """Which of the chosen leads stays."""

    kept = DescribedLead(
        label=gettext_lazy("The lead that stays"),
        queryset=Lead.objects.none(),
        empty_label=None,
        widget=UnfoldAdminRadioSelectWidget,
    )

    def __init__(self, *args: Any, chosen: QuerySet[Lead], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kept"].queryset = chosen
        self.fields["kept"].initial = chosen.first()


class MergesSelected:
    """For LeadAdmin: an action of its list that asks which lead stays and merges the others."""

    @admin.action(description=gettext_lazy("Merge selected leads"), permissions=["change"])
    def merge_selected(self, request: HttpRequest, queryset: QuerySet[Lead]) -> Any:
        chosen = queryset.order_by("pk")
        if not 2 <= chosen.count() <= MOST_AT_ONCE:
            text = _("Choose two to %(count)d leads to merge.")
            messages.error(request, text % {"count": MOST_AT_ONCE})
            return None
        form = KeptLeadForm(request.POST if "confirmed" in request.POST else None, chosen=chosen)
        if form.is_valid():
            kept = form.cleaned_data["kept"]
            try:
                with transaction.atomic():
                    others = list(chosen.exclude(pk=kept.pk))
                    merge_leads(kept, others, now=timezone.now(), actor=self.actor(request))
            except DomainError as refusal:
                show_refusal(form, refusal)
            else:
                messages.success(request, _("Merged into %(name)s.") % {"name": kept})
                return redirect(self.url_of(kept))
        return self._ask_which_stays(request, form)

    def _ask_which_stays(self, request: HttpRequest, form: KeptLeadForm) -> HttpResponse:
        return TemplateResponse(
            request,
            "crm/merge_selected.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": _("Merge leads"),
                "form": form,
                "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
                "checkbox_name": ACTION_CHECKBOX_NAME,
                "cancel_url": request.get_full_path(),
                "media": self.media,
            },
        )
