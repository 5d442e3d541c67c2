"""A customer's statement as a page."""

from typing import Any

from django import forms
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.downloads import statement_response
from billing.statements import Line, Statement, customer_statement
from bizsuite.backoffice.display import day, money
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.backoffice.related import RelatedList
from customers.admin import CustomerAdmin
from customers.models import Customer

# Each page's name and its address below the invoices'.
STATEMENT_PAGE = ("billing_customer_statement", "statement/")
STATEMENT_PDF = ("billing_customer_statement_pdf", "statement/pdf/")


class DayWidget(UnfoldAdminTextInputWidget):
    """The browser's own calendar: the theme's is for pages about a record."""

    input_type = "date"


class PeriodForm(forms.Form):
    date_from = forms.DateField(label=gettext_lazy("From"), required=False, widget=DayWidget)
    date_to = forms.DateField(label=gettext_lazy("To"), widget=DayWidget)
    currency = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        chosen: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = chosen.get("date_from"), chosen.get("date_to")
        if first and last and first > last:
            self.add_error("date_from", _("Must not be after the last day."))
        return chosen


def statement_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """`?customer=` names whose. `context`: what every page of the site has."""
    customer, form = _asked(request)
    context |= {
        "title": _("Statement of %(name)s") % {"name": customer},
        "customer": customer,
        "customer_url": reverse("admin:customers_customer_change", args=[customer.pk]),
        "form": form,
    }
    if may(request, "write", "links"):
        context["share_url"] = reverse("admin:billing_sharedlink_statement", args=[customer.pk])
    if form.is_valid():
        statement = _statement(request, customer, form)
        context |= {
            "figures": _figures(statement),
            "lines": _table(statement),
            "others": _others(request, statement),
            "pdf_url": f"{reverse(f'admin:{STATEMENT_PDF[0]}')}?{request.GET.urlencode()}",
        }
    return TemplateResponse(request, "billing/statement.html", context)


def statement_pdf(request: HttpRequest) -> HttpResponse:
    """The same on paper; back to the page where its dates are wrong."""
    customer, form = _asked(request)
    if not form.is_valid():
        return redirect(f"{reverse(f'admin:{STATEMENT_PAGE[0]}')}?{request.GET.urlencode()}")
    statement = _statement(request, customer, form)
    return statement_response(request, statement, seller=organisation_of(request))


def _asked(request: HttpRequest) -> tuple[Customer, PeriodForm]:
    """Raises PermissionDenied and Http404."""
    if not (may(request, "read", "payments") and may(request, "read", "invoices")):
        raise PermissionDenied
    asked = request.GET.get("customer", "")
    pk = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 18 else None
    customer = get_object_or_404(Customer, pk=pk)
    today = organisation_of(request).today().isoformat()
    return customer, PeriodForm({"date_to": today, **request.GET.dict()})


def _statement(request: HttpRequest, customer: Customer, form: PeriodForm) -> Statement:
    own_currency = organisation_of(request).currency
    asked = form.cleaned_data | {"currency": form.cleaned_data["currency"] or None}
    return customer_statement(customer, own_currency=own_currency, **asked)


def _others(request: HttpRequest, statement: Statement) -> list[tuple[str, str]]:
    """The statements of the same days in the customer's other currencies, and where they are."""
    query = request.GET.copy()
    links = []
    for currency in statement.currencies:
        if currency != statement.currency:
            query["currency"] = currency
            links.append((currency, f"?{query.urlencode()}"))
    return links


def _figures(statement: Statement) -> list[tuple[str, Any]]:
    currency = statement.currency
    return [
        (_("Opening balance"), money(statement.opening_balance, currency)),
        (_("Outstanding"), money(statement.outstanding, currency)),
        (_("Credit"), money(statement.credit, currency)),
        (_("Closing balance"), money(statement.closing_balance, currency)),
    ]


def _table(statement: Statement) -> dict[str, Any]:
    return {
        "headers": [_("Date"), _("What"), _("Amount"), _("Balance")],
        "rows": [
            [
                day(line.date),
                _linked(line),
                money(line.amount, line.currency),
                money(line.balance, line.currency),
            ]
            for line in statement.lines
        ],
    }


def _linked(line: Line) -> SafeString:
    """To the document's page."""
    model = apps.get_model("billing", line.document_type.replace("_", ""))
    url = reverse(f"admin:billing_{model._meta.model_name}_change", args=[line.document_id])
    return format_html('<a href="{}">{}</a>', url, line.description)


CustomerAdmin.announce(
    RelatedList(
        gettext_lazy("Statement"),
        "account_balance_wallet",
        "payments",
        STATEMENT_PAGE[0],
        "customer",
    )
)
