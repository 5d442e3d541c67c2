"""Making the invoices of schedules: each once, in a transaction of its own."""

import datetime
import itertools
import logging
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from billing.invoices import create_invoice
from billing.items import repeated_items
from billing.mailing.documents import mail_document
from billing.mailing.placeholders import filled
from billing.models import Invoice, RecurringInvoice
from billing.models.recurring import CatchUp, RecurringStatus
from billing.periods import Period
from billing.recurring_invoices import (
    COPIED,
    DESCRIPTION_LENGTH,
    NO_FAILURE,
    REFERENCE_LENGTH,
    changed,
    locked,
    require_move,
    where_it_stands,
)
from bizsuite.errors import DomainError, Forbidden, Invalid
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation

# Invoices per run: a worker is not busy with years of catching up while others wait.
MOST_PER_RUN = 500
UNEXPECTED = "Something went wrong on our side. The log says what; it is tried again."
# Names the lock that runs take in turn; any number that nothing else uses.
_TURN = 7_340_120_641

logger = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What a run did.

    failed: by schedule, why its invoice could not be made. complete: nothing else was due.
    """

    made: list[Invoice] = field(default_factory=list)
    failed: dict[int, str] = field(default_factory=dict)
    complete: bool = False


def generate_due(*, now: datetime.datetime, actor: Actor, limit: int = MOST_PER_RUN) -> Outcome:
    """Make what is due by the organisation's clock, the oldest first, up to `limit` invoices.

    A schedule whose invoice is refused says why and is tried again by the next run; the others go
    on. Safe to run twice, at once, and after being killed: what is made is committed with the step
    to the next period.
    """
    outcome, today = Outcome(), organisation().today(now)
    after = (datetime.date.min, 0)
    while len(outcome.made) < limit:
        with transaction.atomic():
            # Those who run at once take turns, so that over all of them dates come in order.
            _wait_for_turn()
            due = _first_due(today, after)
            if due is None:
                outcome.complete = True
                break
            after = (due.next_date or today, due.pk)
            _try_next(due, outcome, today=today, now=now, actor=actor)
    return outcome


@transaction.atomic
def run_now(schedule: RecurringInvoice, *, now: datetime.datetime, actor: Actor) -> Invoice:
    """Make the next invoice at once: an overdue one with its date, an early one with today's."""
    if not (actor.may("write", "invoices") and actor.may("read", "invoices")):
        raise Forbidden("Running it makes an invoice: it needs the right to write invoices.")
    _wait_for_turn()
    schedule = locked(schedule)
    require_move(schedule, "run")
    return _make_next(schedule, today=organisation().today(now), now=now, actor=actor)


def due_dates(schedule: RecurringInvoice, today: datetime.date) -> list[datetime.date]:
    """The dates of the invoices that a run would make of it."""
    skips = schedule.catch_up == CatchUp.SKIP
    # What is skipped does not count.
    dates = schedule.dates() if skips else schedule.upcoming()
    due = list(itertools.takewhile(lambda date: date <= today, dates))
    return due[-1:] if skips else due


def first_texts(schedule: RecurringInvoice, count: int) -> list[str]:
    """What the first item of each of the next invoices will say."""
    text = next((item.description for item in schedule.items.all()), "")
    return [filled(text, schedule.period_after(steps).words()) for steps in range(count)]


