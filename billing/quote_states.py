"""What a quote's state allows, and the moves that do not begin with the quote itself."""

import datetime

from django.db.models import Prefetch, prefetch_related_objects

from billing.models import Invoice, Quote, QuoteItem
from billing.models.quotes import QuoteStatus
from billing.serializers import QuoteSerializer
from bizsuite.errors import Conflict
from bizsuite.events.recording import record_event
from bizsuite.identity.actors import Actor
from bizsuite.identity.models import organisation
from bizsuite.records import lock

MOVES: dict[str, tuple[str, ...]] = {
    QuoteStatus.DRAFT: ("update", "send", "accept", "decline", "convert", "delete"),
    QuoteStatus.SENT: ("update", "accept", "decline", "convert"),
    QuoteStatus.ACCEPTED: ("convert",),
    QuoteStatus.DECLINED: (),
    QuoteStatus.EXPIRED: ("update",),  # of valid_until, which revives it
    QuoteStatus.CONVERTED: (),
}
DONE = {
    "update": "changed",
    "send": "sent",
    "accept": "accepted",
    "decline": "declined",
    "convert": "converted",
    "delete": "deleted",
}
# The records that items name are joined, not prefetched: see `billing.invoices`.
PARTS = (Prefetch("items", QuoteItem.objects.select_related("product", "category")), "taxes")


class QuoteMoveRefused(Conflict):
    code = "quote_move_refused"


class QuoteExpired(Conflict):
    code = "quote_expired"


class QuoteRevised(Conflict):
    code = "quote_revised"


def allowed_moves(quote: Quote, today: datetime.date) -> list[str]:
    """What this quote's state allows to be done with it."""
    return moves_from(quote.status_on(today), revision=quote.revision)


def moves_from(status: str, *, revision: int) -> list[str]:
    """What can be done with a quote of this status. Of a revised one the customer has a version."""
    return [move for move in MOVES[status] if move != "delete" or revision == 1]


def require_revision(quote: Quote, revision: int | None) -> None:
    """Raises QuoteRevised if an answer is about another version than the present one."""
    if revision is not None and revision != quote.revision:
        raise QuoteRevised(
            f"Quote {quote.number} has been revised: the answer is about version {revision}, and it"
            f" is at version {quote.revision}.",
        )


def require_move(quote: Quote, move: str, today: datetime.date) -> None:
    """Raises QuoteExpired or QuoteMoveRefused where the state does not allow `move`."""
    allowed = allowed_moves(quote, today)
    status = quote.status_on(today)
    if status == QuoteStatus.EXPIRED:
        raise QuoteExpired(
            f"Quote {quote.number} was valid until {quote.valid_until}; give it a new valid_until"
            f" before it is {DONE[move]}.",
            allowed=allowed,
        )
    if move not in allowed:
        raise QuoteMoveRefused(
            f"Quote {quote.number} is {status.value} and cannot be {DONE[move]}.", allowed=allowed
        )


def locked(quote: Quote) -> Quote:
    """The quote and its parts as they are now, held until the transaction ends."""
    lock(quote)
    prefetch_related_objects([quote], "customer", "invoice", *PARTS)
    return quote


def changed(quote: Quote, event: str, *, actor: Actor, today: datetime.date) -> Quote:
    """The quote as it is after a change, with the event that says so."""
    quote = locked(quote)
    data = QuoteSerializer(quote, context={"today": today}).data
    record_event(event, quote, data=data, actor=actor)
    return quote


def store_expiry(quote: Quote, *, actor: Actor, today: datetime.date) -> bool:
    """Write down that a quote has expired, and say so; False if there is nothing to write.

    Looked at again in the update itself, so that of several at once one says it.
    """
    past = Quote.objects.past(today).filter(pk=quote.pk)
    if not past.change(status=QuoteStatus.EXPIRED):
        return False
    changed(quote, "quote.expired", actor=actor, today=today)
    return True


def reopen_quote_of(invoice: Invoice, *, actor: Actor) -> None:
    """Before a draft is deleted: the quote that became it is what it was before."""
    quote = Quote.objects.filter(invoice=invoice).first()
    if quote is not None:
        Quote.objects.filter(pk=quote.pk).change(invoice=None, status=quote.status_before_end())
        changed(quote, "quote.updated", actor=actor, today=organisation().today())
