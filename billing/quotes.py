"""What can be done with a quote."""

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from billing.currency import open_books
from billing.exchange import Rates, rates_of_change, require_currency
from billing.invoices import create_invoice
from billing.items import (
    OF_QUOTES,
    PRICING,
    built_items,
    change_prices,
    repeated_items,
    require_names_in_use,
    save_items,
    what_changes,
)
from billing.models import Invoice, Quote, QuoteItem, QuoteTax
from billing.models.quotes import QuoteStatus
from billing.parties import copied_details, copied_seller
from billing.quote_states import (
    PARTS,
    changed,
    locked,
    require_move,
    require_revision,
    store_expiry,
)
from billing.quote_versions import NOT_OFFERED, keep_version
from billing.serializers import QuoteSerializer
from billing.series import QUOTES, give_numbers
from bizsuite.errors import Forbidden, Stale
from bizsuite.events.recording import NewEvent, record_event, record_events
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from customers.customers import require_active

VALID_DAYS = 30
# What may be changed of a quote in any state: nothing that the customer has seen.
ALWAYS_CHANGEABLE = frozenset({"external_id", "metadata"})
# What an invoice takes over as it stands.
COPIED = ("reference", *PRICING)
TOTALS = ("discount", "subtotal", "tax", "amount")


@transaction.atomic
def create_quotes(new_quotes: Sequence[Mapping[str, Any]], *, actor: Actor) -> list[Quote]:
    """Make quotes, all of them or none: drafts, numbered in the year of their date.

    Each has customer and items (as invoices have), and may have date, valid_until, reference,
    currency, exchange_rate, tax_inclusive, discount_percent or discount_amount, notes,
    external_id, metadata. One whose last day is over is history that somebody loads: it is
    Expired from the start, and no quote.expired is said of it.
    """
    profile = open_books()
    today, rates = profile.today(), Rates(profile.currency)
    quotes: list[Quote] = []
    items: list[QuoteItem] = []
    taxes: list[QuoteTax] = []
    for fields in new_quotes:
        require_active(fields["customer"])
        require_names_in_use(fields["items"])
        quote = _built(fields, today, rates)
        its_items, its_taxes = built_items(OF_QUOTES, quote, fields["items"])
        quotes.append(quote)
        items += its_items
        taxes += its_taxes
    give_numbers(QUOTES, quotes, profile)
    for quote in quotes:
        quote.search_text = quote.folded_search_text()
    Quote.objects.bulk_create(quotes)
    save_items(OF_QUOTES, items, taxes)
    prefetch_related_objects(quotes, *PARTS)
    shown = QuoteSerializer(quotes, many=True, context={"today": today}).data
    record_events(
        [NewEvent("quote.created", quote, data) for quote, data in zip(quotes, shown, strict=True)],
        actor=actor,
    )
    return quotes


def create_quote(*, actor: Actor, **fields: Any) -> Quote:
    return create_quotes([fields], actor=actor)[0]


@transaction.atomic
def update_quote(
    quote: Quote,
    *,
    actor: Actor,
    if_version: int | None = None,
    today: datetime.date | None = None,
    **changes: Any,
) -> Quote:
    """Change a draft or a sent quote; of others only ALWAYS_CHANGEABLE.

    What was sent stays as it was sent: a change of it makes the next revision, a draft again until
    it is sent, and the version that the customer has is kept. A new `valid_until` alone does not;
    it revives an expired quote as what it was, which may change in the same breath. `items`, when
    given, replaces all items. What is sent as it is already changes nothing. The number stays,
    whatever year the date moves to.
    """
    quote, today = locked(quote), today or organisation().today()
    if if_version is not None and quote.version != if_version:
        raise Stale("This quote has been changed since you read it.")
    changes, items = what_changes(quote, changes)
    if not changes and items is None:
        return quote
    _require_changeable(quote, changes, items, today)
    if store_expiry(quote, actor=actor, today=today):
        quote = locked(quote)
    changes |= rates_of_change(quote, changes)
    if quote.sent_at is not None and (items is not None or not changes.keys() <= NOT_OFFERED):
        changes |= _begin_revision(quote)
    for name, value in changes.items():
        setattr(quote, name, value)
    if "customer" in changes:
        require_active(quote.customer)
    if change_prices(OF_QUOTES, quote, items, changes):
        changes |= {name: getattr(quote, name) for name in TOTALS}
    if quote.status == QuoteStatus.EXPIRED and quote.valid_until >= today:
        changes["status"] = quote.status_before_end()
    changes["search_text"] = quote.folded_search_text()
    Quote.objects.filter(pk=quote.pk).change(**changes)
    return changed(quote, "quote.updated", actor=actor, today=today)


@transaction.atomic
def delete_quote(quote: Quote, *, actor: Actor, today: datetime.date | None = None) -> None:
    """Remove a draft. What the customer may have seen stays."""
    quote, today = locked(quote), today or organisation().today()
    require_move(quote, "delete", today)
    data = QuoteSerializer(quote, context={"today": today}).data
    pk, version = quote.pk, quote.version
    quote.delete()
    quote.pk, quote.version = pk, version + 1
    record_event("quote.deleted", quote, data=data, actor=actor)


@transaction.atomic
def send_quote(quote: Quote, *, actor: Actor, today: datetime.date | None = None) -> Quote:
    """Say that the customer has a draft now, with both parties as they are today."""
    quote = locked(quote)
    return _moved(
        quote,
        "send",
        "quote.sent",
        actor,
        today,
        status=QuoteStatus.SENT,
        sent_at=timezone.now(),
        customer_details=copied_details(quote.customer),
        seller_details=copied_seller(organisation()),
    )


