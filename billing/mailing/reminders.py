"""Reminding customers of what they owe: who is due, why others are not, and doing it once."""

import datetime
import logging
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import transaction
from django.db.models import Prefetch
from django.utils.translation import gettext as _

from billing.invoices import locked
from billing.mailing.documents import RESOURCES, address_of, paper_of, papers_of
from billing.mailing.late_fees import charge_late_fee, late_fee
from billing.mailing.letters import Letter, Paper, page_of, queue_letter
from billing.mailing.texts import text_of
from billing.mailing.words import link_words, reminder_words
from billing.models import Invoice, Reminder, ReminderLevel
from billing.serializers import InvoiceSerializer
from bizsuite.errors import DomainError
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import Organisation, organisation

logger = logging.getLogger(__name__)

# Hours of the organisation's day: nobody wants to be reminded of money in the night.
FROM_HOUR, UNTIL_HOUR = 8, 18


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run would do about an invoice that is due for a reminder.

    to: where the mail goes. fee: in the invoice's currency; 0: none. skipped: why nothing will be
    sent, in a sentence; empty if it will.
    """

    invoice: Invoice
    level: ReminderLevel
    to: str
    fee: Decimal
    skipped: str = ""


def planned_reminders(*, now: datetime.datetime) -> list[Planned]:
    """What the next run would do, the longest overdue first. Writes nothing.

    Of several levels that have come due only the highest counts, so that after a pause nobody
    gets them all at once; one below a level that was sent has passed.
    """
    profile, levels = organisation(), active_levels()
    if not levels:
        return []
    last_due = profile.today(now) - datetime.timedelta(days=levels[0].days)
    first_due = profile.reminders_from or datetime.date.min
    invoices = (
        Invoice.objects.open()
        .filter(due_date__range=(first_due, last_due))
        .select_related("customer")
        .prefetch_related(Prefetch("reminders", Reminder.objects.select_related("level")))
        .order_by("due_date", "pk")
    )
    plans = (plan_for(invoice, levels, profile, now=now) for invoice in invoices)
    return [plan for plan in plans if plan is not None]


def send_reminders(
    *, now: datetime.datetime, actor: Actor, limit: int | None = None
) -> list[Planned]:
    """Remind those who are due; returns what became of each. Nothing unless it is switched on.

    At most one mail per invoice and run, and each level once per invoice: two runs at once, or one
    after a crash, send what the other has not. limit: how many to send at most; what cannot be sent
    does not count, else a hundred such would keep all others from ever being reminded.
    """
    outcomes: list[Planned] = []
    if not organisation().reminders_enabled:
        return outcomes
    plans = planned_reminders(now=now)
    sent = 0
    for planned in [plan for plan in plans if not plan.skipped]:
        if sent == limit:
            break
        outcome = _tried(planned, now=now, actor=actor)
        if outcome is not None:
            outcomes.append(outcome)
            sent += not outcome.skipped
    return outcomes + [plan for plan in plans if plan.skipped]


def is_time_to_remind(profile: Organisation, *, now: datetime.datetime) -> bool:
    """Whether it is day where the organisation is. An operator's own run does not ask."""
    hour = now.astimezone(zoneinfo.ZoneInfo(profile.timezone)).hour
    return FROM_HOUR <= hour < UNTIL_HOUR


def active_levels() -> list[ReminderLevel]:
    """In the order in which they come due."""
    return list(ReminderLevel.objects.filter(active=True).order_by("days"))


def plan_for(
    invoice: Invoice,
    levels: Sequence[ReminderLevel],
    profile: Organisation,
    *,
    now: datetime.datetime,
) -> Planned | None:
    """What would be done about an invoice now; None if no level is due that was not sent."""
    if not invoice.is_open() or _is_of_before(invoice, profile):
        return None
    level = due_level(invoice, levels, profile, now=now)
    if level is None:
        return None
    return Planned(
        invoice=invoice,
        level=level,
        to=address_of(invoice),
        fee=late_fee(invoice, level),
        skipped=_why_not(invoice),
    )


