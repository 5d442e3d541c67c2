"""What can be done with a recurring invoice. What it makes, and when: see `billing.recurring_runs`."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError, prefetch_related_objects

from billing.currency import open_books
from billing.exchange import require_currency
from billing.items import (
    OF_RECURRING,
    PRICING,
    NewItem,
    built_items,
    change_prices,
    repeated_items,
    require_names_in_use,
    save_items,
    what_changes,
)
from billing.mailing.placeholders import filled, refused_placeholders
from billing.models import Invoice, RecurringInvoice
from billing.models.recurring import RecurringStatus
from billing.periods import PLACEHOLDERS, Period
from billing.recurrence import MONTHS, Rhythm
from billing.serializers import RecurringInvoiceSerializer
from bizsuite.errors import Conflict, Forbidden, Invalid, Stale
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import Organisation
from bizsuite.records import lock
from customers.customers import require_active

TOTALS = ("discount", "subtotal", "tax", "amount")
PARTS = ("items__product", "items__category", "taxes")
# What an invoice takes over as it stands.
COPIED = ("currency", "reference", *PRICING)
DESCRIPTION_LENGTH, REFERENCE_LENGTH = 500, 100
# No month has a longer name, and no day more digits.
WIDE_PERIOD = Period(datetime.date(2024, 9, 29), datetime.date(2024, 10, 28))
# What may be changed of one that has ended.
ALWAYS_CHANGEABLE = frozenset({"external_id", "metadata"})
MOVES: dict[str, tuple[str, ...]] = {
    RecurringStatus.ACTIVE: ("update", "run", "pause", "end"),
    RecurringStatus.PAUSED: ("update", "resume", "end"),
    RecurringStatus.ENDED: (),
}
DONE = {
    "update": "changed",
    "run": "run",
    "pause": "paused",
    "resume": "resumed",
    "end": "ended",
}


class RecurringMoveRefused(Conflict):
    code = "recurring_move_refused"


class RecurringInvoiceUsed(Conflict):
    code = "recurring_invoice_used"


@transaction.atomic
def create_recurring_invoice(
    *, actor: Actor, invoice: Invoice | None = None, **fields: Any
) -> RecurringInvoice:
    """Write a schedule by which invoices are made from its start on.

    It has customer, interval and items (as invoices have), and may have every, start_date (today),
    end_date or count, payment_terms_days, draft, mail, catch_up, reference, tax_inclusive,
    discount_percent or discount_amount, notes, external_id, metadata. With an `invoice` it repeats
    that one: customer, items and prices are its, unless others are given, and it starts with the
    first period after it that is not over yet.
    """
    profile = open_books()
    _require_right(actor)
    if invoice is not None:
        fields = _repeated(invoice, fields, profile)
    require_active(fields["customer"])
    schedule = _built(fields, profile)
    _require_sense(schedule, fields["items"])
    if schedule.next_date is None:
        raise Invalid({"start_date": "Is so late that no invoice would ever be made"})
    require_names_in_use(fields["items"])
    items, taxes = built_items(OF_RECURRING, schedule, fields["items"])
    schedule.search_text = schedule.folded_search_text(item.description for item in items)
    schedule.save(force_insert=True)
    save_items(OF_RECURRING, items, taxes)
    return changed(schedule, "recurring_invoice.created", actor=actor)


@transaction.atomic
def update_recurring_invoice(
    schedule: RecurringInvoice, *, actor: Actor, if_version: int | None = None, **changes: Any
) -> RecurringInvoice:
    """Change what is made from the next period on; invoices that are there stay as they are.

    A new interval goes on from the next date, a new start_date starts anew there. What is sent as
    it is already changes nothing. Raises RecurringMoveRefused for one that has ended.
    """
    schedule = locked(schedule)
    if if_version is not None and schedule.version != if_version:
        raise Stale("This recurring invoice has been changed since you read it.")
    changes, items = what_changes(schedule, changes)
    if not changes and items is None:
        return schedule
    if items is not None or not changes.keys() <= ALWAYS_CHANGEABLE:
        _require_right(actor)
        require_move(schedule, "update")
    changes = _anchored(schedule, changes)
    for name, value in changes.items():
        setattr(schedule, name, value)
    require_currency(schedule.currency)
    if "customer" in changes:
        require_active(schedule.customer)
    said = repeated_items(schedule) if items is None else items
    _require_sense(schedule, said)
    if change_prices(OF_RECURRING, schedule, items, changes):
        changes |= {name: getattr(schedule, name) for name in TOTALS}
    changes |= where_it_stands(schedule)
    changes["search_text"] = schedule.folded_search_text(item["description"] for item in said)
    RecurringInvoice.objects.filter(pk=schedule.pk).change(**changes)
    return changed(schedule, "recurring_invoice.updated", actor=actor)


@transaction.atomic
def delete_recurring_invoice(schedule: RecurringInvoice, *, actor: Actor) -> None:
    """Remove one that no invoice came of. Others are ended: their invoices refer to them."""
    schedule = locked(schedule)
    data, pk, version = RecurringInvoiceSerializer(schedule).data, schedule.pk, schedule.version
    try:
        schedule.delete()
    except ProtectedError:
        raise RecurringInvoiceUsed(
            f"Invoices were made by recurring invoice {pk}: it can be ended, and stays with them.",
            allowed=allowed_moves(schedule),
        ) from None
    schedule.pk, schedule.version = pk, version + 1
    record_event("recurring_invoice.deleted", schedule, data=data, actor=actor)


def pause_recurring_invoice(schedule: RecurringInvoice, *, actor: Actor) -> RecurringInvoice:
    """Make no invoices until it is resumed."""
    return _moved(schedule, "pause", actor, status=RecurringStatus.PAUSED)


def end_recurring_invoice(schedule: RecurringInvoice, *, actor: Actor) -> RecurringInvoice:
    """Make no more invoices, for good."""
    return _moved(
        schedule, "end", actor, status=RecurringStatus.ENDED, next_date=None, **NO_FAILURE
    )


NO_FAILURE: dict[str, Any] = {"failure": "", "failure_code": "", "failed_at": None}


@transaction.atomic
def resume_recurring_invoice(
    schedule: RecurringInvoice, *, today: datetime.date, actor: Actor, make_missed: bool = False
) -> RecurringInvoice:
    """Go on after a pause, with the first period that begins today or later.

    make_missed: with the first that was missed instead; what is due then follows its catch_up.
    """
    _require_right(actor)
    schedule = locked(schedule)
    require_move(schedule, "resume")
    schedule.status = RecurringStatus.ACTIVE
    changes: dict[str, Any] = {"status": schedule.status}
    if not make_missed:
        changes |= passed_over(schedule, until=today)
    changes |= where_it_stands(schedule)
    RecurringInvoice.objects.filter(pk=schedule.pk).change(**changes)
    return changed(schedule, "recurring_invoice.resumed", actor=actor)


def allowed_moves(schedule: RecurringInvoice) -> list[str]:
    """What this schedule's state allows to be done with it."""
    moves = list(MOVES[schedule.status])
    return moves if schedule.made else [*moves, "delete"]