def accept_quote(
    quote: Quote,
    *,
    actor: Actor,
    revision: int | None = None,
    today: datetime.date | None = None,
    **answered: Any,
) -> Quote:
    """The customer said yes, in time: from then on it does not expire.

    revision: the version that they said it of; raises QuoteRevised if that is not the present one.
    answered: answered_by and answered_from, where they said so on the quote's page.
    """
    return _moved(
        quote,
        "accept",
        "quote.accepted",
        actor,
        today,
        revision,
        status=QuoteStatus.ACCEPTED,
        accepted_at=timezone.now(),
        **answered,
    )


def decline_quote(
    quote: Quote,
    *,
    actor: Actor,
    reason: str = "",
    revision: int | None = None,
    today: datetime.date | None = None,
    **answered: Any,
) -> Quote:
    """The customer said no. The rest as of `accept_quote`."""
    return _moved(
        quote,
        "decline",
        "quote.declined",
        actor,
        today,
        revision,
        status=QuoteStatus.DECLINED,
        declined_at=timezone.now(),
        decline_reason=reason,
        **answered,
    )


@transaction.atomic
def convert_quote(
    quote: Quote, *, actor: Actor, today: datetime.date | None = None
) -> tuple[Invoice, bool]:
    """Make the invoice of a quote; returns it, and whether it was made now.

    Once: afterwards the answer is the same invoice, whoever asks. It is issued, or a draft where
    the actor may not write invoices. Prices and tax rates are the quote's, not today's. Raises
    Forbidden if the actor may not read invoices, for the answer is one.
    """
    if not actor.may("read", "invoices"):
        raise Forbidden("Converting a quote needs the right to read invoices.")
    # The lock makes those who come at the same moment wait, and find the invoice of the first.
    quote, today = locked(quote), today or organisation().today()
    if quote.invoice is not None:
        return quote.invoice, False
    require_move(quote, "convert", today)
    invoice = create_invoice(
        customer=quote.customer,
        items=repeated_items(quote),
        **{name: getattr(quote, name) for name in COPIED},
        currency=quote.currency,
        exchange_rate=_rate_of_invoice(quote, today),
        notes=quote.notes,
        quote=quote,
        draft=not actor.may("write", "invoices"),
        actor=actor,
    )
    Quote.objects.filter(pk=quote.pk).change(status=QuoteStatus.CONVERTED, invoice=invoice)
    changed(quote, "quote.converted", actor=actor, today=today)
    return invoice, True


def expire_quotes(*, today: datetime.date, actor: Actor) -> int:
    """Store that quotes have expired and record quote.expired; returns of how many."""
    expired = 0
    for pk in Quote.objects.past(today).order_by("pk").values_list("pk", flat=True)[:1000]:
        with transaction.atomic():
            expired += store_expiry(Quote(pk=pk), actor=actor, today=today)
    return expired


@transaction.atomic
def _moved(
    quote: Quote,
    move: str,
    event: str,
    actor: Actor,
    today: datetime.date | None,
    revision: int | None = None,
    **changes: Any,
) -> Quote:
    quote, today = locked(quote), today or organisation().today()
    require_revision(quote, revision)
    require_move(quote, move, today)
    Quote.objects.filter(pk=quote.pk).change(**changes)
    return changed(quote, event, actor=actor, today=today)


def _begin_revision(quote: Quote) -> dict[str, Any]:
    """Keep what the customer has; returns what makes the quote a draft of its next version."""
    keep_version(quote, now=timezone.now())
    changes: dict[str, Any] = {
        "revision": quote.revision + 1,
        "sent_at": None,
        "customer_details": {},
        "seller_details": {},
    }
    if quote.status == QuoteStatus.SENT:
        changes["status"] = QuoteStatus.DRAFT
    return changes


def _rate_of_invoice(quote: Quote, today: datetime.date) -> Decimal:
    """Prices are the quote's; the rate is that of the invoice's own day, if one is known."""
    known = Rates(organisation().currency).known(quote.currency, today)
    return quote.exchange_rate if known is None else known


def _built(fields: Mapping[str, Any], today: datetime.date, rates: Rates) -> Quote:
    """A draft that is not saved yet, without its items."""
    date = fields.get("date") or today
    currency = fields.get("currency") or rates.base_currency
    require_currency(currency)
    quote = Quote(
        customer=fields["customer"],
        date=date,
        valid_until=fields.get("valid_until") or _default_end(date),
        currency=currency,
        exchange_rate=rates.rate(currency, date, fields.get("exchange_rate")),
        reference=fields.get("reference", ""),
        **{name: fields[name] for name in PRICING if name in fields},
        notes=fields.get("notes", ""),
        external_id=fields.get("external_id"),
        metadata=fields.get("metadata") or {},
    )
    quote.status = quote.status_on(today)
    return quote


def _default_end(date: datetime.date) -> datetime.date:
    try:
        return date + datetime.timedelta(days=VALID_DAYS)
    except OverflowError:
        return datetime.date.max


def _require_changeable(
    quote: Quote, changes: Mapping[str, Any], items: object, today: datetime.date
) -> None:
    if items is None and changes.keys() <= ALWAYS_CHANGEABLE:
        return
    revives = quote.status_on(today) == QuoteStatus.EXPIRED and "valid_until" in changes
    if not revives:
        require_move(quote, "update", today)
