"""The financial report as a page."""

import datetime
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.dates import MONTHS
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget

from billing.models import JournalEntry
from billing.models.ledger import Basis
from bizsuite.backoffice.display import money
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from reporting.financial import FinancialSummary, financial_summary, period_of

BASES = [(Basis.CASH.value, gettext_lazy("Cash")), (Basis.ACCRUAL.value, gettext_lazy("Accrual"))]


class PeriodForm(forms.Form):
    year = forms.TypedChoiceField(
        label=gettext_lazy("Year"),
        coerce=int,
        empty_value=None,
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    month = forms.TypedChoiceField(
        label=gettext_lazy("Month"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[("", gettext_lazy("Whole year")), *MONTHS.items()],
        widget=UnfoldAdminSelectWidget,
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("Basis"), choices=BASES, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, years: range, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["year"].choices = [
            ("", _("All time")),
            *((year, str(year)) for year in reversed(years)),
        ]


def financial_report(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """`context`: what every page of the site has."""
    if not may(request, "read", "reports"):
        raise PermissionDenied
    profile = organisation_of(request)
    today = profile.today()
    defaults = {"year": today.year, "month": today.month, "basis": Basis.CASH.value}
    form = PeriodForm({**defaults, **request.GET.dict()}, years=_years(today))
    context |= {"title": _("Financial report"), "form": form}
    if form.is_valid():
        chosen = form.cleaned_data
        # A month without a year is this year's, as in the API.
        summary = financial_summary(
            period_of(chosen["year"], chosen["month"], today),
            basis=Basis(chosen["basis"]),
            today=today,
            base_currency=profile.currency,
        )
        context["figures"] = _figures(summary)
    return TemplateResponse(request, "dashboard/financial_report.html", context)


def _years(today: datetime.date) -> range:
    """From the first booking to this year."""
    first = JournalEntry.objects.order_by("date").values_list("date", flat=True).first()
    return range(min(first.year if first else today.year, today.year), today.year + 1)


def _figures(summary: FinancialSummary) -> list[tuple[str, Any, str]]:
    currency = summary.currency
    return [
        (_("Income"), money(summary.income, currency), _("net of tax")),
        (_("Expenses"), money(summary.expenses, currency), _("net of tax")),
        (_("Profit"), money(summary.profit, currency), _("income less expenses")),
        (
            _("Outstanding"),
            money(summary.outstanding, currency),
            _("owed by customers at the end of the period"),
        ),
    ]