def require_move(schedule: RecurringInvoice, move: str) -> None:
    """Raises RecurringMoveRefused where the state does not allow `move`."""
    if move not in MOVES[schedule.status]:
        raise RecurringMoveRefused(
            f"Recurring invoice {schedule.pk} is {schedule.status} and cannot be {DONE[move]}.",
            allowed=allowed_moves(schedule),
        )


def locked(schedule: RecurringInvoice) -> RecurringInvoice:
    """The schedule and its parts as they are now, held until the transaction ends."""
    lock(schedule)
    prefetch_related_objects([schedule], "customer", *PARTS)
    return schedule


def changed(schedule: RecurringInvoice, event: str, *, actor: Actor) -> RecurringInvoice:
    """The schedule as it is after a change, with the event that says so."""
    schedule = locked(schedule)
    record_event(event, schedule, data=RecurringInvoiceSerializer(schedule).data, actor=actor)
    return schedule


def passed_over(schedule: RecurringInvoice, *, until: datetime.date) -> dict[str, Any]:
    """Go on to the first period that begins on `until` or later; returns what changed, unsaved."""
    while schedule.next_date is not None and schedule.next_date < until:
        schedule.last_period = schedule.next_date
        schedule.steps += 1
        schedule.next_date = schedule.rhythm.date_of(schedule.steps)
    return {"steps": schedule.steps, "last_period": schedule.last_period}


def where_it_stands(schedule: RecurringInvoice) -> dict[str, Any]:
    """Set what follows from its rhythm and its end: the next date, or that it has ended."""
    schedule.next_date = next(schedule.upcoming(), None)
    if schedule.next_date is None:
        schedule.status = RecurringStatus.ENDED
    return {"next_date": schedule.next_date, "status": schedule.status}


