"""What the home page tells: the figures of today, what came last, and first steps."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from billing.display import invoice_badge
from billing.models import Invoice, Payment
from billing.models.ledger import Basis
from billing.sums import worth_of
from bizsuite.backoffice.display import badge, day, money
from bizsuite.backoffice.middleware import organisation_of
from bizsuite.backoffice.permissions import may
from bizsuite.dashboard.months import MonthlyBars, monthly_bars
from bizsuite.identity.models import ApiKey, Organisation
from bizsuite.mail.models import OutgoingMail
from crm.models import Lead
from customers.models import Customer
from reporting.financial import financial_summary, period_of
from support.display import LONG_WAIT
from support.models import Ticket

LATEST = 6


@dataclass(frozen=True, slots=True)
class Card:
    label: str
    value: Any
    note: str
    link: str = ""
    alarming: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of one of the lists of what came last."""

    link: str
    title: str
    detail: str
    badge: Any
    amount: Any


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do on a new installation, and whether it is done."""

    title: str
    text: str
    link: str
    done: bool


def home_context(request: HttpRequest) -> dict[str, Any]:
    profile = organisation_of(request)
    today = profile.today()
    steps = _first_steps(request, profile)
    return {
        "greeting": request.user.name.split()[0],
        "cards": [
            *_my_day_cards(request, today),
            *_owed_cards(request, profile, today),
            *_month_cards(request, profile, today),
            *_ticket_cards(request),
            *_mail_cards(request),
        ],
        "bars": _bars(request, profile, today),
        "latest_invoices": _latest_invoices(request, today),
        "latest_payments": _latest_payments(request),
        "invoices_url": reverse("admin:billing_invoice_changelist"),
        "payments_url": reverse("admin:billing_payment_changelist"),
        "steps": steps if not all(step.done for step in steps) else [],
    }


def _my_day_cards(request: HttpRequest, today: datetime.date) -> list[Card]:
    """For who works with leads; to others it would say 0 every day."""
    mine = Lead.objects.filter(owner_id=request.user.pk)
    if not may(request, "write", "leads") or not mine.exists():
        return []
    due, overdue = mine.due(today).count(), mine.overdue(today).count()
    note = _("leads to get in touch with")
    if overdue:
        note = _("leads to get in touch with, %(count)d overdue") % {"count": overdue}
    return [
        Card(
            _("My day"),
            due,
            note,
            reverse("admin:crm_lead_my_day"),
            alarming=bool(overdue),
        )
    ]


def _owed_cards(request: HttpRequest, profile: Organisation, today: datetime.date) -> list[Card]:
    if not may(request, "read", "invoices"):
        return []
    owed = _balances(Invoice.objects.open(), profile.currency)
    overdue = _balances(Invoice.objects.overdue(today), profile.currency)
    listed = reverse("admin:billing_invoice_changelist")
    return [
        Card(
            _("Outstanding"),
            money(owed["total"], profile.currency),
            _("%(count)d open invoices") % owed,
            f"{listed}?open=true",
        ),
        Card(
            _("Overdue"),
            money(overdue["total"], profile.currency),
            _("%(count)d invoices past their due date") % overdue,
            f"{listed}?open=overdue",
            alarming=bool(overdue["count"]),
        ),
    ]


def _balances(invoices: Any, currency: str) -> dict[str, Any]:
    """In the organisation's currency, whichever ones the invoices are in."""
    return {"total": worth_of(invoices, "balance", currency), "count": invoices.count()}


def _month_cards(request: HttpRequest, profile: Organisation, today: datetime.date) -> list[Card]:
    if not may(request, "read", "reports"):
        return []
    month = financial_summary(
        period_of(today.year, today.month, today),
        basis=Basis.CASH,
        today=today,
        base_currency=profile.currency,
    )
    report = f"{reverse('admin:reports_financial')}?year={today.year}&month={today.month}"
    received = _("net, received in %(month)s") % {"month": date_format(today, "F")}
    spent = _("net, spent in %(month)s") % {"month": date_format(today, "F")}
    return [
        Card(_("Income"), money(month.income, profile.currency), received, report),
        Card(_("Expenses"), money(month.expenses, profile.currency), spent, report),
    ]