def due_level(
    invoice: Invoice,
    levels: Sequence[ReminderLevel],
    profile: Organisation,
    *,
    now: datetime.datetime,
) -> ReminderLevel | None:
    """The highest level that has come due, unless it or a higher one was sent."""
    today = profile.today(now)
    due = [level for level in levels if _is_due(level, invoice, profile, today)]
    if not due:
        return None
    highest = max(due, key=lambda level: level.days)
    # By its id too: its days may have been changed since.
    passed = any(
        reminder.level_id == highest.pk or reminder.level.days >= highest.days
        for reminder in invoice.reminders.all()
    )
    return None if passed else highest


def _is_due(
    level: ReminderLevel, invoice: Invoice, profile: Organisation, today: datetime.date
) -> bool:
    late_by = (today - invoice.due_date).days
    if late_by < level.days:
        return False
    if level.days > 0:
        return True
    # A note that something is due soon is worth nothing afterwards, nor to somebody who got the
    # invoice only after its day.
    noted_on = invoice.due_date + datetime.timedelta(days=level.days)
    known_since = profile.today(invoice.issued_at) if invoice.issued_at else invoice.date
    return late_by <= 0 and known_since <= noted_on


def _is_of_before(invoice: Invoice, profile: Organisation) -> bool:
    """Whether it was due before the first day of which reminders are sent."""
    return profile.reminders_from is not None and invoice.due_date < profile.reminders_from


def _why_not(invoice: Invoice) -> str:
    customer = invoice.customer
    reasons = (
        (invoice.disputed, _("The customer disputes it.")),
        (invoice.reminders_paused, _("Reminders of it are paused.")),
        (customer.reminders_paused, _("Reminders of this customer are paused.")),
        (customer.archived_at is not None, _("The customer is archived.")),
        (not address_of(invoice), _("The customer has no e-mail address.")),
    )
    return next((reason for applies, reason in reasons if applies), "")


def _tried(planned: Planned, *, now: datetime.datetime, actor: Actor) -> Planned | None:
    """Send one. What forbids it, such as a fee in a closed period, does not stop the others."""
    invoice = planned.invoice
    try:
        paper = paper_of(invoice, seller=organisation())
        return _remind(invoice, paper, now=now, actor=actor)
    except DomainError as refusal:
        return replace(planned, skipped=refusal.message)
    except Exception as error:  # one invoice's surprise must not keep the others from their turn
        logger.exception("The reminder of invoice %s failed in an unforeseen way", invoice.pk)
        return replace(planned, skipped=f"{type(error).__name__}: {error}")


@transaction.atomic
def _remind(
    invoice: Invoice, paper: Paper | None, *, now: datetime.datetime, actor: Actor
) -> Planned | None:
    """Write the reminder, its fee and its mail, or none of them; None if it is no longer due.

    Looked at again under the lock: somebody may have paid, or another run been here.
    """
    profile = organisation()
    invoice = locked(invoice)
    planned = plan_for(invoice, active_levels(), profile, now=now)
    if planned is None or planned.skipped:
        return planned
    fee = None
    if planned.fee:
        fee = charge_late_fee(invoice, planned.fee, date=profile.today(now), actor=actor)
    Reminder.objects.create(invoice=invoice, level=planned.level, fee=fee, created_at=now)
    letter = _letter(planned, fee, paper, profile, now=now, actor=actor)
    queue_letter(letter, profile=profile, now=now)
    Invoice.objects.filter(pk=invoice.pk).change(reminded_at=now)
    invoice = locked(invoice)
    record_event("invoice.reminded", invoice, data=InvoiceSerializer(invoice).data, actor=actor)
    return planned


def _letter(
    planned: Planned,
    fee: Invoice | None,
    paper: Paper | None,
    profile: Organisation,
    *,
    now: datetime.datetime,
    actor: Actor,
) -> Letter:
    """With the invoice and, if there is one, the fee's."""
    invoice, level = planned.invoice, planned.level
    papers = papers_of(invoice, paper, seller=profile)
    if fee is not None:
        papers += papers_of(fee, None, seller=profile)
    link = page_of(invoice, actor=actor, now=now)
    words = reminder_words(invoice, profile, today=profile.today(now), fee=fee)
    return Letter(
        addresses=[planned.to],
        text=text_of(level),
        words=words | link_words(link),
        resource=RESOURCES[Invoice],
        object_id=invoice.pk,
        papers=papers,
        link=link,
    )
