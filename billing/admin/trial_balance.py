"""The chart of accounts as a page: what is in each of them, on a day."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from billing.admin.statements import DayWidget
from billing.models.ledger import Basis
from billing.trial_balance import NOTHING, TrialLine, trial_balance
from bizsuite.backoffice.display import money
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may

PAGE_NAME = "billing_trial_balance"


class DayForm(forms.Form):
    day = forms.DateField(label=gettext_lazy("On"), widget=DayWidget)
    basis = forms.ChoiceField(
        label=gettext_lazy("Basis"),
        choices=[
            (Basis.ACCRUAL.value, gettext_lazy("Accrual")),
            (Basis.CASH.value, gettext_lazy("Cash")),
        ],
        widget=UnfoldAdminSelectWidget,
    )


def trial_balance_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """`?day=&basis=`. `context`: what every page of the site has."""
    if not may(request, "read", "journal"):
        raise PermissionDenied
    profile = organisation_of(request)
    defaults = {"day": profile.today().isoformat(), "basis": Basis.ACCRUAL.value}
    form = DayForm({**defaults, **request.GET.dict()})
    context |= {"title": _("Chart of accounts"), "form": form}
    if form.is_valid():
        lines = trial_balance(basis=Basis(form.cleaned_data["basis"]), day=form.cleaned_data["day"])
        context["accounts"] = _table(lines, profile.currency)
    return TemplateResponse(request, "billing/trial_balance.html", context)


def _table(lines: list[TrialLine], currency: str) -> dict[str, Any]:
    rows = [
        [
            line.ledger.label,
            money(line.debit, currency) if line.debit else "",
            money(line.credit, currency) if line.credit else "",
        ]
        for line in lines
    ]
    total = [
        _("Total"),
        money(sum((line.debit for line in lines), NOTHING), currency),
        money(sum((line.credit for line in lines), NOTHING), currency),
    ]
    return {"headers": [_("Account"), _("Debit"), _("Credit")], "rows": [*rows, total]}
