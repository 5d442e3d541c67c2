"""Looking at the books, as the tests of billing do."""

from decimal import Decimal

from django.db import connection
from django.db.models import Sum

from billing.book_checks import CHECKS
from billing.models import Account, Posting
from billing.models.ledger import Basis, Ledger
from bizsuite.events.models import Event
from bizsuite.exact_json import decode


def findings() -> list[str]:
    """What `check_books` would say."""
    return [finding for check in CHECKS for finding in check()]


def booked(ledger: Ledger, *bases: Basis, **filters: object) -> Decimal:
    """What is in a ledger; on both bases and the ones named, or on all when none is."""
    rows = Posting.objects.filter(ledger=ledger, **filters)
    if bases:
        rows = rows.filter(basis__in=(Basis.BOTH, *bases))
    return rows.aggregate(sum=Sum("amount", default=Decimal(0)))["sum"]


def in_account(account_id: int = 1) -> Decimal:
    return Account.objects.get(pk=account_id).balance


def event_types(after: int = 0) -> list[str]:
    """The events recorded since the one with this id, in order."""
    return list(Event.objects.filter(pk__gt=after).order_by("pk").values_list("type", flat=True))


def last_event_id() -> int:
    return Event.objects.order_by("pk").values_list("pk", flat=True).last() or 0


def payload(event: Event) -> object:
    return decode(event.payload.encode())


def tamper(*statements: str) -> None:
    """Change rows behind the product's back."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