def _wait_for_turn() -> None:
    """Until the transaction ends. On SQLite the transaction itself is the turn."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def _first_due(today: datetime.date, after: tuple[datetime.date, int]) -> RecurringInvoice | None:
    """The oldest that is due and was not tried yet, held."""
    date, pk = after
    later = Q(next_date__gt=date) | Q(next_date=date, pk__gt=pk)
    for found in RecurringInvoice.objects.due(today).filter(later).order_by("next_date", "pk")[:1]:
        expected = found.next_date
        # Paused, ended or moved while this waited for it: look again.
        unchanged = locked(found).next_date == expected and found.status == RecurringStatus.ACTIVE
        return found if unchanged else _first_due(today, after)
    return None


def _try_next(
    schedule: RecurringInvoice,
    outcome: Outcome,
    *,
    today: datetime.date,
    now: datetime.datetime,
    actor: Actor,
) -> None:
    try:
        with transaction.atomic():
            outcome.made.append(_make_next(schedule, today=today, now=now, actor=actor))
            return
    except DomainError as refusal:
        said, code = said_by(refusal), refusal.code
    except Exception:
        # One that is broken must not keep the others from being made.
        logger.exception("The next invoice of recurring invoice %s was not made", schedule.pk)
        said, code = UNEXPECTED, "internal_error"
    outcome.failed[schedule.pk] = said
    # Once per reason, for runs try again every few minutes. The same code is the same reason, but
    # for what is not valid: that may be another field.
    is_told = schedule.failure_code == code and (code != Invalid.code or schedule.failure == said)
    if not is_told:
        _tell(schedule, said, code, now=now, actor=actor)


def _make_next(
    schedule: RecurringInvoice, *, today: datetime.date, now: datetime.datetime, actor: Actor
) -> Invoice:
    """Make the invoice of the next period, which is held, and go on to the one after it."""
    changes: dict[str, Any] = dict(NO_FAILURE)
    if schedule.catch_up == CatchUp.SKIP:
        _skip_missed(schedule, today)
    period = schedule.period_after(0)
    invoice = create_invoice(
        recurring_invoice=schedule,
        recurring_period=period.start,
        draft=schedule.draft,
        actor=actor,
        **_content(schedule, period, date=min(period.start, today)),
    )
    schedule.last_period = period.start
    schedule.steps += 1
    schedule.made += 1
    changes |= {name: getattr(schedule, name) for name in ("last_period", "steps", "made")}
    changes |= where_it_stands(schedule)
    RecurringInvoice.objects.filter(pk=schedule.pk).change(**changes)
    changed(schedule, "recurring_invoice.generated", actor=actor)
    if schedule.mail:
        invoice = _mailed(schedule, invoice, now=now, actor=actor)
    return invoice


def _skip_missed(schedule: RecurringInvoice, today: datetime.date) -> None:
    """Pass over all that is due but the latest."""
    following = schedule.date_after(1)
    while following is not None and following <= today:
        schedule.last_period = schedule.next_date
        schedule.steps += 1
        schedule.next_date, following = following, schedule.date_after(1)


def _content(schedule: RecurringInvoice, period: Period, *, date: datetime.date) -> dict[str, Any]:
    """What the invoice of a period says."""
    words = period.words()
    items = repeated_items(schedule)
    for item in items:
        item["description"] = filled(item["description"], words)[:DESCRIPTION_LENGTH]
    content: dict[str, Any] = {
        "customer": schedule.customer,
        "items": items,
        "date": date,
        "notes": filled(schedule.notes, words),
        **{name: getattr(schedule, name) for name in COPIED},
    }
    content["reference"] = filled(schedule.reference, words)[:REFERENCE_LENGTH]
    if schedule.payment_terms_days is not None:
        content["due_date"] = date + datetime.timedelta(days=schedule.payment_terms_days)
    return content


def _mailed(
    schedule: RecurringInvoice, invoice: Invoice, *, now: datetime.datetime, actor: Actor
) -> Invoice:
    """Mail it, if that can be done; else the schedule says why not. It is made all the same."""
    try:
        with transaction.atomic():
            mailed: Invoice = mail_document(invoice, actor=actor, now=now)
            return mailed
    except DomainError as refusal:
        said = f"{invoice.number} is made, but not mailed: {said_by(refusal)}"
        _tell(schedule, said, refusal.code, now=now, actor=actor)
        return invoice


def _tell(
    schedule: RecurringInvoice, said: str, code: str, *, now: datetime.datetime, actor: Actor
) -> None:
    RecurringInvoice.objects.filter(pk=schedule.pk).change(
        failure=said, failure_code=code, failed_at=now
    )
    changed(schedule, "recurring_invoice.failed", actor=actor)


def said_by(refusal: DomainError) -> str:
    """A refusal in one line, for people who see nothing but that."""
    if isinstance(refusal, Invalid):
        return "; ".join(f"{path}: {text}" for path, text in refusal.errors.items())
    return refusal.message