@transaction.atomic
def _moved(schedule: RecurringInvoice, move: str, actor: Actor, **changes: Any) -> RecurringInvoice:
    schedule = locked(schedule)
    require_move(schedule, move)
    RecurringInvoice.objects.filter(pk=schedule.pk).change(**changes)
    return changed(schedule, f"recurring_invoice.{DONE[move]}", actor=actor)


def _built(fields: Mapping[str, Any], profile: Organisation) -> RecurringInvoice:
    """A schedule that is not saved yet, without its items."""
    start = fields.get("start_date") or profile.today()
    given = {name: value for name, value in fields.items() if name not in ("items", "start_date")}
    schedule = RecurringInvoice(
        start_date=start,
        next_date=start,
        **{"anchor_day": start.day, "currency": profile.currency} | given,
    )
    require_currency(schedule.currency)
    where_it_stands(schedule)
    return schedule


def _repeated(invoice: Invoice, given: Mapping[str, Any], profile: Organisation) -> dict[str, Any]:
    """The fields of a schedule that repeats an invoice from its next period on."""
    prefetch_related_objects([invoice], "customer", *PARTS)
    fields: dict[str, Any] = {
        "customer": invoice.customer,
        "items": repeated_items(invoice),
        "notes": invoice.notes,
        **{name: getattr(invoice, name) for name in COPIED},
        **given,
    }
    if "start_date" not in given:
        rhythm = Rhythm(invoice.date, fields["interval"], fields.get("every", 1), invoice.date.day)
        steps, start = 1, rhythm.date_of(1)
        while start is not None and start < profile.today():
            steps += 1
            start = rhythm.date_of(steps)
        fields |= {"start_date": start or profile.today(), "anchor_day": invoice.date.day}
    return fields


def _anchored(schedule: RecurringInvoice, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes, with what a new rhythm or start means for the dates to come."""
    start = changes.get("start_date")
    if start is not None:
        last = schedule.last_period
        if last is not None and start <= last:
            raise Invalid({"start_date": f"Must be after {last}, the last period that is done"})
        return changes | {"steps": 0, "anchor_day": start.day}
    if not changes.keys() & {"interval", "every"} or schedule.next_date is None:
        return changes
    by_months = {schedule.interval, changes.get("interval", schedule.interval)} <= MONTHS.keys()
    day = schedule.anchor_day if by_months else schedule.next_date.day
    return changes | {"start_date": schedule.next_date, "steps": 0, "anchor_day": day}


def _require_sense(schedule: RecurringInvoice, items: Sequence[NewItem]) -> None:
    """Raises Invalid where what it says does not go together, or no placeholder is meant."""
    errors: dict[str, str] = {}
    if schedule.end_date is not None and schedule.count is not None:
        errors["count"] = "Give end_date or count, not both"
    elif schedule.end_date is not None and schedule.end_date < schedule.start_date:
        errors["end_date"] = f"Must not be before {schedule.start_date}, the first date"
    elif schedule.count is not None and schedule.count < schedule.made:
        errors["count"] = f"{schedule.made} invoices have been made already"
    if schedule.draft and schedule.mail:
        errors["mail"] = "A draft is not mailed; make them drafts or mail them"
    texts = [
        ("notes", schedule.notes, None),
        ("reference", schedule.reference, REFERENCE_LENGTH),
        *(
            (f"items.{index}.description", item["description"], DESCRIPTION_LENGTH)
            for index, item in enumerate(items)
        ),
    ]
    for path, text, longest in texts:
        if said := _mistake_in(text, longest):
            errors[path] = said
    if errors:
        raise Invalid(errors)


def _mistake_in(text: str, longest: int | None) -> str:
    """What is wrong with a text's placeholders, or ""; longest: what it may come to with them."""
    refused = refused_placeholders(text, PLACEHOLDERS)
    if not refused:
        too_long = longest is not None and len(filled(text, WIDE_PERIOD.words())) > longest
        return f"Becomes longer than {longest} characters once it is filled in" if too_long else ""
    known = ", ".join(f"{{{{ {name} }}}}" for name in PLACEHOLDERS)
    return f"There is no placeholder {refused[0]}; there are {known}"


def _require_right(actor: Actor) -> None:
    if not actor.may("write", "invoices"):
        raise Forbidden("A recurring invoice makes invoices: it needs the right to write them.")