def _ticket_cards(request: HttpRequest) -> list[Card]:
    """Once there are tickets: how many wait for us, and for how long."""
    if not may(request, "read", "tickets") or not Ticket.objects.exists():
        return []
    waiting = Ticket.objects.open().aggregate(count=Count("pk"), longest=Min("waiting_since"))
    longest = waiting["longest"]
    return [
        Card(
            _("Tickets waiting for us"),
            waiting["count"],
            _("the longest for %(time)s") % {"time": timesince(longest, depth=1)}
            if longest
            else _("nobody waits"),
            f"{reverse('admin:support_ticket_changelist')}?queue=waiting",
            alarming=longest is not None and timezone.now() - longest >= LONG_WAIT,
        )
    ]


def _mail_cards(request: HttpRequest) -> list[Card]:
    """Only when something is wrong: mails that somebody still believes to be sent."""
    failed = OutgoingMail.objects.failed().count() if may(request, "read", "mail") else 0
    if not failed:
        return []
    listed = f"{reverse('admin:mail_outgoingmail_changelist')}?status__exact=failed"
    return [Card(_("Mails not sent"), failed, _("given up; see why"), listed, alarming=True)]


def _bars(request: HttpRequest, profile: Organisation, today: datetime.date) -> MonthlyBars | None:
    return monthly_bars(today, profile.currency) if may(request, "read", "reports") else None


def _latest_invoices(request: HttpRequest, today: datetime.date) -> list[Row] | None:
    if not may(request, "read", "invoices"):
        return None
    invoices = Invoice.objects.select_related("customer").order_by("-id")[:LATEST]
    return [
        Row(
            reverse("admin:billing_invoice_change", args=[invoice.pk]),
            str(invoice),
            f"{invoice.customer} · {day(invoice.date)}",
            invoice_badge(invoice, late=invoice.is_overdue(today)),
            money(invoice.amount, invoice.currency),
        )
        for invoice in invoices
    ]


def _latest_payments(request: HttpRequest) -> list[Row] | None:
    if not may(request, "read", "payments"):
        return None
    payments = Payment.objects.select_related("customer").order_by("-date", "-id")[:LATEST]
    return [
        Row(
            reverse("admin:billing_payment_change", args=[payment.pk]),
            str(payment.customer),
            " · ".join(filter(None, (day(payment.date), payment.method))),
            badge(_("Credit"), "info") if payment.unallocated else "",
            money(payment.amount, payment.currency),
        )
        for payment in payments
    ]


def _first_steps(request: HttpRequest, profile: Organisation) -> list[Step]:
    """What a new installation needs, of what this user may do."""
    steps = [
        (
            "settings",
            Step(
                _("Say who you are"),
                _("Name, address, currency and time zone: they stand on every document."),
                reverse("admin:identity_organisation_change", args=[profile.pk]),
                profile.version > 1,
            ),
        ),
        (
            "customers",
            Step(
                _("Add a customer"),
                _("By hand, or in bulk over the API."),
                reverse("admin:customers_customer_add"),
                Customer.objects.exists(),
            ),
        ),
        (
            "invoices",
            Step(
                _("Write an invoice"),
                _("It is a draft until you issue it."),
                reverse("admin:billing_invoice_add"),
                Invoice.objects.exists(),
            ),
        ),
        (
            "keys",
            Step(
                _("Connect a program"),
                _("Make an API key with just the rights that it needs."),
                reverse("admin:identity_apikey_add"),
                ApiKey.objects.count() > 1,
            ),
        ),
    ]
    return [step for resource, step in steps if may(request, "write", resource)]
